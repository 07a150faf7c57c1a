/* The wardens' page. With a network the hub answers; without one the phone does, from a list of digests that it keeps
   for some hours. The list's key is kept as one that scripts can use but not read, and goes with the list.
   What it answered then waits here and is sent once: the hub knows each check by its number. */
"use strict";
(() => {
  const page = document.getElementById("kontrolle"), form = document.getElementById("pruefen"), answer = document.getElementById("antwort");
  const words = page.dataset, lang = document.documentElement.lang, me = Number(words.me);
  const message = page.querySelector("[data-nachricht]"), field = form.elements.plate, site = form.elements.platz;
  const WAIT_MS = 6000, LIST_MS = 5 * 60 * 1000, SITE = "sk-kontrolle-platz", MANY = 50;
  let list = null, sending = false;

  /* The phone's own store: the newest list, and checks that the hub has not got yet. */
  const opened = new Promise((resolve, reject) => {
    const asked = indexedDB.open("sk-wardens", 1);
    asked.onupgradeneeded = () => { asked.result.createObjectStore("lists"); asked.result.createObjectStore("queue", { keyPath: "number" }); };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  async function store(name, mode, work) {
    const change = (await opened).transaction(name, mode);
    return new Promise((resolve, reject) => {
      const asked = work(change.objectStore(name));
      change.oncomplete = () => resolve(asked.result);
      change.onerror = change.onabort = () => reject(change.error);
    });
  }
  const queued = () => store("queue", "readonly", (rows) => rows.getAll());

  const hubNow = () => Date.now() + (list ? list.ahead : 0);
  function moment(at) {
    const zone = { timeZone: "Europe/Berlin" }, locale = lang === "de" ? "de-DE" : "en-GB", then = new Date(at);
    const day = (date) => date.toLocaleDateString(locale, { ...zone, day: "numeric", month: "long" });
    const time = then.toLocaleTimeString(locale, { ...zone, hour: "2-digit", minute: "2-digit" }) + (lang === "de" ? "\u00a0Uhr" : "");
    return day(then) === day(new Date(hubNow())) ? time : `${day(then)}, ${time}`;
  }
  /* The last day of what ends at midnight. */
  const lastDay = (until) => new Date(until - 1).toLocaleDateString(lang === "de" ? "de-DE" : "en-GB", { timeZone: "Europe/Berlin", day: "numeric", month: "long", year: "numeric" });
  const filled = (text, ...values) => values.reduce((made, value) => made.replace("{}", value), text);

  /* A request that ends; null without a network. A way to the log-in page is said, not followed. */
  async function ask(address, options = {}) {
    if (!navigator.onLine) return null;
    try {
      const response = await fetch(address, { ...options, redirect: "manual", signal: AbortSignal.timeout(WAIT_MS) });
      if (response.type === "opaqueredirect" || response.status === 401) {
        message.textContent = words.logIn;
        await forget();  // who is not logged in has no list
      }
      return response.ok || response.status === 403 || response.status === 422 ? response : null;
    } catch {
      return null;
    }
  }
  async function forget() {
    list = null;
    await store("lists", "readwrite", (kept) => kept.clear());
  }
  async function post(address, values, again = true) {
    const body = new URLSearchParams({ ...values, csrf: form.elements.csrf.value });
    const response = await ask(address, { method: "POST", body });
    if (!response || response.status !== 403) return response;
    return again && (await refresh()) ? post(address, values, false) : null;  // the form's token was an old one
  }

  async function refresh() {
    const response = await ask(words.list);
    if (!response || !response.ok) return false;
    const found = await response.json();
    form.elements.csrf.value = found.csrf;
    const bytes = Uint8Array.from(found.key.match(/../g), (pair) => parseInt(pair, 16));
    const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    list = { ...found, csrf: undefined, key, ahead: found.made_at - Date.now() };
    await store("lists", "readwrite", (rows) => rows.put(list, "list"));
    return true;
  }

  async function tell() {
    const age = page.querySelector("[data-stand-liste]"), waits = page.querySelector("[data-wartet]"), rows = await queued();
    if (list && list.until <= hubNow()) {
      age.textContent = filled(words.stale, moment(list.made_at));
      await forget();
    } else if (list) age.textContent = filled(words.fresh, moment(list.made_at), moment(list.until));
    else if (!age.textContent) age.textContent = words.empty;
    const mine = rows.filter((one) => one.me === me).length, others = rows.length - mine;
    waits.textContent = [mine && filled(words.waiting, mine), others && filled(words.others, others)].filter(Boolean).join(" ");
    waits.hidden = !waits.textContent;
    age.hidden = false;
  }

  function plateOf(typed) {
    const found = typed.toUpperCase().replace(/-/g, " ").replace(/\s+/g, "");
    return /^[A-ZÄÖÜ0-9]{2,10}$/.test(found) ? found : "";
  }
  async function digest(place, plate) {
    const bytes = await crypto.subtle.sign("HMAC", list.key, new TextEncoder().encode(`${place} ${plate}`));
    return [...new Uint8Array(bytes)].map((one) => one.toString(16).padStart(2, "0")).join("").slice(0, 24);
  }
  async function judge(plate, place) {
    if (!list || list.until <= hubNow() || !list.sites[place]) return { kind: "unknown" };
    const known = await digest(place, plate), now = hubNow();
    const found = list.sites[place].filter(([one, , until]) => one === known && (until === null || until > now));
    const [, kind, until] = found.find(([, one]) => one === "paid") || found[0] || [known, "none", null];
    return { kind, until };
  }

  function show({ kind, until }, plate) {
    const card = page.querySelector(`template[data-karte=${kind}]`).content.cloneNode(true);
    const end = card.querySelector("[data-until]"), age = card.querySelector("[data-stand]");
    card.querySelector("[data-plate]").textContent = plate;
    if (end && kind !== "none") {
      end.textContent = until ? filled(end.dataset.text, kind === "permit" ? lastDay(until) : moment(until)) : end.dataset.open || "";
      end.hidden = !end.textContent;
    }
    age.textContent = list && kind !== "unknown" ? filled(age.dataset.text, moment(list.made_at)) : age.dataset.none;
    answer.replaceChildren(card);
  }

  async function offline(number, plate, place) {
    const found = await judge(plate, place), at = Math.round(hubNow());
    const kept = ["paid", "permit"].includes(found.kind) ? "" : plate;
    await store("queue", "readwrite", (rows) => rows.put({ number, me, site: place, plate: kept, kind: found.kind, at }));
    show(found, plate);
    await tell();
  }

  async function check(event) {
    event.preventDefault();
    const plate = plateOf(field.value), place = site.value, number = crypto.randomUUID();
    message.textContent = "";
    if (!plate) {
      answer.replaceChildren();  // else it would look like the answer to this plate
      message.textContent = words.wrong;
      field.setAttribute("aria-invalid", "true");
      return field.focus();
    }
    field.removeAttribute("aria-invalid");
    form.setAttribute("aria-busy", "true");
    const response = await post(form.getAttribute("action"), { platz: place, plate: field.value, number });
    if (response) {
      const made = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const name of ["antwort", "letzte"]) {
        const fresh = made.getElementById(name), old = document.getElementById(name);
        if (fresh) { fresh.toggleAttribute("open", old.hasAttribute("open")); old.replaceChildren(...fresh.childNodes); }
      }
    } else await offline(number, plate, place);
    form.removeAttribute("aria-busy");
    field.value = "";
    field.focus({ preventScroll: true });
    answer.scrollIntoView({ block: "nearest" });
    if (response) await send();
  }

  /* Sends what waits. Only a check that the hub has answered for is forgotten, so none is lost; the hub keeps each number once. */
  async function send() {
    if (sending) return;
    sending = true;
    try {
      for (let mine = await own(); mine.length; mine = await own()) {
        const checks = JSON.stringify(mine.map(({ number, site: place, plate, kind, at }) => ({ number, site: place, plate, kind, at })));
        const response = await post(words.later, { checks });
        if (!response || !response.ok) break;
        const { taken } = await response.json();
        for (const { number, kind } of taken) {
          const row = mine.find((one) => one.number === number);
          if (row && row.plate && ["paid", "permit"].includes(kind)) mended(row.plate);
          await store("queue", "readwrite", (rows) => rows.delete(number));
        }
        if (!taken.length) break;
      }
    } finally {
      sending = false;
      await tell();
    }
  }
  const own = async () => (await queued()).filter((one) => one.me === me).slice(0, MANY);
  function mended(plate) {
    const said = document.createElement("p");
    said.className = "sk-hinweis sk-hinweis--warn";
    said.textContent = filled(words.mended, plate);
    page.querySelector("[data-berichtigt]").append(said);
  }

  async function turn() {
    if (await refresh()) await send();
    else await tell();
  }
  async function begin() {
    const place = localStorage.getItem(SITE);
    if (place && [...site.options].some((one) => one.value === place) && !site.querySelector("option[selected]")) site.value = place;
    site.addEventListener("change", () => localStorage.setItem(SITE, site.value));
    form.addEventListener("submit", check);
    list = (await store("lists", "readonly", (rows) => rows.get("list"))) || null;
    if (list && !list.key) await forget();  // of an older version of this page
    window.addEventListener("online", turn);
    setInterval(turn, LIST_MS);
    await turn();
  }
  begin();
})();
