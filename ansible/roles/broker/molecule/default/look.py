"""Attacks the broker on this machine, as root in the hub's environment; ends in silence when it holds."""

import queue
import ssl
import subprocess
import tempfile
from pathlib import Path

import paho.mqtt.client as mqtt

STATE = Path("/var/lib/stadtknoten-hub")
HUB = (str(STATE / "tls/hub.crt"), str(STATE / "tls/hub.key"))
WAIT_S = 5
Pair = tuple[str, str]


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def certificate(home: Path, name: str, authority: Path | None) -> Pair:
    """A pair for `name`, signed by the authority's .crt and .key, or by itself."""
    made, key = str(home / f"{name}.crt"), str(home / f"{name}.key")
    words = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
    signer = ["-CA", f"{authority}.crt", "-CAkey", f"{authority}.key"] if authority else []
    openssl(*words, "-x509", "-days", "1", "-subj", f"/CN={name}", *signer, "-out", made)
    return made, key


def connect(pair: Pair | None) -> mqtt.Client:
    """A connected client; OSError when the broker does not want it."""
    client, said = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2), queue.Queue[object]()
    client.tls_set(str(STATE / "tls/ca.crt"), *(pair or ()), tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.on_connect = client.on_disconnect = lambda *words: said.put(words[3])
    client.connect("localhost", 8883)
    client.loop_start()
    answer = said.get(timeout=WAIT_S)
    if answer != "Success":
        client.loop_stop()
        raise OSError(answer)
    return client


def hears(client: mqtt.Client, topics: str) -> "queue.Queue[str]":
    """What comes to a client under `topics`, from now on; what the hub keeps there for everybody is left out."""
    heard, ready = queue.Queue[str](), queue.Queue[None]()
    client.on_message = lambda *words: None if words[2].retain else heard.put(words[2].topic)
    client.on_subscribe = lambda *words: ready.put(None)
    client.subscribe(topics)
    ready.get(timeout=WAIT_S)
    return heard


def refused(pair: Pair | None) -> bool:
    try:
        connect(pair)
    except OSError:
        return True
    return False


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        lake, stranger = (certificate(Path(scratch), *who) for who in (("lake", STATE / "ca/ca"), ("stranger", None)))
        assert refused(None), "without a certificate"
        assert refused(stranger), "under a certificate of its own making"
        node, hub = connect(lake), connect(HUB)
    for listener, speaker, topics, other, own in (
        (hub, node, "node/#", "node/v1/other/look", "node/v1/lake/look"),
        (node, hub, "hub/v1/#", "hub/v1/other/look", "hub/v1/lake/look"),
    ):
        heard = hears(listener, topics)
        for topic in (other, own):
            speaker.publish(topic, b"{}", qos=1)
        first = heard.get(timeout=WAIT_S)
        assert first == own, f"a node had to do with {first}"


main()
