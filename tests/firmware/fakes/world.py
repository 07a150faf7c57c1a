"""The world around the sensor: its scene comes from the test, what happens is said back as events.

Time is virtual. A watchdog that is not fed in time, a power cut in the middle of a write, a reset and deep sleep all
end the wake by a BaseException that the firmware cannot catch by accident.
"""

import builtins
import io
import json
import os
import time

import hostio

scene = json.loads(hostio.scene())
_open, _rename, _remove = open, os.rename, os.remove


class End(BaseException):
    """The wake is over."""


class _State:
    clock_ms = scene.get("ticks", 300)
    dog_ms = None
    fed_ms = 0
    flash = scene.get("flash_bytes")


def say(event, **more):
    """Tells the test."""
    hostio.say(json.dumps(dict(more, event=event)))


def end(event, **more):
    """The wake ends here."""
    say(event, **more)
    raise End(event)


def now_ms():
    return _State.clock_ms


def spend(ms):
    """Time passes; the watchdog barks when it was not fed for too long."""
    _State.clock_ms += ms
    if _State.dog_ms is not None and _State.clock_ms - _State.fed_ms > _State.dog_ms:
        end("watchdog", after_ms=_State.clock_ms - _State.fed_ms)


def guard(timeout_ms):
    """The watchdog runs from now on."""
    _State.dog_ms = timeout_ms
    feed()


def feed():
    _State.fed_ms = _State.clock_ms


def burn(count):
    """Takes `count` from what can be written before the power goes; returns how much of it is still written."""
    if _State.flash is None:
        return count
    done = min(count, _State.flash)
    _State.flash -= done
    return done


class _Flash(io.IOBase):
    """A file whose writing may stop at any byte."""

    def __init__(self, path, mode):
        self._file = _open(path, mode.replace("b", "") + "b")

    def write(self, data):
        data = data.encode() if isinstance(data, str) else bytes(data)
        done = burn(len(data))
        self._file.write(data[:done])
        if done < len(data):
            self._file.close()
            end("power_cut")
        return done

    def close(self):
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()


def _flash_open(path, mode="r"):
    return _Flash(path, mode) if "w" in mode or "a" in mode else _open(path, mode)


def _changed(change):
    """A change of the directory happens as a whole or not at all."""

    def step(*paths):
        if not burn(1):
            end("power_cut")
        return change(*paths)

    return step


def set_flash(count):
    """The power goes after so many more bytes; None means never."""
    _State.flash = count


def start():
    """Plays the scene: the script that it has, else a boot of the firmware."""
    time.ticks_ms, time.sleep_ms, time.sleep_us = now_ms, spend, lambda us: None
    os.urandom = lambda count: bytes((scene.get("seed", 1) + 7 * place) % 256 for place in range(count))
    builtins.open = _flash_open
    os.rename, os.remove = _changed(_rename), _changed(_remove)
    try:
        if "script" in scene:
            exec(scene["script"], {"say": say, "set_flash": set_flash, "End": End})
        else:
            import boot  # noqa: F401 (importing is what MicroPython does with it)
    except End:
        return
