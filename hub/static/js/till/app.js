/* The till: articles, basket, pass, payment, what was sold, the end of the day. Works by keyboard; a scanner types. */
import { isCode } from "./code.js";
import { Away, Hub, Refused } from "./hub.js";
import { button, cents, euro, fill, find, lang, make, page, twice, words } from "./parts.js";
import { showSales } from "./sold.js";
import { open } from "./store.js";

const name = page.dataset.till, EVERY_MS = 5000, SYNC_MS = 30_000;

let store, hub, town = null, articles = new Map(), basket = new Map(), guest = null, synced = 0, closing = null;

/* ---- what is said ---- */
function say(lines, receipt) {
  find("fehler").hidden = true;
  find("gesagt").replaceChildren(...[lines].flat().map((text) => make("p", { text })), ...(receipt ? [make("p", {}, make("a", { href: `/kasse/beleg/${receipt}`, target: "_blank", text: words.receipt }))] : []));
  find("gesagt").scrollIntoView({ block: "nearest" });
}

function complain(problem) {
  const text = problem instanceof Refused ? problem.text || words[problem.reason] || words.failed : words.failed;
  find("gesagt").replaceChildren();
  find("fehler-text").textContent = text;
  find("fehler").hidden = false;
  if (["pass", "needsPass"].includes(problem.reason)) find("code").focus();
  find("fehler").scrollIntoView({ block: "nearest" });
  if ((problem.reason === "wrongKey" || problem.reason === "blocked") && !find("kasse").hidden) setup(text);
}

/* Runs one thing at a time, so that two clicks are one. */
let busy = false;
async function doing(work) {
  if (busy) return;
  busy = true;
  find("fehler").hidden = true;  // what was wrong before is not wrong with this
  page.setAttribute("aria-busy", "true");
  try { await work(); } catch (problem) { complain(problem); } finally { busy = false; page.removeAttribute("aria-busy"); await showState(); }
}

/* ---- articles and basket ---- */
function showArticles() {
  articles = new Map(town.articles.map((one) => [one.id, one]));
  find("artikel").replaceChildren(...town.groups.map((group) => {
    const own = town.articles.filter((one) => one.group === group.id), label = `gruppe-${group.id}`;
    return make("section", { "aria-labelledby": label }, make("h3", { id: label, text: group.title }), make("div", { class: "ka-artikel" }, ...own.map(articleButton)));
  }));
}

function articleButton(one) {
  const price = one.cents === null ? "…" : one.cents ? euro(one.cents) : words.free;
  const title = make("span", { class: "ka-titel", text: one.title }), cost = make("span", { class: "sk-num", text: price });
  if (one.assumed) cost.append(make("small", { text: ` (${words.assumed})` }));
  return make("button", { type: "button", class: "ka-knopf", "data-article": one.id, on: () => choose(one) }, title, cost);
}

function choose(one) {
  if (one.cents !== null) { add(one.id, one.cents); return; }
  const form = find("preis");
  form.hidden = false;
  form.dataset.article = one.id;
  find("preis-titel").textContent = one.title;
  find("preis-feld").value = "";
  find("preis-feld").focus();
}

function add(id, cents) {
  const key = `${id} ${cents}`, line = basket.get(key) || { article: id, cents, count: 0 };
  basket.set(key, { ...line, count: Math.min(50, line.count + 1) });
  showBasket();
}

function change(key, by) {
  const line = basket.get(key), count = Math.min(50, line.count + by);
  if (count > 0) basket.set(key, { ...line, count });
  else basket.delete(key);
  showBasket();
  const again = document.querySelector(`[data-line="${key}"] button`);
  (again || find("korb-kopf")).focus();
}

const total = () => [...basket.values()].reduce((sum, line) => sum + line.count * line.cents, 0);

function showBasket() {
  find("korb").replaceChildren(...[...basket].map(([key, line]) => {
    const { title } = articles.get(line.article);
    const less = make("button", { type: "button", class: "ka-mal", "aria-label": `${words.less}: ${title}`, text: "−", on: () => change(key, -1) });
    const more = make("button", { type: "button", class: "ka-mal", "aria-label": `${words.more}: ${title}`, text: "+", on: () => change(key, 1) });
    return make("li", { "data-line": key }, make("span", { class: "ka-titel", text: title }), less, make("b", { class: "sk-num", text: String(line.count) }), more, make("span", { class: "sk-num ka-betrag", text: euro(line.count * line.cents) }));
  }));
  find("korb-leer").hidden = basket.size > 0;
  find("summe").textContent = find("eil").textContent = euro(total());
  find("bar").disabled = find("mit-pass").disabled = !basket.size;
  showChange();
}

function showChange() {
  const given = cents(find("gegeben").value), left = given === null ? 0 : given - total();
  find("rueckgeld").textContent = given === null || !basket.size ? "" : left >= 0 ? fill(words.change, { sum: euro(left) }) : fill(words.missing, { sum: euro(-left) });
}

