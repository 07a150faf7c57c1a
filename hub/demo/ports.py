"""Free TCP ports: the usual one if it is free, else the next."""

import socket


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True when nobody listens on host:port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def choose(wanted: int, taken: set[int]) -> int:
    """`wanted` or the next free port above it that is not in `taken`; the choice is added to `taken`."""
    for port in range(wanted, min(wanted + 200, 65536)):
        if port not in taken and is_free(port):
            taken.add(port)
            return port
    raise OSError(f"no free port between {wanted} and {wanted + 199}")
