/* On every page: the service worker, and the browser's offer to install the app where the page has a button for it. */
"use strict";
(() => {
  const workers = navigator.serviceWorker, button = document.querySelector("[data-install]");
  if (workers) {
    const first = !workers.controller;
    workers.register("/sw.js").catch(() => {});
    // a page that came before the worker did could not be kept by it
    if (first) workers.ready.then((registration) => registration.active.postMessage({ seen: location.pathname, lang: document.documentElement.lang }));
  }
  if (!button) return;
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    button.hidden = false;
    button.addEventListener("click", () => { event.prompt(); button.hidden = true; }, { once: true });
  });
  window.addEventListener("appinstalled", () => { button.hidden = true; });
})();
