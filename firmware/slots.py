"""A/B slots: folders /a and /b hold downloaded versions, slot "" is the one frozen into the image.

A new version is on trial. It has TRIES boots to finish one whole cycle with an ack of the hub, else the old one is
back.
"""

import json
import os
import sys
import time

import machine

FILE = "/slots.json"
SERVICE_PIN = 15  # held to ground at the start it keeps the board awake for a technician's cable
TRIES = 3
_CRASH_PAUSE_MS = 10_000
_RP2_PAUSE_MS = 5_000
_WATCHDOG_MS = 8_300  # both boards can do it


def load():
    """{slot, old, trial, tries, version, failed, why, news}; a missing file means the frozen version."""
    try:
        with open(FILE) as file:
            state = json.load(file)
    except (OSError, ValueError):
        return {"slot": ""}
    return state if isinstance(state, dict) and state.get("slot") in ("", "a", "b") else {"slot": ""}


def save(state):
    """The file is either the old or the new one, whenever the power goes (littlefs commits at close)."""
    with open(FILE + ".new", "w") as file:
        json.dump(state, file)
    os.rename(FILE + ".new", FILE)


def choose():
    """The slot to run; counts a boot on trial and goes back when there were enough of them."""
    state = load()
    if not state.get("trial"):
        return state["slot"]
    state["tries"] = state.get("tries", 0) + 1
    if state["tries"] > TRIES:
        state = failed(state, f"no ack of the hub within {TRIES} boots")
    save(state)
    return state["slot"]


def failed(state, why):
    """The state after giving up the version on trial; `news` is told to the hub once."""
    return {
        "slot": state.get("old", ""),
        "failed": state.get("version"),
        "why": why,
        "news": True,
    }


def start():
    """Runs the chosen version, which ends by sleeping; one that returns or breaks is started again after a pause."""
    if not machine.Pin(SERVICE_PIN, machine.Pin.IN, machine.Pin.PULL_UP).value():
        print("service: awake while pin", SERVICE_PIN, "was on ground at the start")
        return
    machine.WDT(timeout=_WATCHDOG_MS)  # from here on: a version may even hang while it is imported
    slot = choose()
    if slot:
        sys.path.insert(0, "/" + slot)
    try:
        import main  # the chosen slot comes first in the search path

        main.run()
    except Exception as error:
        sys.print_exception(error)
    if sys.platform == "rp2":
        # Its watchdog cannot be stopped, and one that barks in the RP2040's sleep can lock it up (micropython #17228).
        time.sleep_ms(_RP2_PAUSE_MS)
        machine.reset()
    machine.deepsleep(_CRASH_PAUSE_MS)
