/* The service worker. Everything comes from the network first; what it keeps for times without a connection is the
   shell of the app, the last parking data, and of the log-in that is running the last pass and the wardens' page. No
   other personal page. */
"use strict";
const SHELL = `sk-shell-${HUB.release}`, PARKING = `sk-parking-${HUB.release}`, PASS = `sk-pass-${HUB.release}`, TILL = `sk-till-${HUB.release}`;
const SITES = "/api/parking/sites", MAP = "/parken/karte.geojson", LANGUAGE = "/language";
const OWN = ["/pass", "/parken/kontrolle"];  // pages of the log-in that are kept
const SAVED = "Sk-Saved", SESSION = "Sk-Session";
const KEEP_PASS_MS = 7 * 24 * 3600 * 1000;
const LANGUAGES = ["de", "en"];
const NOTICES = {
  "/konto/postfach": { de: "Neue Nachricht in Ihrem Postfach", en: "New message in your inbox" },
  "/konto/hinweise": { de: "Das ist eine Probe. Hinweise kommen auf diesem Gerät an.", en: "This is a test. Notices reach this device." },
};
let forgotten = 0;  // how often the pass was thrown away: what was asked for before that must not be kept after it

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));

async function install() {
  const pages = LANGUAGES.map((lang) => `/offline?lang=${lang}`);
  const shell = await caches.open(SHELL);
  await shell.addAll([...HUB.kept, ...pages, MAP].map(anonymous));
  await Promise.all(LANGUAGES.map(keepParking)).catch(() => {});
  await self.skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("sk-") && ![SHELL, PARKING, PASS, TILL].includes(name));
  await Promise.all(old.map((name) => caches.delete(name)));
  if (self.registration.navigationPreload) await self.registration.navigationPreload.enable();
  await self.clients.claim();
}

/* Without cookies nobody's name is in the answer. */
function anonymous(path) {
  return new Request(path, { cache: "reload", credentials: "omit" });
}

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method !== "GET") {
    if (url.pathname === "/abmelden") event.waitUntil(leave());
  } else if (request.mode === "navigate") event.respondWith(page(event, url));
  else if (url.pathname === SITES) event.respondWith(freshOrKept(event, PARKING));
  else if (url.pathname === MAP || url.pathname.startsWith("/static/")) event.respondWith(freshOrKept(event));
});

async function page(event, url) {
  const before = forgotten;
  try {
    const response = (await event.preloadResponse) || (await fetch(event.request));
    const copy = (OWN.includes(url.pathname) || isTill(url.pathname)) && response.ok ? response.clone() : response;
    event.waitUntil(look(copy, url.pathname, before));
    return response;
  } catch {
    return withoutConnection(url);
  }
}

/* The page of a till: without a name on it, and what it needs to sell without a connection. */
function isTill(path) {
  return /^\/kasse\/[a-z0-9-]+$/.test(path);
}

async function keepTill(path, response) {
  const cache = await caches.open(TILL);
  await cache.addAll(HUB.till.map(anonymous));
  await keep(TILL, path, response);
}

/* What a page from the network tells: whose log-in it is, which language, and whether it is one to keep. */
async function look(response, path, before) {
  const refused = response.type === "opaqueredirect" || (response.status >= 400 && response.status < 500);
  if (OWN.includes(path) && refused) await forget();
  if (response.type === "opaqueredirect") return;
  const session = response.headers.get(SESSION), kept = (await Promise.all(OWN.map((one) => match(PASS, one)))).filter(Boolean);
  if (session && kept.some((one) => one.headers.get(SESSION) !== session)) await forget();
  const lang = response.headers.get("Content-Language");
  if (LANGUAGES.includes(lang)) await rememberLanguage(lang);
  if (OWN.includes(path) && response.ok && session && session !== "-" && before === forgotten) {
    await keep(PASS, path, response);
    if (before !== forgotten) await forget();
  }
  if (isTill(path) && response.ok) await keepTill(path, response);
  if (path === "/parken" && response.ok && LANGUAGES.includes(lang)) await keepParking(lang).catch(() => {});
}

async function freshOrKept(event, name) {
  try {
    const response = await fetch(event.request);
    if (name && response.ok) event.waitUntil(keep(name, SITES, response.clone()));
    return response;
  } catch (problem) {
    const kept = await caches.match(event.request.url, { ignoreVary: true });
    if (kept) return kept;
    throw problem;
  }
}

async function keepParking(lang) {
  await Promise.all([`/parken?lang=${lang}`, SITES].map(async (path) => {
    const response = await fetch(anonymous(path));
    if (response.ok) await keep(PARKING, path, response);
  }));
}

async function keep(name, key, response) {
  const headers = new Headers(response.headers), cache = await caches.open(name);
  headers.set(SAVED, String(Date.now()));
  await cache.put(key, new Response(await response.arrayBuffer(), { headers }));
}

