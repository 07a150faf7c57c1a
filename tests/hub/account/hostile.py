"""A broker with faults, a process of its own: `python -m tests.hub.account.hostile PORT`.

POST /control {"fault": ..., "claims": {...}} says what it does wrong and whom it names; GET /seen what it was asked.
Without a fault it is strict: client, redirect address and PKCE must fit, and a code is worth one token.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry

CLIENT, SECRET = "stadt rappenau", "geheim:ß%&"
HANG_S = 30

OWN = RSAKey.generate_key(2048, {"kid": "own", "use": "sig"})
NEXT = ECKey.generate_key("P-256", {"kid": "next", "use": "sig"})
STRANGE = RSAKey.generate_key(2048, {"kid": "own"})
PEM = OWN.as_pem(private=False)


class World:
    """What the test said and what was asked."""

    def __init__(self) -> None:
        self.fault, self.claims = "", {}
        self.codes: dict[str, dict[str, str]] = {}
        self.seen: dict[str, int] = {}
        self.last: dict[str, str] = {}
        self.keys = [OWN]


WORLD = World()


class Broker(BaseHTTPRequestHandler):
    """One request."""

    def log_message(self, *_: object) -> None:
        """Stays silent."""

    def do_GET(self) -> None:
        """Discovery, keys, the log-in page that asks nobody."""
        parts = urlsplit(self.path)
        WORLD.seen[parts.path] = WORLD.seen.get(parts.path, 0) + 1
        routes = {
            "/.well-known/openid-configuration": self.discovery,
            "/jwks": self.jwks,
            "/authorize": self.authorize,
            "/seen": lambda: self.say({"seen": WORLD.seen, "last": WORLD.last}),
        }
        routes[parts.path]()

    def do_POST(self) -> None:
        """The token, and the test's orders."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        WORLD.seen[self.path] = WORLD.seen.get(self.path, 0) + 1
        if self.path == "/control":
            orders = json.loads(body)
            WORLD.fault, WORLD.claims, WORLD.seen = orders["fault"], orders["claims"], {}
            WORLD.keys = [NEXT, OWN] if WORLD.fault == "rotated" else [OWN]
            self.say({})
        else:
            self.token({name: found[0] for name, found in parse_qs(body).items()})

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def discovery(self) -> None:
        facts = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }
        if WORLD.fault == "discovery-issuer":
            facts["issuer"] = "https://evil.example"
        if WORLD.fault == "discovery-address":
            facts["token_endpoint"] = "file:///etc/passwd"
        if WORLD.fault in ("promised-iss", "mix-up"):
            facts["authorization_response_iss_parameter_supported"] = True
        if WORLD.fault == "secret-in-form":
            facts["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
        if WORLD.fault == "discovery-500":
            self.say({}, 500)
        elif WORLD.fault == "discovery-hang":
            time.sleep(HANG_S)
        elif WORLD.fault == "discovery-nonsense":
            self.send(b"<html>Wartung</html>", 200)
        else:
            self.say(facts)

    def jwks(self) -> None:
        if WORLD.fault == "no-keys":
            self.say({"keys": [{"kty": "oct", "k": "aaaa"}, {"kty": "RSA", "n": 5}, "?"]})
        else:
            self.say({"keys": [{"kty": "new-kind"}, *(key.as_dict(private=False) for key in WORLD.keys)]})

    def authorize(self) -> None:
        asked = {name: found[0] for name, found in parse_qs(urlsplit(self.path).query).items()}
        WORLD.last, code = asked, secrets.token_urlsafe(12)
        WORLD.codes[code] = asked
        answer = {"code": code, "state": asked["state"]}
        if WORLD.fault == "mix-up":
            answer["iss"] = "https://honest.example"
        if WORLD.fault == "right-iss":
            answer["iss"] = self.issuer
        if WORLD.fault.startswith("error:"):
            answer = {"error": WORLD.fault.removeprefix("error:"), "state": asked["state"]}
        self.send(b"", 302, Location=f"{asked['redirect_uri']}?{urlencode(answer)}")

    def token(self, form: dict[str, str]) -> None:
        broken = {
            "token-500": lambda: self.say({}, 500),
            "token-hang": lambda: time.sleep(HANG_S),
            "token-drip": self.drip,
            "token-huge": lambda: self.say({"id_token": "a" * 1_000_000}),
            "token-nonsense": lambda: self.send(b"[" * 50_000, 200),
            "token-list": lambda: self.say([]),
            "token-redirect": lambda: self.send(b"", 307, Location=f"{self.issuer}/elsewhere"),
            "token-none": lambda: self.say({"access_token": "a"}),
        }.get(WORLD.fault)
        if broken is not None:
            broken()
            return
        asked = WORLD.codes.pop(form.get("code", ""), None)
        if asked is None or not self.client_fits(form) or not pkce_fits(asked, form):
            self.say({"error": "invalid_grant"}, 400)
            return
        self.say({"access_token": "a", "token_type": "Bearer", "id_token": sign(self.claims(asked))})

    def claims(self, asked: dict[str, str]) -> dict[str, object]:
        now = int(time.time())
        made = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "erika",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **WORLD.claims,
        }
        return {name: value for name, value in made.items() if value is not None}

    def client_fits(self, form: dict[str, str]) -> bool:
        if WORLD.fault == "secret-in-form":
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        pair = base64.b64encode(f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {pair}"

    def drip(self) -> None:
        """A byte now and then, for ever."""
        self.send_response(200)
        self.end_headers()
        for _ in range(HANG_S * 5):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.2)

    def say(self, content: object, status: int = 200) -> None:
        self.send(json.dumps(content).encode(), status)

    def send(self, body: bytes, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def pkce_fits(asked: dict[str, str], form: dict[str, str]) -> bool:
    """S256 of the verifier, and the same redirect address."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if asked.get("code_challenge_method") != "S256" or challenge != asked.get("code_challenge"):
        return False
    return form.get("redirect_uri") == asked["redirect_uri"]


def sign(claims: dict[str, object]) -> str:
    """An ID token, signed as the fault wants it."""
    fault = WORLD.fault
    if fault == "alg-none":
        head, body = (part(json.dumps(one)) for one in ({"alg": "none"}, claims))
        return f"{head}.{body}."
    if fault == "hs256-with-the-public-key":
        registry = JWSRegistry(algorithms=["HS256"])
        return jwt.encode({"alg": "HS256", "kid": "own"}, claims, OctKey.import_key(PEM), ["HS256"], registry=registry)
    if fault == "rotated":
        return jwt.encode({"alg": "ES256", "kid": "next"}, claims, NEXT)
    if fault == "unknown-kid":
        return jwt.encode({"alg": "RS256", "kid": "nobody"}, claims, OWN)
    key = STRANGE if fault == "strange-key" else OWN
    token = jwt.encode({"alg": "RS256", "kid": "own"}, claims, key)
    if fault == "changed":
        head, _body, tail = token.split(".")
        return f"{head}.{part(json.dumps({**claims, 'acr': 'STORK-QAA-Level-4'}))}.{tail}"
    return token


def part(text: str) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Broker).serve_forever()
