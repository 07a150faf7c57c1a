"""TLS as a contract: no stream without the right authority, the peer's name and the sensor's own certificate."""

import servers
import world

PROTOCOL_TLS_CLIENT, CERT_NONE, CERT_REQUIRED = 0, 0, 2


class SSLContext:
    def __init__(self, _protocol):
        self.verify_mode, self._authority, self._own = CERT_NONE, None, None

    def load_verify_locations(self, cadata):
        self._authority = cadata

    def load_cert_chain(self, cert, key):
        self._own = cert, key

    def wrap_socket(self, sock, server_hostname):
        host, port = sock.address
        world.spend(1500)
        if self.verify_mode != CERT_REQUIRED or self._authority != world.scene.get("authority", "CA").encode():
            raise OSError("certificate verify failed")
        if server_hostname != host or self._own != (b"CERT", b"KEY"):
            raise OSError("handshake failed")
        world.say("tls", host=host, port=port)
        return servers.open_stream(port)
