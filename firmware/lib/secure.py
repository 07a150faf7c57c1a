"""TLS connections to the broker and for downloads: the peer must prove its name, the sensor shows its certificate."""

import socket
import ssl

_TIMEOUT_S = 5  # well under the watchdog's


def connect(device, host, port, feed):
    """A stream with read, write and close; OSError when there is no connection or no proof."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=_file(device["ca_file"]))
    context.load_cert_chain(_file(device["cert_file"]), _file(device["key_file"]))
    plain = socket.socket()
    try:
        plain.settimeout(_TIMEOUT_S)
        plain.connect(socket.getaddrinfo(host, port)[0][-1])
        feed()
        stream = context.wrap_socket(plain, server_hostname=host)
        feed()
    except Exception:
        plain.close()
        raise
    return stream


def _file(path):
    with open(path, "rb") as file:
        return file.read()
