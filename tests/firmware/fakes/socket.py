"""Sockets that reach nothing but the fake servers, and those only through ssl."""

import world


def getaddrinfo(host, port):
    if not world.scene.get("dns", True):
        raise OSError(-2)
    return [(2, 1, 0, "", (host, port))]


class socket:  # noqa: N801 (its name in MicroPython)
    def settimeout(self, seconds):
        self.timeout_s = seconds

    def connect(self, address):
        self.address = address
        if not world.scene.get("internet", True):
            world.spend(int(self.timeout_s * 1000))
            raise OSError(110)

    def write(self, data):
        world.say("plain_text", bytes=len(data))

    def close(self):
        return None