/* ---- the pass ---- */
async function scan(code) {
  forgetGuest();
  if (!isCode(code)) throw new Refused("token");
  try {
    guest = { code, ...(await hub.call("POST", "/scans", { code })) };
  } catch (problem) {
    if (!(problem instanceof Away)) throw problem;
    const reason = await hub.judge(code);
    if (reason) throw new Refused(reason);
    guest = { code, name: "", tickets: [] };
  }
  showGuest();
}

function forgetGuest() {
  guest = null;
  find("code").value = "";
  showGuest();
}

function showGuest() {
  find("gast").hidden = !guest;
  if (!guest) return;
  find("gast-name").textContent = guest.name ? fill(words.guest, { name: guest.name }) : words.guestAlone;
  find("karten").replaceChildren(...guest.tickets.map(ticketLine));
  find("karten-keine").hidden = guest.tickets.length > 0 || !guest.name;
  find("parken").hidden = !town.parking || !guest.name;
}

function ticketLine(one) {
  const left = one.left === null ? words.endless : fill(words.left, { n: one.left });
  const until = one.last ? `, ${fill(words.until, { day: new Date(`${one.last}T12:00`).toLocaleDateString(lang === "de" ? "de-DE" : "en-GB") })}` : "";
  const facts = make("span", {}, make("b", { text: one.title }), make("small", { text: one.text || left + until }));
  return make("li", {}, facts, ...(one.problem ? [] : [button(words.enter, () => doing(() => enter(one)), "primary")]));
}

async function enter(ticket) {
  const { code } = guest, answer = await hub.call("POST", "/redemptions", { key: crypto.randomUUID(), code, ticket: ticket.id });
  const left = answer.ticket.left === null ? "" : `, ${fill(words.left, { n: answer.ticket.left })}`;
  forgetGuest();
  say([fill(words.entered, { title: answer.ticket.title }) + left, ...parkingLines(answer.parking)]);
}

function parkingLines(found) {
  const fresh = found.filter((one) => one.new);
  const told = (fresh.length ? fresh : found).map((one) => {
    if (!one.new) return fill(words.parkingKnown, one);
    return one.cents === null ? fill(words.parkingLater, one) : fill(words.parkingDone, { site: one.site, sum: euro(one.cents) });
  });
  return [...new Set(told)];
}

async function refundParking() {
  const { parking } = await hub.call("POST", "/parking-refunds", { code: guest.code });
  say(parking.length ? parkingLines(parking) : words.parkingNone);
}

/* ---- selling ---- */
let started = null;  // the sale whose outcome nobody knows keeps its number

async function sell(way) {
  if (!basket.size) return;
  if (way === "wallet" && !guest) throw new Refused("needsPass");
  const lines = [...basket.values()], content = JSON.stringify([way, guest && guest.code, lines]);
  if (!started || started.content !== content) started = { content, number: crypto.randomUUID() };
  const sale = { number: started.number, way, code: guest ? guest.code : "", lines, cents: total() };
  const sum = euro(sale.cents), told = fill(words.sold, { sum, way: words[way] });
  try {
    const answer = await hub.call("POST", "/sales", sale);
    done();
    say([told, ...parkingLines(answer.parking)], answer.sale.receipt);
  } catch (problem) {
    if (!(problem instanceof Away)) throw problem;
    await hub.keep(sale, articles);
    done();
    say([told, words.kept]);
  }
}

function done() {
  started = null;
  basket = new Map();
  find("gegeben").value = "";
  forgetGuest();
  showBasket();
  find("korb-kopf").focus({ preventScroll: true });  // what is said then scrolls itself into view
}

async function closeDay() {
  closing = closing || crypto.randomUUID();
  const made = await hub.call("POST", "/closings", { key: closing }).catch((problem) => { if (problem instanceof Refused) closing = null; throw problem; });
  closing = null;
  say(fill(words.closed, { n: made.number, sum: euro(made.gross) }));
  find("gesagt").append(make("p", {}, make("a", { href: `/kasse/${name}/abschluss/${made.number}`, text: `${words.receipt} ${made.number}` })));
  await showSales(hub, doing);
}

/* ---- connection ---- */
async function showState() {
  if (!store || find("kasse").hidden) return;
  const waiting = await store.all("offers"), problems = await store.all("problems");
  find("netz").textContent = hub.isOnline ? words.online : words.offline;
  find("netz").className = `sk-pille sk-pille--${hub.isOnline ? "frei" : "unbekannt"}`;
  find("wartet").textContent = !waiting.length ? "" : waiting.length === 1 ? words.waitingOne : fill(words.waiting, { n: waiting.length });
  find("probleme").replaceChildren(...problems.map((one) => make("li", { text: `${fill({ open: words.openOffer, paid: words.lateOffer }[one.state] || words.refusedOffer, { n: one.number.slice(0, 8), text: one.text })} ${euro(one.cents)}` })));
  find("probleme-karte").hidden = !problems.length;
}

