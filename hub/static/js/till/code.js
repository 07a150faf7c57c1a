/* Reads and checks the code of a pass as the hub does (hub/till/rules/passes.py), with keys of before. */
const SIGNS = "0123456789ABCDEFGHJKLMNPQRSTUVWX", HUB_KEY = "0".repeat(16);
const PHONE_MS = 60_000, HUB_MS = 120_000, SKEW_MS = 60_000;
const CONTEXT = new TextEncoder().encode("stadtknoten pass 1\0");

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export const isCode = (text) => /^BP1/i.test(text.trim());

/* {key, id, issued, who, content, signature}, null for what is no code. */
export function read(text) {
  const signs = text.replace(/\s/g, "").toUpperCase();
  if (!signs.startsWith("BP1") || signs.length > 220) return null;
  const bytes = [];
  let waiting = 0, bits = 0;
  for (const sign of signs.slice(3)) {
    const value = SIGNS.indexOf(sign);
    if (value < 0) return null;
    waiting = (waiting << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((waiting >> bits) & 255);
      waiting &= (1 << bits) - 1;
    }
  }
  if (bytes.length < 82 || bytes.length > 122 || waiting) return null;
  const content = new Uint8Array(bytes.slice(0, -64)), signature = new Uint8Array(bytes.slice(-64));
  const issued = new DataView(content.buffer).getUint32(8) * 1000, key = hex(content.subarray(0, 8));
  const who = new TextDecoder().decode(content.subarray(18));
  return { key, id: key + hex(content.subarray(12, 18)), issued, who, content, signature };
}

/* "" when the code is good at this moment, else why not. `keys` finds the public key of a phone. */
export async function problem(token, at, keys, hubKey) {
  if (!token) return "token";
  const known = token.key === HUB_KEY ? hubKey : await keys(token.key);
  if (!known) return "unknown";
  const key = await crypto.subtle.importKey("raw", bytesOf(known), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  const signed = new Uint8Array([...CONTEXT, ...token.content]);
  if (!(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, token.signature, signed))) return "token";
  if (at > token.issued + (token.key === HUB_KEY ? HUB_MS : PHONE_MS) + SKEW_MS) return "expired";
  return at < token.issued - SKEW_MS ? "early" : "";
}

export function bytesOf(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
}

export function textOf(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
