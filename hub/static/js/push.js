/* Notices: asks the browser for a subscription and hands it over with a plain form. */
"use strict";
(() => {
  const on = document.querySelector("[data-push-on]"), off = document.querySelector("[data-push-off]");
  const workers = navigator.serviceWorker, able = workers && "PushManager" in window && "Notification" in window;

  const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

  function say(text) {
    const place = on.querySelector("[data-push-problem]");
    place.textContent = text;
    place.hidden = !text;
  }

  /* A subscription that was made with another key (of an older hub) is in the way of a new one. */
  async function subscribe() {
    const manager = (await workers.ready).pushManager, key = toBytes(on.dataset.key);
    const wanted = { userVisibleOnly: true, applicationServerKey: key };
    try {
      return await manager.subscribe(wanted);
    } catch (problem) {
      const old = problem.name === "InvalidStateError" && (await manager.getSubscription());
      if (!old) throw problem;
      await old.unsubscribe();
      return manager.subscribe(wanted);
    }
  }

  async function switchOn(event) {
    event.preventDefault();
    say("");
    if ((await Notification.requestPermission()) !== "granted") {
      say(on.dataset.denied);
      return;
    }
    try {
      const { endpoint, keys } = (await subscribe()).toJSON();
      on.elements.endpoint.value = endpoint;
      on.elements.p256dh.value = keys.p256dh;
      on.elements.auth.value = keys.auth;
      on.submit();
    } catch {
      say(on.dataset.failed);
    }
  }

  /* The hub forgets the device in any case; the browser should, too. */
  async function switchOff(event) {
    event.preventDefault();
    const subscription = await workers.ready.then((registration) => registration.pushManager.getSubscription()).catch(() => null);
    if (subscription) await subscription.unsubscribe().catch(() => false);
    off.submit();
  }

  if (on) {
    on.hidden = !able;
    on.addEventListener("submit", switchOn);
    document.querySelector("[data-push-missing]").hidden = able;
    document.querySelector("[data-push-script]").hidden = true;
  }
  if (off && able) off.addEventListener("submit", switchOff);
})();
