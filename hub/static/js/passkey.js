/* Passkeys: hands the page's question to the browser and its answer back with a plain form. */
"use strict";
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  const fields = { get: ["challenge"], create: ["challenge"] };
  let waiting = null;

  const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  function question(form) {
    const options = JSON.parse(form.dataset.options);
    fields[form.dataset.passkey].forEach((name) => { options[name] = toBytes(options[name]); });
    if (options.user) options.user.id = toBytes(options.user.id);
    for (const list of [options.excludeCredentials, options.allowCredentials]) {
      (list || []).forEach((one) => { one.id = toBytes(one.id); });
    }
    return options;
  }

  function answer(credential) {
    const said = credential.response, response = { clientDataJSON: toText(said.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (said[name]) response[name] = toText(said[name]);
    }
    if (said.getTransports) response.transports = said.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: toText(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  function say(form, text) {
    const place = form.querySelector("[data-passkey-problem]");
    place.textContent = text;
    place.hidden = !text;
  }

  async function ask(form, more) {
    const request = { publicKey: question(form), ...more };
    const credential = await navigator.credentials[form.dataset.passkey](request);
    form.elements.answer.value = answer(credential);
    form.submit();
  }

  async function press(event) {
    event.preventDefault();
    const form = event.currentTarget;
    if (waiting) waiting.abort();
    say(form, "");
    try {
      await ask(form, {});
    } catch (problem) {
      say(form, problem.name === "InvalidStateError" ? form.dataset.known : form.dataset.refused);
    }
  }

  /* The browser offers passkeys in the name's field, too. */
  async function offer(form) {
    if (!PublicKeyCredential.isConditionalMediationAvailable || !(await PublicKeyCredential.isConditionalMediationAvailable())) return;
    waiting = new AbortController();
    ask(form, { mediation: "conditional", signal: waiting.signal }).catch(() => {});
  }

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    form.hidden = false;
    form.addEventListener("submit", press);
    if ("autofill" in form.dataset) offer(form);
  });
})();
