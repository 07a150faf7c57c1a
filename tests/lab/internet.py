"""The lab's internet: says hello over HTTP and HTTPS, and serves and takes bytes. Run inside its own namespace."""

import http.server
import socket
import ssl
import sys

_CHUNK = bytes(64 * 1024)


class Server(http.server.ThreadingHTTPServer):
    """Both families, a thread a connection."""

    address_family = socket.AF_INET6
    request_queue_size = 512
    daemon_threads = True


class Page(http.server.BaseHTTPRequestHandler):
    """GET / says hello, GET /bytes/<n> sends n bytes, POST takes what comes."""

    def do_GET(self) -> None:
        """hello, or bytes."""
        size = int(self.path.removeprefix("/bytes/")) if self.path.startswith("/bytes/") else 0
        body = b"the internet says hello to " + self.client_address[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(size or len(body)))
        self.end_headers()
        if not size:
            self.wfile.write(body)
        while size > 0:
            self.wfile.write(_CHUNK[:size])
            size -= len(_CHUNK)

    def do_POST(self) -> None:
        """Take everything, then say hello."""
        left = int(self.headers["Content-Length"])
        while left > 0:
            left -= len(self.rfile.read(min(left, len(_CHUNK))))
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    server = Server(("::", int(sys.argv[1])), Page)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()