/* Never makes a cache that is not there. */
async function match(name, key) {
  return (await caches.has(name)) ? (await caches.open(name)).match(key, { ignoreVary: true }) : undefined;
}

async function withoutConnection(url) {
  const asked = url.searchParams.get("lang"), lang = LANGUAGES.includes(asked) ? asked : await language();
  const parking = await match(PARKING, `/parken?lang=${lang}`);
  if (OWN.includes(url.pathname)) {
    const kept = await match(PASS, url.pathname);
    if (kept && Date.now() - savedAt(kept) < KEEP_PASS_MS) return marked(kept, lang, savedAt(kept));
    if (kept) await forget();
  }
  if (url.pathname === "/parken" && parking) {
    const figures = await match(PARKING, SITES);
    return marked(parking, lang, Math.max(savedAt(parking), figures ? savedAt(figures) : 0));
  }
  const till = isTill(url.pathname) && (await match(TILL, url.pathname));
  if (till) return till;
  if (url.pathname.startsWith("/parken/") && !OWN.includes(url.pathname) && parking) return Response.redirect("/parken", 302);
  return (await match(SHELL, `/offline?lang=${lang}`)) || Response.error();
}

const savedAt = (response) => Number(response.headers.get(SAVED));

/* The page as it was kept, with the line that says so. */
async function marked(response, lang, at) {
  const text = (await response.text()).replace("data-offline hidden", "data-offline").replace(/(<span data-offline-time>)/, `$1${moment(at, lang)}`);
  return new Response(text, { headers: response.headers });
}

function moment(at, lang) {
  const zone = { timeZone: "Europe/Berlin" }, locale = lang === "de" ? "de-DE" : "en-GB", then = new Date(at);
  const day = (date) => date.toLocaleDateString(locale, { ...zone, day: "numeric", month: "long" });
  const time = then.toLocaleTimeString(locale, { ...zone, hour: "2-digit", minute: "2-digit" }) + (lang === "de" ? "\u00a0Uhr" : "");
  return day(then) === day(new Date()) ? time : `${day(then)}, ${time}`;
}

async function language() {
  const kept = await match(SHELL, LANGUAGE);
  return kept ? kept.text() : "de";
}

async function rememberLanguage(lang) {
  if ((await language()) !== lang) await (await caches.open(SHELL)).put(LANGUAGE, new Response(lang));
}

async function forget() {
  forgotten += 1;
  indexedDB.deleteDatabase("sk-pass");  // the key of the pass's codes
  await caches.delete(PASS);
  await forgetPlates().catch(() => {});
}

/* The wardens' list goes with the log-in; checks that were not sent yet stay until their warden is back. */
function forgetPlates() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("sk-wardens");
    asked.onupgradeneeded = () => asked.transaction.abort();  // there is none, and none is made
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
      const change = asked.result.transaction("lists", "readwrite");
      change.objectStore("lists").clear();
      change.oncomplete = change.onerror = () => { asked.result.close(); resolve(); };
    };
  });
}

/* A log-out: the pass goes even if the word does not reach the hub, and so do notices on this device. */
async function leave() {
  await forget();
  const subscription = self.registration.pushManager && (await self.registration.pushManager.getSubscription());
  if (subscription) await subscription.unsubscribe();
}

self.addEventListener("message", (event) => {
  const { parking, seen, lang } = event.data || {};
  if (LANGUAGES.includes(lang)) event.waitUntil(rememberLanguage(lang));
  if (typeof parking === "string") event.waitUntil(keep(PARKING, SITES, new Response(parking, { headers: { "Content-Type": "application/json" } })));
  if (OWN.includes(seen) || (typeof seen === "string" && isTill(seen))) event.waitUntil(see(seen));
});

async function see(path) {
  const before = forgotten;
  const response = await fetch(path, { redirect: "manual" }).catch(() => null);
  if (response) await look(response, path, before);
}

/* A notice has no content of its own: one of two fixed sentences, in the language that the hub names. */
self.addEventListener("push", (event) => {
  let said = {};
  try { said = event.data.json(); } catch { /* no data, or none that we know: the inbox it is */ }
  const path = said.path in NOTICES ? said.path : "/konto/postfach";
  const lang = LANGUAGES.includes(said.lang) ? said.lang : "de";
  event.waitUntil(self.registration.showNotification(HUB.name, {
    body: NOTICES[path][lang], lang, tag: path, data: { path }, icon: "/static/icons/icon-192.png", badge: "/static/icons/badge-96.png",
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.path));
});

async function open(path) {
  const [window] = await self.clients.matchAll({ type: "window" });
  if (!window) return self.clients.openWindow(path);
  await window.focus();
  return window.navigate(path);
}
