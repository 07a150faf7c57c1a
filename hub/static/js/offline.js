/* The page without a connection says how old the data is that this device keeps, and comes back by itself. */
"use strict";
(() => {
  const lang = document.documentElement.lang;

  function moment(at) {
    const zone = { timeZone: "Europe/Berlin" }, locale = lang === "de" ? "de-DE" : "en-GB", then = new Date(at);
    const day = (date) => date.toLocaleDateString(locale, { ...zone, day: "numeric", month: "long" });
    const time = then.toLocaleTimeString(locale, { ...zone, hour: "2-digit", minute: "2-digit" }) + (lang === "de" ? "\u00a0Uhr" : "");
    return day(then) === day(new Date()) ? time : `${day(then)}, ${time}`;
  }

  async function tell(place) {
    const kept = await caches.match(place.dataset.kept, { ignoreVary: true });
    place.textContent = kept ? place.dataset.since.replace("{}", moment(Number(kept.headers.get("Sk-Saved")))) : place.dataset.none;
  }

  if (!navigator.onLine) window.addEventListener("online", () => location.reload());
  if (window.caches) document.querySelectorAll("[data-kept]").forEach(tell);
})();
