"""Updates over the air: download, digest, signature, unpack into the idle slot, then one trial.

A bundle is a text file: a line {"version": ...}, then one line [name, base64 of the byte code] for each module.
"""

import binascii
import hashlib
import json
import os

import secure
import slots

_PART = "/update.part"
_CHUNK = 1024
_MAX_BYTES = 256 * 1024
_SHA256_INFO = "3031300d060960864801650304020105000420"  # DigestInfo of PKCS #1 v1.5


class RefusedError(ValueError):
    """An update that is not installed; the text says why."""


def news():
    """The alarm of a version that was given up, until `told`."""
    state = slots.load()
    if not state.get("news"):
        return []
    return [("update_rolled_back", "{}: {}".format(state.get("failed"), state.get("why")))]


def told():
    """The alarm is in the outbox now."""
    state = slots.load()
    if state.pop("news", False):
        slots.save(state)


def status(offer, config_v):
    """What a status message says when the offered version was refused or given up."""
    state = slots.load()
    if not offer or not state.get("failed") or offer.get("version") != state["failed"]:
        return {}
    return {"refused_v": config_v, "refused_why": "firmware {}: {}".format(state["failed"], state["why"])}


def confirm():
    """The version on trial has done a whole cycle: it stays."""
    state = slots.load()
    if state.get("trial"):
        slots.save({"slot": state["slot"]})


def follow(offer, running, device, feed):
    """Installs the offered firmware when it is newer than the running one and was not refused before."""
    state = slots.load()
    if not offer or offer.get("version") in (None, running, state.get("failed")) or state.get("trial"):
        return
    try:
        _check_newer(offer["version"], running)
        _download(offer, device, feed)
        _verify(offer, device["update_key"], feed)
        slot = "b" if state["slot"] == "a" else "a"
        _unpack(slot, offer["version"], feed)
    except ValueError as error:  # RefusedError, and whatever cannot be read as a number
        state.update({"failed": offer["version"], "why": str(error)})
        slots.save(state)
        return
    except OSError as error:
        print("update:", error)  # no connection or no space: tried again with the next report
        return
    trial = {"slot": slot, "old": state["slot"], "trial": True, "version": offer["version"]}
    slots.save(trial)


def is_signed(digest, signature, modulus):
    """RSA-3072, PKCS #1 v1.5, SHA-256: the whole encoded message is compared, so nothing can hide in its padding."""
    if len(signature) != 768 or signature.strip("0123456789abcdef"):
        return False
    key, number = int(modulus, 16), int(signature, 16)
    if number >= key:
        return False
    return pow(number, 65537, key) == int("0001" + "ff" * 330 + "00" + _SHA256_INFO + digest, 16)


def _check_newer(version, running):
    """A signature stays valid for ever, so an old version with a known hole must not come back by it."""
    if _number(version) <= _number(running):
        raise RefusedError("older than " + running)


def _number(version):
    try:
        return [int(part) for part in version.split(".")]
    except (AttributeError, ValueError):
        raise RefusedError("not a version") from None


def _download(offer, device, feed):
    """The body of an HTTPS answer into a file, and its digest compared."""
    if not str(offer.get("url")).startswith("https://"):
        raise RefusedError("url must be https")
    place, _, path = offer["url"][8:].partition("/")
    host, _, port = place.partition(":")
    digest = hashlib.sha256()
    stream = secure.connect(device, host, int(port or 443), feed)
    try:
        stream.write(b"GET /" + path.encode() + b" HTTP/1.0\r\nHost: " + place.encode() + b"\r\n\r\n")
        left = _body_size(stream)
        with open(_PART, "wb") as file:
            while left:
                chunk = stream.read(min(left, _CHUNK))
                if not chunk:
                    raise OSError("download ended early")
                digest.update(chunk)
                file.write(chunk)
                left -= len(chunk)
                feed()
    finally:
        stream.close()
    if binascii.hexlify(digest.digest()).decode() != offer.get("sha256"):
        raise RefusedError("digest does not match")


def _body_size(stream):
    """Reads the head of an answer; OSError unless it is a 200 with a length that fits."""
    if b" 200" not in stream.readline():
        raise OSError("no such file")
    size = 0
    while True:
        line = stream.readline().strip().lower()
        if not line:
            break
        if line.startswith(b"content-length:"):
            size = int(line[15:])
    if not 0 < size <= _MAX_BYTES:
        raise RefusedError(f"size must be 1 to {_MAX_BYTES} bytes")
    return size


def _verify(offer, modulus, feed):
    feed()
    if not is_signed(offer["sha256"], str(offer.get("signature")), modulus):
        raise RefusedError("signature does not match")
    feed()


def _unpack(slot, version, feed):
    """Fills the idle slot; it is not in use before the state file says so."""
    _clear("/" + slot)
    with open(_PART) as file:
        if _parsed(file.readline(), dict).get("version") != version:
            raise RefusedError("another version is inside")
        for line in file:
            name, code = _parsed(line, list)
            _write("/" + slot + "/" + name, binascii.a2b_base64(code.encode()))
            feed()
    os.remove(_PART)


def _parsed(line, shape):
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, shape):
        raise RefusedError("not a bundle")
    return value


def _write(path, data):
    folder = ""
    for part in path.split("/")[1:-1]:
        folder += "/" + part
        if part in (".", ".."):
            raise RefusedError("not a bundle")
        if not _exists(folder):
            os.mkdir(folder)
    with open(path, "wb") as file:
        file.write(data)


def _clear(folder):
    """Removes a folder with everything in it."""
    if not _exists(folder):
        return
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            _clear(path)
        else:
            os.remove(path)
    os.rmdir(folder)


def _exists(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True
