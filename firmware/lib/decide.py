"""Pure decisions: a bay's state out of single samples with sleep between them."""

NEW = {
    "state": "unknown",
    "decided": False,  # False until the first decision: a start alone is no news
    "level": None,
    "same": 0,
    "misses": 0,
    "pending": False,  # a change is in the air: look again soon
    "distance_m": None,
}
_SAMES = 2  # equal samples before a change is believed
_MISSES = 3  # samples without an answer before a bay is unknown


def level_of(reading, before, rules):
    """True = a car. `occupied_at` under `free_at` is a distance, over it the strength of a magnetic field."""
    near, far = rules.occupied_at, rules.free_at
    if near > far:
        reading, near, far = -reading, -near, -far
    if reading < near:
        return True
    if reading > far:
        return False
    return before is True


def observe(bay, reading, rules):
    """The bay after one more sample; `reading` None means that the sensor gave no answer."""
    if reading is None:
        return _missed(bay)
    level = level_of(reading, bay["level"], rules)
    same = min(bay["same"] + 1, _SAMES) if level == bay["level"] else 1
    after = dict(bay, level=level, same=same, misses=0, distance_m=reading if rules.is_distance else None)
    state = "occupied" if level else "free"
    after["pending"] = same < _SAMES
    if same >= _SAMES:
        after["state"], after["decided"] = state, True
    return after


def _missed(bay):
    """The level is forgotten with the third miss: an echo that comes back is news again."""
    misses = min(bay["misses"] + 1, _MISSES)
    after = dict(bay, misses=misses, distance_m=None, pending=misses < _MISSES)
    if misses == _MISSES:
        after.update({"state": "unknown", "decided": True, "level": None, "same": 0})
    return after
