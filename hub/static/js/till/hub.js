/* Speaks to the hub; what cannot be said now is signed, kept and said later. */
import { problem, read, textOf } from "./code.js";

const BASE = "/api/till/v1", PATIENCE_MS = 8000, AT_ONCE = 20;
const OFFER = new TextEncoder().encode("stadtknoten offer 1\0");

export class Away extends Error {}

export class Refused extends Error {
  constructor(reason, text) { super(text || reason); this.reason = reason; this.text = text; }
}

export class Hub {
  constructor(store, key) {
    this.store = store;
    this.key = key;
    this.offset = 0;
    this.isOnline = false;
  }

  /* This moment by the hub's clock, as well as the till knows it. */
  now() { return Date.now() + this.offset; }

  /* Away when nobody answers, Refused when the answer is no. */
  async call(method, path, body) {
    let answer;
    try {
      answer = await fetch(BASE + path, {
        method,
        headers: { Authorization: `Bearer ${this.key}`, ...(body ? { "Content-Type": "application/json" } : {}) },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
    } catch { answer = null; }
    this.isOnline = answer !== null && answer.status < 500;
    if (!this.isOnline) throw new Away();
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return found;
    if (answer.status === 401) throw new Refused("wrongKey");
    if (answer.status === 403) throw new Refused("blocked");
    throw new Refused(found.error, found.text);
  }

  /* Articles, limits, clock and keys of phones. */
  async sync() {
    let after = (await this.store.get("facts", "after")) || 0;
    const since = (await this.store.get("facts", "synced")) || 0, began = Date.now();
    let found;
    do {
      found = await this.call("GET", `/sync?after=${after}&since=${Math.max(0, since - 120_000)}`);
      if (found.devices.length) after = found.devices[found.devices.length - 1].number;
      const { devices, ended, ...facts } = found;
      await this.store.write(["devices", "facts"], (phones, places) => {
        devices.forEach((one) => phones.put(one));
        ended.forEach((id) => phones.delete(id));
        places.put(after, "after");
        places.put(facts, "town");
      });
    } while (found.more);
    this.offset = found.now - Math.round((began + Date.now()) / 2);
    await this.store.write(["facts"], (places) => { places.put(found.now, "synced"); places.put(this.offset, "offset"); });
    if (!found.has_key) await this.introduce();
    else if (!(await this.store.get("facts", "pair"))) await this.store.put("facts", true, "elsewhere");
    return this.store.get("facts", "town");
  }

  async introduce() {
    const pair = await this.pair();
    await this.call("POST", "/key", { key: textOf(await crypto.subtle.exportKey("raw", pair.publicKey)) });
  }

  async pair() {
    const kept = await this.store.get("facts", "pair");
    if (kept) return kept;
    const made = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    await this.store.put("facts", made, "pair");
    return made;
  }

  /* Whether a code may be used now without a connection; "" or why not. */
  async judge(code) {
    const town = await this.store.get("facts", "town"), synced = (await this.store.get("facts", "synced")) || 0;
    if (!town || this.now() - synced > town.offline.hours * 3_600_000) return "old";
    const token = read(code), keys = async (id) => ((await this.store.get("devices", id)) || {}).key;
    return (await problem(token, this.now(), keys, town.hub_key)) || ((await this.store.get("used", token.id)) ? "replay" : "");
  }

  /* Keeps a sale until the hub has it; Refused when it is none that may wait. */
  async keep(sale, articles) {
    if (await this.store.get("facts", "elsewhere")) throw new Refused("elsewhere");
    const town = await this.store.get("facts", "town"), waiting = (await this.store.all("offers")).filter((one) => one.way === "wallet");
    if (sale.lines.some((line) => articles.get(line.article).ticket)) throw new Refused("ticketAlone");
    const token = sale.way === "wallet" ? read(sale.code) : null;
    if (sale.way === "wallet") {
      const reason = await this.judge(sale.code);
      if (reason) throw new Refused(reason);
      const sum = (some) => some.reduce((total, one) => total + one.cents, sale.cents);
      const holder = token.key + token.who;
      if (sum(waiting.filter((one) => one.holder === holder)) > town.offline.per_pass || sum(waiting) > town.offline.per_till) throw new Refused("limit");
    }
    const lines = sale.lines.map((line) => [line.article, line.count, line.cents]);
    const body = JSON.stringify({ number: sale.number, at: this.now(), way: sale.way, code: sale.code, lines, cents: sale.cents });
    const signed = new Uint8Array([...OFFER, ...new TextEncoder().encode(body)]);
    const signature = textOf(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, (await this.pair()).privateKey, signed));
    const offer = { number: sale.number, body, signature, cents: sale.cents, way: sale.way, holder: token ? token.key + token.who : "", at: this.now() };
    await this.store.write(["offers", "used"], (offers, used) => {
      offers.put(offer);
      if (token) used.put(offer.at, token.id);
    });
  }

  /* Sends what waits; how many the hub has taken in. An offer goes only when the hub has answered about it. */
  async send() {
    const waiting = (await this.store.all("offers")).sort((one, other) => one.at - other.at).slice(0, AT_ONCE);
    if (!waiting.length) return 0;
    const offers = waiting.map(({ body, signature }) => ({ body, signature }));
    const { results } = await this.call("POST", "/sync", { clock: this.now(), offers });
    await this.store.write(["offers", "problems"], (kept, problems) => {
      results.forEach((one, at) => {
        if (one.state === "refused" || one.state === "open" || one.reason === "hours") problems.put({ ...one, number: waiting[at].number, cents: waiting[at].cents });
        kept.delete(waiting[at].number);
      });
    });
    return results.length;
  }
}
