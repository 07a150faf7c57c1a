"""The bare prototype that the portal is measured against: threads, libnftables in process, nothing kept, no TLS."""

import http.server
import sys
import threading

from captive_portal.nft import Nft

RULES = """table inet portal {
  set up { type ether_addr . ipv4_addr; flags timeout; }
  chain capture { type nat hook prerouting priority dstnat;
    iifname "lan0" tcp dport 80 ether saddr . ip saddr != @up redirect to :8081; }
  chain forward { type filter hook forward priority filter; policy drop;
    iifname "lan0" ether saddr . ip saddr @up accept; iifname "wan0" ct state established accept; }
  chain share { type nat hook postrouting priority srcnat; oifname "wan0" masquerade; }
}"""
nft, lock = Nft(), threading.Lock()
nft.text(RULES)


class Page(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        with open("/proc/net/arp") as table:  # noqa: PTH123
            mac = next(line.split()[3] for line in table if line.startswith(self.client_address[0] + " "))
        with lock:
            nft.text(f"add element inet portal up {{ {mac} . {self.client_address[0]} timeout 1h }}")
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


http.server.ThreadingHTTPServer.request_queue_size = 512
http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Page).serve_forever()
