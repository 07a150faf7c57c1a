/* A running stay renews its figures; when its state changes, the whole page comes anew unless somebody is typing. */
"use strict";
(() => {
  const EVERY_MS = 10000;

  async function look() {
    const old = document.getElementById("stand");
    if (!old?.dataset.liveStay || document.hidden) return;
    const answer = await fetch(location.href, { cache: "no-cache" }).catch(() => null);
    if (!answer || !answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("stand");
    if (!fresh || old.contains(document.activeElement)) return;
    if (fresh.dataset.state === old.dataset.state) {
      const open = old.querySelector("details")?.open;
      old.replaceWith(fresh);
      if (open) fresh.querySelector("details").open = true;
    } else if (!["INPUT", "SELECT"].includes(document.activeElement?.tagName)) {
      location.reload();
    }
  }

  setInterval(look, EVERY_MS);
})();