async function beat() {
  try {
    while (await hub.send()) { /* until nothing waits; a till that is blocked may still do this */ }
    if (Date.now() - synced > SYNC_MS || !hub.isOnline) {
      town = await hub.sync();
      synced = Date.now();
      if (!articles.size) { showArticles(); showBasket(); }
    }
  } catch (problem) {
    if (problem instanceof Refused) complain(problem);
  }
  await showState();
}

/* ---- beginning ---- */
function setup(problem) {
  find("schluessel-karte").hidden = false;
  find("kasse").hidden = true;
  find("netz").textContent = words.notSetUp;
  find("netz").className = "sk-pille sk-pille--unbekannt";
  find("schluessel-fehler").textContent = problem || "";
  find("schluessel").setAttribute("aria-invalid", String(Boolean(problem)));
  find("schluessel").focus();
}

async function start(key) {
  hub = new Hub(store, key);
  hub.offset = (await store.get("facts", "offset")) || 0;
  town = await store.get("facts", "town");
  if (!town) {
    try { town = await hub.sync(); } catch (problem) { setup(words[problem.reason] || words.failed); return; }
    if (town.till !== name) { setup(fill(words.otherTill, { name: town.till })); await store.write(["facts"], (facts) => facts.clear()); return; }
    await store.put("facts", key, "key");
  }
  find("schluessel-karte").hidden = true;
  find("kasse").hidden = false;
  showArticles();
  showBasket();
  await beat();
  setInterval(() => { if (!busy) beat(); }, EVERY_MS);
  window.addEventListener("online", () => beat());
}

function listen() {
  find("schluessel-form").addEventListener("submit", (event) => { event.preventDefault(); start(find("schluessel").value.trim()); });
  find("scan").addEventListener("submit", (event) => { event.preventDefault(); const code = find("code").value.replace(/\s/g, ""); doing(() => scan(code)); });
  find("gast-weg").addEventListener("click", forgetGuest);
  find("parken").addEventListener("click", () => doing(refundParking));
  find("bar").addEventListener("click", () => doing(() => sell("cash")));
  find("mit-pass").addEventListener("click", () => doing(() => sell("wallet")));
  find("leeren").addEventListener("click", done);
  find("gegeben").addEventListener("input", showChange);
  find("preis").addEventListener("submit", (event) => {
    event.preventDefault();
    const price = cents(find("preis-feld").value), { article } = find("preis").dataset;
    if (!price || price > 20_000) { complain(new Refused("amount", words.amount)); return; }
    find("preis").hidden = true;
    add(article, price);
    document.querySelector(`[data-article="${article}"]`).focus();
  });
  find("preis-zu").addEventListener("click", () => { find("preis").hidden = true; });
  find("mehr").addEventListener("toggle", () => { if (find("mehr").open) doing(() => showSales(hub, doing)); });
  find("abschluss").replaceWith(Object.assign(twice(find("abschluss").textContent.trim(), () => doing(closeDay), words.sureClose, "secondary"), { id: "abschluss" }));
  find("probleme-weg").addEventListener("click", async () => { await store.write(["problems"], (problems) => problems.clear()); await showState(); });
  // a scanner types wherever the cursor stands
  document.addEventListener("keydown", (event) => {
    if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName) && !find("kasse").hidden) find("code").focus();
  });
  camera();
}

/* The camera, where the browser reads QR codes by itself. */
function camera() {
  const start = find("kamera"), video = find("bild"), label = start.firstElementChild, calm = label.textContent;
  let isOn = false;
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  start.hidden = false;
  const look = async () => {
    let stream;
    try { stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }); } catch { throw new Refused("noCamera", words.noCamera); }
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    try {
      isOn = true;
      label.textContent = words.cameraOff;
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      for (const end = Date.now() + 30_000; isOn && Date.now() < end;) {
        const code = (await detector.detect(video)).map((one) => one.rawValue).find(isCode);
        if (code) { await scan(code); return; }
        await new Promise((resolve) => { setTimeout(resolve, 150); });
      }
      if (isOn) throw new Refused("token");
    } finally {
      isOn = false;
      label.textContent = calm;
      stream.getTracks().forEach((track) => track.stop());
      video.hidden = true;
    }
  };
  start.addEventListener("click", () => { if (isOn) isOn = false; else doing(look); });
}

store = await open(name);
listen();
const kept = await store.get("facts", "key"), given = new URLSearchParams(location.hash.slice(1)).get("schluessel");
if (given) history.replaceState(null, "", location.pathname);
if (kept || given) await start(kept || given);
else setup();
