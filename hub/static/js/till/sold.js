/* What a till has sold: receipts, cancelling, giving back. */
import { Refused } from "./hub.js";
import { button, cents, euro, fill, find, lang, make, twice, words } from "./parts.js";

/* `hub` is asked, `doing` runs one thing at a time. */
export async function showSales(hub, doing) {
  const { sales, open: book } = await hub.call("GET", "/sales");
  find("verkaeufe").replaceChildren(...sales.map((one) => saleLine(one, hub, doing)));
  find("verkaeufe-leer").hidden = sales.length > 0;
  find("lade").textContent = euro(book.cash);
}

function saleLine(one, hub, doing) {
  const takeBack = async (path, body) => { await hub.call("POST", path, body); await showSales(hub, doing); };
  const time = new Date(one.at).toLocaleTimeString(lang === "de" ? "de-DE" : "en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Berlin" });
  const what = one.lines.map((line) => `${line.count}\u00a0×\u00a0${line.title}`).join(", ");
  const state = one.state === "open" ? words.openState : one.state === "cancelled" ? words.cancelledState : one.refunded ? fill(words.refundedState, { sum: euro(one.refunded) }) : words[one.way];
  const line = make("li", {}, make("p", {}, make("span", { text: what }), make("span", { class: "sk-num", text: euro(one.cents) })), make("p", { class: "sk-leise sk-klein", text: `${time}${lang === "de" ? "\u00a0Uhr" : ""}, ${state}` }));
  const acts = make("div", { class: "sk-reihe" }, make("a", { href: `/kasse/beleg/${one.receipt}`, target: "_blank", text: words.receipt }));
  if (one.state === "paid" && !one.refunded) acts.append(twice(words.cancel, () => doing(() => takeBack(`/sales/${one.number}/cancel`, {}))));
  if (one.state === "paid" && one.refunded < one.cents) acts.append(button(words.refund, () => askRefund(line, one, doing, takeBack), "tertiary"));
  line.append(acts);
  return line;
}

function askRefund(line, one, doing, takeBack) {
  if (line.querySelector("form")) return;
  const id = `zurueck-${one.number}`, field = make("input", { id, inputmode: "decimal", autocomplete: "off", maxlength: "8", required: "" }), key = crypto.randomUUID();
  field.value = ((one.cents - one.refunded) / 100).toFixed(2).replace(".", lang === "de" ? "," : ".");
  const form = make("form", { class: "ka-form" }, make("div", { class: "pg-feld" }, make("label", { for: id, text: words.refundHow }), field));
  form.append(make("button", { class: "kern-btn kern-btn--secondary", type: "submit" }, make("span", { class: "kern-label", text: words.give })), button(words.keep, () => form.remove(), "tertiary"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    doing(() => {
      const wanted = cents(field.value);
      if (!wanted) throw new Refused("amount", words.amount);
      return takeBack(`/sales/${one.number}/refund`, { cents: wanted, key });
    });
  });
  line.append(form);
  field.focus();
}

