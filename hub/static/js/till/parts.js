/* Small things that the till's pages are made of. */
export const page = document.querySelector("[data-till]"), words = JSON.parse(page.dataset.words);
export const lang = document.documentElement.lang, find = (id) => document.getElementById(id);
const money = new Intl.NumberFormat(lang === "de" ? "de-DE" : "en-GB", { style: "currency", currency: "EUR" });
export const euro = (cents) => money.format(cents / 100);
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");

export function make(tag, options = {}, ...children) {
  const { text, on, ...rest } = options, one = document.createElement(tag);
  Object.entries(rest).forEach(([key, value]) => one.setAttribute(key, value));
  if (text !== undefined) one.textContent = text;
  if (on) one.addEventListener("click", on);
  one.append(...children);
  return one;
}

export const button = (text, on, kind = "secondary") => make("button", { type: "button", class: `kern-btn kern-btn--${kind}`, on }, make("span", { class: "kern-label", text }));

/* 12,50 or 12.5 as cents; null for anything else. */
export function cents(text) {
  const found = /^([0-9]{1,4})(?:[.,]([0-9]{1,2}))?$/.exec(text.replace("€", "").trim());
  return found ? Number(found[1]) * 100 + Number((found[2] || "0").padEnd(2, "0")) : null;
}

/* A button that asks first. */
export function twice(text, work, question = words.sure, kind = "tertiary") {
  const calm = () => { delete one.dataset.asked; one.firstChild.textContent = text; };
  const one = button(text, () => {
    if (one.dataset.asked) { calm(); work(); return; }
    one.dataset.asked = "1";
    one.firstChild.textContent = question;
    setTimeout(calm, 5000);
  }, kind);
  return one;
}

