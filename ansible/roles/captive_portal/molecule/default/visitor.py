"""A visitor's device on the cable `guest0`, as root in the node's environment: prints as JSON what it gets."""

import http.client
import json
import socket
import subprocess
import sys

from scapy.all import BOOTP, DHCP, DNS, DNSQR, IP, UDP, Ether, conf, get_if_hwaddr, mac2str, srp1

CABLE, ELSEWHERE, PORTAL_HOST = "guest0", "192.0.2.1", sys.argv[1]


def lease() -> dict[str, str]:
    """What the node offers, and takes the address."""
    conf.checkIPaddr = False  # the answer comes from somebody who was not asked by address
    mac = get_if_hwaddr(CABLE)
    frame = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
    asked = BOOTP(chaddr=mac2str(mac), flags=0x8000) / DHCP(options=[("message-type", "discover"), "end"])
    offer = srp1(frame / asked, iface=CABLE, timeout=5, retry=2, verbose=False)
    options = dict(option[:2] for option in offer[DHCP].options if isinstance(option, tuple))
    for words in (f"address add {offer[BOOTP].yiaddr}/16 dev {CABLE}", f"route add default via {options['router']}"):
        subprocess.run(["ip", *words.split()], check=True)
    return {"address": offer[BOOTP].yiaddr, "router": options["router"], "portal": options["captive-portal"].decode()}


def name(router: str) -> str:
    """The portal's address by the node's own name server."""
    with socket.socket(type=socket.SOCK_DGRAM) as line:
        line.settimeout(5)
        line.sendto(bytes(DNS(rd=1, qd=DNSQR(qname=PORTAL_HOST))), (router, 53))
        return str(DNS(line.recv(512)).an[0].rdata)


def ask(method: str, host: str, path: str) -> tuple[int, str, str]:
    """(status, where it leads, page); 0 when nobody answers."""
    line = http.client.HTTPConnection(host, timeout=3)
    try:
        line.request(method, path, headers={"Host": PORTAL_HOST if host != ELSEWHERE else host})
        answer = line.getresponse()
    except OSError:
        return 0, "", ""
    return answer.status, answer.headers.get("Location", ""), answer.read().decode()


def opens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


got = lease()
seen: dict[str, object] = {**got, "name": name(got["router"]), "ssh": opens(got["router"], 22)}
seen["probe"] = ask("GET", ELSEWHERE, "/generate_204")[:2]
seen["page"] = ask("GET", got["router"], "/")
seen["accept"] = ask("POST", got["router"], "/verbinden")[0]
seen["probe_after"] = ask("GET", ELSEWHERE, "/generate_204")[0]
print(json.dumps(seen))
