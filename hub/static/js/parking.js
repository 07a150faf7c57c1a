/* The map, and every figure of the page put in place when it changes. */
"use strict";
(() => {
  const words = document.getElementById("worte").dataset;
  const box = document.getElementById("karte");
  const LOOKS = { town: "l-ort", park: "l-park", water: "l-see", rail: "l-bahn", road: "l-weg", path: "l-weg l-weg--klein" };
  const pins = new Map();
  let flag = null;  // where somebody wants to go
  const map = L.map(box, { zoomSnap: 0.25, minZoom: 12, maxZoom: 18, scrollWheelZoom: false, zoomControl: false });
  map.attributionControl.setPrefix(false).setPosition("bottomleft").addAttribution(box.dataset.attribution);
  L.control.zoom({ position: "bottomright" }).addTo(map);
  map.fitBounds(JSON.parse(box.dataset.bounds));

  function escaped(text) {
    const node = document.createElement("i");
    node.textContent = text;
    return node.innerHTML;
  }

  function drawShapes(shapes) {
    const lang = document.documentElement.lang;
    L.geoJSON(shapes, {
      interactive: false,
      filter: (shape) => shape.geometry.type !== "Point",
      style: (shape) => ({ className: LOOKS[shape.properties.kind] || "l-weg", stroke: !["town", "park", "water"].includes(shape.properties.kind), fill: ["town", "park", "water"].includes(shape.properties.kind), weight: null, color: null, fillColor: null, fillOpacity: null, opacity: null }),
    }).addTo(map);
    for (const shape of shapes.features) {
      const name = shape.properties.name;
      if (shape.geometry.type !== "Point" || !name) continue;
      const [lon, lat] = shape.geometry.coordinates;
      const text = typeof name === "string" ? name : name[lang] || name.de;
      L.marker([lat, lon], { interactive: false, keyboard: false, icon: L.divIcon({ className: "pk-name", iconSize: null, html: escaped(text) }) }).addTo(map);
    }
  }

  function icon(id, state, free) {
    const sign = { unknown: "?", broken: "!" }[state] || free;
    const chosen = id === box.dataset.selected ? " pk-nadel--wahl" : "";
    return L.divIcon({ className: `pk-nadel pk-nadel--${state}${chosen}`, iconSize: [44, 36], iconAnchor: [22, 34], html: `<span>${sign}</span>` });
  }

  function place(row) {
    const { site, lat, lon, name, state } = row.dataset;
    const free = row.querySelector("[data-free]").textContent;
    const label = () => `${name}: ${row.querySelector("[data-free]").textContent} ${words.free}`;
    const pin = L.marker([lat, lon], { icon: icon(site, state, free), alt: name, keyboard: true, zIndexOffset: site === box.dataset.selected ? 1000 : 0 }).addTo(map);
    pin.on("click", () => { location.href = row.href; });
    pin.on("keypress", (event) => { if (event.originalEvent.key === "Enter") location.href = row.href; });
    pin.getElement().setAttribute("aria-label", label());
    pin.getElement().setAttribute("role", "link");
    pins.set(site, { pin, label, home: pin.getLatLng() });
  }

  /* Pins that lie on each other move apart, so that each can be read and touched. */
  function spread() {
    const spots = [...pins.values()].map(({ pin, home }) => ({ pin, at: map.latLngToLayerPoint(home), wide: 20, high: 18 }));
    if (flag) {  // its name stays where it is and is not hidden
      const wide = flag.getElement().firstChild.offsetWidth / 2;
      spots.push({ at: map.latLngToLayerPoint(flag.getLatLng()).add([0, 37]), wide, high: 14, fixed: true });
    }
    for (let round = 0, moved = true; moved && round < 60; round++) {
      moved = false;
      for (const [index, one] of spots.entries()) for (const other of spots.slice(index + 1)) {
        const x = other.at.x - one.at.x, y = other.at.y - one.at.y, tightX = one.wide + other.wide - Math.abs(x), tightY = one.high + other.high - Math.abs(y);
        if (tightX <= 0.5 || tightY <= 0.5) continue;
        const step = tightX < tightY ? L.point((x < 0 ? -1 : 1) * tightX / 2, 0) : L.point(0, (y < 0 ? -1 : 1) * tightY / 2);
        one.at = one.at.subtract(other.fixed ? step.multiplyBy(2) : step);
        if (!other.fixed) other.at = other.at.add(step);
        moved = true;
      }
    }
    for (const { pin, at } of spots) pin?.setLatLng(map.layerPointToLatLng(at));
  }

  function word(row, state) {
    const [look, sign] = words[`${state}Look`] ? words[`${state}Look`].split(" ") : ["unbekannt", "frage"];
    const place = row.querySelector("[data-word]");
    place.className = `pk-zu pk-${look}`;
    place.querySelector("use").setAttribute("href", `#i-${sign}`);
    place.querySelector("span").textContent = words[state];
  }

  /* Bays of which nothing is known are named, never counted as free. */
  function missing(row, site) {
    const text = row.querySelector("[data-missing]"), silent = site.unknown + site.faulty;
    text.hidden = !silent;
    if (silent) text.textContent = words.missing.replace("{}", live.numbers.format(silent));
  }

  function update(site) {
    const state = live.fullness(site), shown = ["unknown", "broken"].includes(state) ? "–" : live.numbers.format(site.free);
    for (const row of document.querySelectorAll(`[data-site="${CSS.escape(site.id)}"]`)) {
      const number = row.querySelector("[data-free]");
      missing(row, site);
      if (number.textContent === shown && row.dataset.state === state) continue;
      live.put(number, shown);
      row.dataset.state = state;
      word(row, state);
      const known = pins.get(site.id);
      if (!known) continue;
      known.pin.setIcon(icon(site.id, state, shown));
      known.pin.getElement().setAttribute("aria-label", known.label());
      known.pin.getElement().setAttribute("role", "link");
      live.flash(known.pin.getElement());
    }
    detail(site, state, shown);
  }

  function detail(site, state, shown) {
    const sheet = document.querySelector(`[data-detail="${CSS.escape(site.id)}"]`);
    if (!sheet || sheet.dataset.newest === JSON.stringify(site)) return;
    sheet.dataset.newest = JSON.stringify(site);
    live.put(sheet.querySelector("[data-free]"), shown);
    if (site.updated_at) live.put(sheet.querySelector("[data-time]"), live.clock(site.updated_at));
    live.band(sheet.querySelector(".sk-band"), site.occupied, site.free + site.occupied);
    const [look, sign] = words[`${state}Look`].split(" "), pill = sheet.querySelector("[data-pill] .sk-pille");
    pill.className = `sk-pille sk-pille--${look}`;
    pill.querySelector("use").setAttribute("href", `#i-${sign}`);
    pill.lastChild.textContent = words[state];
    bays(site.id);
  }

  async function bays(site) {
    const answer = await fetch(`/api/parking/bays?site=${encodeURIComponent(site)}`, { cache: "no-cache" }).catch(() => null);
    if (!answer || !answer.ok) return;
    for (const bay of (await answer.json()).bays) {
      const cube = document.querySelector(`[data-bay="${CSS.escape(bay.id)}"]`);
      if (!cube || cube.dataset.state === bay.state) continue;
      cube.dataset.state = bay.state;
      cube.setAttribute("href", `#bay-${bay.state}`);
      live.flash(cube);
    }
  }

  function goal() {
    if (!box.dataset.goal) return;
    const sign = L.divIcon({ className: "pk-ziel", iconSize: null, html: `<span>${escaped(box.dataset.goalName)}</span>` });
    const at = box.dataset.goal.split(",").map(Number);
    flag = L.marker(at, { icon: sign, interactive: false, keyboard: false, zIndexOffset: -500 }).addTo(map);
    if (!pins.has(box.dataset.selected)) map.setView(at, map.getZoom() + 1, { animate: false });
  }

  for (const row of document.querySelectorAll("[data-site]")) place(row);
  goal();
  if (pins.has(box.dataset.selected)) map.setView(pins.get(box.dataset.selected).home, map.getZoom() + 0.75, { animate: false });
  document.querySelector(".sk-rollen [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });
  spread();
  map.on("zoomend", spread);
  fetch(box.dataset.shapes).then((answer) => answer.json()).then(drawShapes).catch(() => {});
  live.listen((sites) => sites.forEach(update));
})();
