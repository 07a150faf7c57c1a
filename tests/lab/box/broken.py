"""How a node is spoiled and mended again, and what its doctor must say of it."""

CONFIG, STATE = "/etc/stadtknoten/node.toml", "/var/lib/stadtknoten"
PYTHON = "/opt/stadtknoten/node/current/bin/python"
EXPIRED = """
import datetime
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.datetime.now(datetime.UTC)
made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
days = [now - datetime.timedelta(days=some) for some in (95, 5)]
made = made.not_valid_before(days[0]).not_valid_after(days[1]).sign(key, hashes.SHA256())
print(made.public_bytes(serialization.Encoding.PEM).decode())
"""
# Nobody may set this machine's clock: the hub's is wrong instead, which is the same for who compares.
_LATE = """
import email.utils, http.server, time
class Late(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response_only(200)
        self.send_header("Date", email.utils.formatdate(time.time() - 7200, usegmt=True))
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 8099), Late).serve_forever()
"""


def program(text: str) -> str:
    """A shell command that writes a Python program to /tmp/program.py."""
    return f"cat > /tmp/program.py <<'END'\n{text}\nEND\n"


def edited(expression: str) -> tuple[str, str]:
    """(change node.toml with sed, take the change back)."""
    return f"cp -p {CONFIG} /tmp/kept; sed -i '{expression}' {CONFIG}", f"cp -p /tmp/kept {CONFIG}"


COUNTRY, HUB = edited('s/^country = .*/country = "XX"/'), edited('s#^hub = .*#hub = "http://127.0.0.1:8099"#')
BROKEN = {
    "radio": (*COUNTRY, ("does not exist", "town_country")),
    "ports": (
        "systemctl stop stadtknoten-portal; systemd-run --quiet --unit=stranger python3 -m http.server 8081; sleep 1",
        "systemctl stop stranger; systemctl start stadtknoten-portal",
        ("8081 is taken by http.server", "[portal] listen"),
    ),
    "certificate": (
        program(EXPIRED)
        + f"cp -p {STATE}/node.pem /tmp/kept; {PYTHON} /tmp/program.py > /tmp/new; cat /tmp/new > {STATE}/node.pem",
        f"cp -p /tmp/kept {STATE}/node.pem",
        ("certificate ended 5 days ago", "enrol CODE"),
    ),
    "disk": (
        f"systemctl stop stadtknoten-edge; mount -t tmpfs -o size=1m tmpfs {STATE}; "
        f"head -c 2000000 /dev/zero > {STATE}/x 2>/dev/null; true",
        f"umount {STATE}; systemctl start stadtknoten-edge",
        ("disk is full", "Make room"),
    ),
    "uplink": (
        "ip link set eth0 down",
        "ip link set eth0 up; ip route replace default via 10.9.0.1",
        ("no line", "cable"),
    ),
    "clock": (
        program(_LATE) + "systemd-run --quiet --unit=late python3 /tmp/program.py; sleep 1; " + HUB[0],
        "systemctl stop late; " + HUB[1],
        ("2 hours ahead", "chronyc makestep"),
    ),
}
