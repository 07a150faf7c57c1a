"""One wake of the sensor: measure, decide, publish, sleep."""

import clock
import config
import decide
import memory
import power
import sensor
import settings
import slots
import store
import update
import uplink

VERSION = "1.0.0"
_CONFIRM_MS = 3_000  # a change is looked at again this soon
_TRIAL_MS = 60_000  # three boots on trial should outlast a short outage of the hub
_FIRST_RETRY_MS, _LONGEST_RETRY_MS = 30_000, 900_000


def run():
    """Never returns: it ends in deep sleep."""
    device = settings.load()
    feed = power.watchdog(device["board"]).feed
    kept = memory.take(device["board"])
    now = clock.Clock(kept, device)
    rules = config.Rules(device)
    before = kept.get("bay") or decide.NEW
    bay = decide.observe(before, sensor.read(device, feed), rules)
    battery = power.Battery(device, kept.get("battery_low", False))
    outbox = store.Outbox()

    changed = bay["state"] != before["state"] or bay["decided"] != before["decided"]
    if changed or (bay["decided"] and now.up_ms() - kept.get("said_ms", 0) >= rules.repeat_ms * battery.thrift):
        outbox.put(
            "bay",
            now.stamp(_reading(device, bay, rules.repeat_ms * battery.thrift)),
            store.CHANGE if changed else store.REPEAT,
        )
        kept["said_ms"] = now.up_ms()
    trial = slots.load().get("trial", False)
    _put_alarms(outbox, now, battery, trial)
    if changed or trial or (outbox.rows and now.up_ms() >= kept.get("retry_ms", 0)):
        _report(device, kept, now, rules, battery, outbox, feed)
    kept["bay"], kept["battery_low"] = bay, battery.low
    rest_ms = _CONFIRM_MS if bay["pending"] else rules.sample_ms * battery.thrift
    if trial:
        rest_ms = max(rest_ms, _TRIAL_MS)
    memory.keep(device["board"], kept, now.before_sleep(rest_ms))
    power.rest(device["board"], rest_ms, feed)


def _reading(device, bay, repeat_ms):
    body = {"bay": device["bay"], "state": bay["state"], "repeat_s": repeat_ms // 1000}
    if bay["distance_m"] is not None:
        body["distance_m"] = bay["distance_m"]
    return body


def _put_alarms(outbox, now, battery, trial):
    for code, text in battery.news() + update.news():
        outbox.put("alarm", now.stamp({"code": code, "text": text}), store.CHANGE)
    update.told()
    if trial and not outbox.rows:
        # Only a durable message is acked, and only an ack confirms.
        outbox.put("alarm", now.stamp({"code": "update_trial", "text": VERSION}), store.CHANGE)


def _report(device, kept, now, rules, battery, outbox, feed):
    """Sends what waits; a failure makes the next tries rarer, a success with ack confirms a version on trial."""
    status = {"software": VERSION, "battery_mv": battery.mv, "bays": [device["bay"]]}
    status.update(update.status(rules.firmware, rules.v))
    with uplink.Wifi(device, feed) as wifi:
        done = wifi.up and uplink.exchange(device, outbox, now, rules, status, feed)
        if done:
            update.confirm()
            update.follow(rules.firmware, VERSION, device, feed)
    pause = kept.get("pause_ms", 0)
    kept["pause_ms"] = 0 if done else min(max(pause * 2, _FIRST_RETRY_MS), _LONGEST_RETRY_MS)
    kept["retry_ms"] = now.up_ms() + kept["pause_ms"]
