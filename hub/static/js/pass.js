/* The pass's code, made on this phone every 30 seconds, also without a connection. The private key cannot leave the
   browser; the hub was told its public half while there was a connection. Without it the code of the page stays. */
"use strict";
(() => {
  const place = document.querySelector("[data-pass-code]");
  if (!place || !window.crypto.subtle || !window.indexedDB || !window.qrcode) return;
  const SIGNS = "0123456789ABCDEFGHJKLMNPQRSTUVWX", EVERY_MS = 30_000, SVG = "http://www.w3.org/2000/svg";
  const CONTEXT = new TextEncoder().encode("stadtknoten pass 1\0");
  const { number, now, actingFor, known, enrol, csrf } = place.dataset;
  const mark = document.querySelector("[data-offline]"), isFresh = !mark || mark.hidden;

  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  async function store(work) {
    const opening = indexedDB.open("sk-pass", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    const database = await asked(opening);
    try { return await asked(work(database.transaction("keys", "readwrite").objectStore("keys"))); } finally { database.close(); }
  }

  /* How wrong this phone's clock is; only a page from the network knows. */
  function offset() {
    const [load] = performance.getEntriesByType("navigation");
    return Number(now) - (performance.timeOrigin + (load ? load.responseStart : 0));
  }

  async function key() {
    const kept = await store((keys) => keys.get("key"));
    const isMine = kept && kept.number === number && (!isFresh || JSON.parse(known).includes(kept.id));
    if (isMine && !isFresh) return kept;
    if (!isMine && !isFresh) return null;
    const made = isMine ? { ...kept, offset: offset() } : await fresh();
    await store((keys) => keys.put(made, "key"));
    return made;
  }

  async function fresh() {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const text = btoa(String.fromCharCode(...point)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    const answer = await fetch(enrol, { method: "POST", redirect: "error", body: new URLSearchParams({ csrf, key: text }) });
    if (!answer.ok) throw new Error(`the hub said ${answer.status}`);
    return { id: (await answer.json()).key, number, secret: pair.privateKey, offset: offset() };
  }

  async function code(mine) {
    const who = new TextEncoder().encode(actingFor ? `/${actingFor}` : "");
    const content = new Uint8Array(18 + who.length), view = new DataView(content.buffer);
    mine.id.match(/../g).forEach((pair, at) => { content[at] = parseInt(pair, 16); });
    view.setUint32(8, Math.floor((Date.now() + mine.offset) / 1000));
    crypto.getRandomValues(content.subarray(12, 18));
    content.set(who, 18);
    const signed = new Uint8Array([...CONTEXT, ...content]);
    const signature = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, mine.secret, signed));
    return `BP1${written([...content, ...signature])}`;
  }

  function written(bytes) {
    let text = "", bits = 0, waiting = 0;
    for (const byte of bytes) {
      waiting = (waiting << 8) | byte;
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        text += SIGNS[(waiting >> bits) & 31];
        waiting &= (1 << bits) - 1;
      }
    }
    return bits ? text + SIGNS[(waiting << (5 - bits)) & 31] : text;
  }

  function draw(text) {
    const picture = window.qrcode(0, "M"), edge = 4;
    picture.addData(text, "Alphanumeric");
    picture.make();
    const count = picture.getModuleCount(), size = count + 2 * edge;
    let path = "";
    for (let row = 0; row < count; row += 1) {
      for (let column = 0; column < count; column += 1) if (picture.isDark(row, column)) path += `M${column + edge} ${row + edge}h1v1h-1z`;
    }
    const svg = document.createElementNS(SVG, "svg"), dark = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
    dark.setAttribute("d", path);
    svg.append(dark);
    place.replaceChildren(svg);
    place.dataset.code = text;
  }

  async function begin() {
    const mine = await key();
    if (!mine) return;
    const show = async () => draw(await code(mine));
    await show();
    setInterval(show, EVERY_MS);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) show(); });
    document.querySelectorAll("[data-pass-script]").forEach((one) => { one.hidden = !one.hidden; });
  }

  begin().catch(() => { /* the hub's own code stays on the page */ });
})();
