"""Thresholds and pace, changed over the air. A newer `v` is taken or refused as a whole; the last good one stays."""

import json
import os

from edge import wire

FILE = "/config.json"
_APART_M = 0.15  # thresholds closer than this would flutter
# key -> (default, lowest, highest)
_RULES = {"sample_s": (10, 2, 600), "repeat_minutes": (15, 1, 1440)}
_ULTRASONIC = {"occupied_below_m": (0.9, 0.2, 4), "free_above_m": (1.2, 0.2, 4)}
_MAGNETIC = {"occupied_above_ut": (12, 2, 500), "free_below_ut": (6, 1, 500)}


class RefusedError(ValueError):
    """A configuration that this sensor does not take; the text says why."""


class Rules:
    """The rules in force; `hear` may change them."""

    def __init__(self, device):
        self._bay, self.is_distance = device["bay"], device["sensor"] == "ultrasonic"
        self.refused_v = self.refused_why = None
        try:
            with open(FILE) as file:
                self._take(wire.decode("config", file.read().encode()))
        except (OSError, ValueError):
            self._take({"v": 0})

    def hear(self, body):
        """Takes a newer configuration or remembers why not. True when it was taken."""
        if body["v"] <= self.v:
            return False
        try:
            self._take(body)
        except RefusedError as error:
            self.refused_v, self.refused_why = body["v"], str(error)
            return False
        self.refused_v = self.refused_why = None
        with open(FILE + ".new", "w") as file:
            json.dump(body, file)
        os.rename(FILE + ".new", FILE)
        return True

    def status(self):
        """What a status message says of the configuration."""
        body = {"config_v": self.v}
        if self.refused_v:
            body.update({"refused_v": self.refused_v, "refused_why": self.refused_why})
        return body

    def _take(self, body):
        """All or nothing: RefusedError leaves everything as it was."""
        rules = _checked(body.get("rules") or {}, _RULES)
        own = [bay for bay in body.get("bays") or [] if isinstance(bay, dict) and bay.get("id") == self._bay]
        limits = own[0] if own else {}
        limits = _checked(limits, _ULTRASONIC if self.is_distance else _MAGNETIC)
        if self.is_distance:
            occupied_at, free_at = limits["occupied_below_m"], limits["free_above_m"]
            if free_at - occupied_at < _APART_M - 1e-6:
                raise RefusedError("free_above_m must be at least 15 cm over occupied_below_m")
        else:
            occupied_at, free_at = limits["occupied_above_ut"], limits["free_below_ut"]
            if occupied_at <= free_at:
                raise RefusedError("occupied_above_ut must be over free_below_ut")
        self.occupied_at, self.free_at = occupied_at, free_at
        self.sample_ms, self.repeat_ms = int(rules["sample_s"] * 1000), int(rules["repeat_minutes"] * 60_000)
        self.v, self.firmware = body["v"], body.get("firmware")


def _checked(section, known):
    """The known keys with their defaults; keys of other kinds of nodes are left alone."""
    values = {}
    for key, (default, lowest, highest) in known.items():
        value = section.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not lowest <= value <= highest:
            raise RefusedError(f"{key} must be a number from {lowest} to {highest}")
        values[key] = value
    return values
