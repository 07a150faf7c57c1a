/* Live figures: one stream of snapshots, polling with ETag when the stream does not come. */
"use strict";
const live = (() => {
  const POLL_MS = 10000, SILENCE_MS = 20000, KEEP_MS = 60000, listeners = [];
  const numbers = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en-GB" : "de-DE");
  let heard = 0, last = "", polling = null, kept = 0;

  /* The word for a car park; hub/parking/rules.py says the same. */
  function fullness(site) {
    const measured = site.free + site.occupied;
    if (!measured) return site.capacity && site.faulty === site.capacity ? "broken" : "unknown";
    if (!site.free) return "full";
    return site.free * 5 <= measured ? "few" : "free";
  }

  function clock(text) {
    const time = new Date(text).toLocaleTimeString("de-DE", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Berlin" });
    return document.documentElement.lang === "de" ? time + "\u00a0Uhr" : time;
  }

  /* Writes a changed value and lets it flash. */
  function put(element, text) {
    if (!element || element.textContent === text) return;
    element.textContent = text;
    flash(element);
  }

  function flash(element) {
    element.classList.remove("sk-neu");
    void element.getBoundingClientRect();
    element.classList.add("sk-neu");
  }

  /* 20 cubes; one stays hollow while a place is free. */
  function band(svg, occupied, measured) {
    if (!svg) return;
    const deep = svg.dataset.band === "deep";
    const full = !measured ? 0 : occupied >= measured ? 20 : Math.min(Math.round(20 * occupied / measured), 19);
    let shapes = "";
    for (let n = 0; n < 20; n++) {
      const x = 12 * n + 1;
      if (n >= full) shapes += `<path class="${deep ? "k2-hohl" : "k-hohl"}" d="M${x}.6 1.6h7.8v7.8h-7.8z"/>`;
      else shapes += `<path class="${deep ? "k2-voll" : "k-voll"}" d="M${x} 1h9v9h-9z"/>` + (deep ? "" : `<path class="k-glanz" d="M${x} 1h4.5l-4.5 4.5z"/>`);
    }
    svg.innerHTML = shapes;
    const spoken = (svg.getAttribute("aria-label") || "").split(/[\d.,]+/);
    if (spoken.length === 3) svg.setAttribute("aria-label", spoken[0] + numbers.format(occupied) + spoken[1] + numbers.format(measured) + spoken[2]);
  }

  function total(sites) {
    const free = sites.reduce((sum, site) => sum + site.free, 0);
    const occupied = sites.reduce((sum, site) => sum + site.occupied, 0);
    const newest = sites.map((site) => site.updated_at || "").sort().pop();
    for (const box of document.querySelectorAll("[data-live=total]")) {
      put(box.querySelector("[data-total=free]"), free + occupied ? numbers.format(free) : "–");
      if (newest) put(box.querySelector("[data-total=time]"), clock(newest));
      silent(box.querySelector("[data-total=silent]"), sites);
      band(box.querySelector(".sk-band"), occupied, free + occupied);
    }
  }

  function silent(element, sites) {
    if (!element) return;
    const number = sites.reduce((sum, site) => sum + site.unknown + site.faulty, 0);
    element.hidden = !number;
    element.querySelector("span").textContent = element.dataset.text.replace("{}", numbers.format(number));
  }

  /* Without a connection the page says how old its figures are; `at` in ms, 0 = connected. */
  function offline(at) {
    const line = document.querySelector("[data-offline]");
    if (!line || line.hidden === !at) return;
    line.hidden = !at;
    if (at) line.querySelector("[data-offline-time]").textContent = clock(at);
  }

  /* The service worker keeps the newest figures for times without a connection. */
  function handOver(text) {
    if (heard - kept < KEEP_MS || !navigator.serviceWorker?.controller) return;
    kept = heard;
    navigator.serviceWorker.controller.postMessage({ parking: text });
  }

  function receive(text) {
    heard = Date.now();
    offline(0);
    handOver(text);
    show(text);
  }

  function show(text) {
    if (text === last) return;
    last = text;
    const sites = JSON.parse(text).sites;
    total(sites);
    for (const listener of listeners) listener(sites);
  }

  async function poll() {
    try {
      const answer = await fetch("/api/parking/sites", { cache: "no-cache" });
      const saved = Number(answer.headers.get("Sk-Saved"));  // from the service worker, not from the hub
      if (answer.ok && !saved) receive(await answer.text());
      else if (answer.ok && !heard) show(await answer.text());
      if (saved) offline(heard || saved);
    } catch { offline(heard); /* the page keeps what it shows, the next round tries again */ }
  }

  function open() {
    const source = new EventSource("/api/parking/stream");
    source.addEventListener("snapshot", (event) => {
      clearInterval(polling);
      polling = null;
      receive(event.data);
    });
    source.addEventListener("error", () => {
      if (!polling) polling = setInterval(poll, POLL_MS);
      if (source.readyState === EventSource.CLOSED) setTimeout(open, SILENCE_MS);
    });
  }

  open();
  setTimeout(() => { if (!heard && !polling) polling = setInterval(poll, POLL_MS); }, POLL_MS / 2);
  return { listen: (listener) => listeners.push(listener), fullness, band, put, flash, clock, numbers };
})();
