/* Distances from where the device is: asked for by a button, worked out here, never sent anywhere. */
"use strict";
(() => {
  const box = document.querySelector("[data-nearby]"), EARTH_M = 6371000, DETOUR = 1.3, WALK = 75;
  const list = document.querySelector("[data-liste]");
  if (!list || !("geolocation" in navigator)) return;
  const numbers = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en-GB" : "de-DE", { maximumFractionDigits: 1 });

  /* hub/parking/rules/search.py says the same. */
  function metres(lat, lon, row) {
    const rad = Math.PI / 180, north = (row.dataset.lat - lat) * rad;
    const east = (row.dataset.lon - lon) * rad * Math.cos((Number(row.dataset.lat) + lat) / 2 * rad);
    return Math.round(EARTH_M * Math.hypot(north, east) * DETOUR);
  }

  function show(lat, lon) {
    const rows = [...list.querySelectorAll("[data-site]")].map((row) => ({ row, way: metres(lat, lon, row) }));
    rows.sort((one, other) => one.way - other.way);
    for (const { row, way } of rows) {
      const text = row.querySelector("[data-way]"), walk = Math.max(1, Math.ceil(way / WALK));
      const shown = way < 1000 ? `${numbers.format(Math.round(way / 10) * 10)} m` : `${numbers.format(way / 1000)} km`;
      text.textContent = walk <= 60 ? `${box.dataset.walk.replace("{}", walk)} (${shown})` : shown;
      text.hidden = false;
      list.append(row.closest("li"));
    }
    box.querySelector("[role=status]").textContent = box.dataset.here;
    document.querySelectorAll(".pk-ordnung [aria-current]").forEach((link) => link.removeAttribute("aria-current"));
  }

  function found(place) {
    const { latitude, longitude } = place.coords;
    show(latitude, longitude);
  }

  function refused() {
    box.querySelector("[role=status]").textContent = box.dataset.refused;
  }

  if (!box) return;
  box.hidden = false;
  box.querySelector("button").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(found, refused, { maximumAge: 60000, timeout: 15000 });
  });
})();
