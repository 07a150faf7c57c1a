"""Stays in real towns, as their tariffs are published: (tariff, from, to, cents[, exempt, used free minutes])."""

STAYS = [
    # Sinsheim: 1.00 a started half hour in the core, 0.50 in the ring; Saturday free until 15:00
    ("sinsheim-kern", "2026-03-02T10:00", "2026-03-02T10:30", 100),
    ("sinsheim-kern", "2026-03-02T10:00", "2026-03-02T10:31", 200),
    ("sinsheim-kern", "2026-03-02T10:00", "2026-03-02T10:00", 0),
    ("sinsheim-kern", "2026-03-07T10:00", "2026-03-07T15:00", 0),
    ("sinsheim-kern", "2026-03-07T14:30", "2026-03-07T15:01", 100),
    ("sinsheim-kern", "2026-03-08T03:00", "2026-03-08T04:00", 200),
    ("sinsheim-kern", "2026-03-06T23:45", "2026-03-07T15:20", 200),
    ("sinsheim-kern", "2026-03-29T01:00", "2026-03-29T04:00", 400),  # two hours pass
    ("sinsheim-kern", "2026-10-25T01:00", "2026-10-25T04:00", 800),  # and four
    ("sinsheim-kern", "2026-03-07T14:59", "2026-03-07T15:31", 200),
    ("sinsheim-ring", "2026-03-07T23:50", "2026-03-08T00:20", 50),
    ("sinsheim-ring", "2026-03-02T10:00", "2026-03-02T12:10", 250),
    # Neckarsulm: first hour free, second 1.00, then 2.00 an hour, 8.00 a day
    ("neckarsulm", "2026-03-02T09:00", "2026-03-02T10:00", 0),
    ("neckarsulm", "2026-03-02T09:00", "2026-03-02T10:01", 100),
    ("neckarsulm", "2026-03-02T09:00", "2026-03-02T12:00", 300),
    ("neckarsulm", "2026-03-02T09:00", "2026-03-02T12:01", 500),
    ("neckarsulm", "2026-03-02T09:00", "2026-03-02T22:00", 800),
    ("neckarsulm", "2026-03-02T23:30", "2026-03-03T01:30", 100),  # the second hour begins on the next day
    ("neckarsulm", "2026-03-02T20:00", "2026-03-03T09:00", 500 + 800),  # 0 + 1 + 2 + 2, then the cap anew
    ("neckarsulm", "2026-03-02T09:00", "2026-03-02T10:01", 100, None, 60),
    ("neckarsulm", "2026-10-24T22:00", "2026-10-25T05:00", 100 + 800),  # eight hours; the cap from midnight
    ("neckarsulm-p6", "2026-03-02T09:00", "2026-03-02T11:00", 0),
    ("neckarsulm-p6", "2026-03-02T09:00", "2026-03-02T12:01", 300, None, 120),
    ("neckarsulm-p6", "2026-03-02T22:00", "2026-03-03T09:00", 800),  # free until midnight
    ("neckarsulm-p6", "2026-03-02T09:00", "2026-03-02T11:01", 100),
    ("neckarsulm-p6", "2026-03-02T09:00", "2026-03-02T13:00", 300),
    # Neckarsulm station: half an hour free; up to 2 h 1.00, up to 4 h 2.00, more 4.00; Mon-Fri 6-18, Sat 6-13
    ("neckarsulm-bahnhof", "2026-03-02T08:00", "2026-03-02T08:30", 0),
    ("neckarsulm-bahnhof", "2026-03-02T08:00", "2026-03-02T08:31", 100),
    ("neckarsulm-bahnhof", "2026-03-02T08:00", "2026-03-02T10:00", 100),
    ("neckarsulm-bahnhof", "2026-03-02T08:00", "2026-03-02T10:01", 200),
    ("neckarsulm-bahnhof", "2026-03-02T08:00", "2026-03-02T12:01", 400),
    ("neckarsulm-bahnhof", "2026-03-02T17:00", "2026-03-03T07:00", 100),
    ("neckarsulm-bahnhof", "2026-03-07T12:00", "2026-03-09T06:30", 100),
    ("neckarsulm-bahnhof", "2026-03-08T08:00", "2026-03-08T18:00", 0),
    ("neckarsulm-bahnhof", "2026-03-02T08:00", "2026-03-02T08:20", 100, None, 30),
    # Heilbronn north: 0.50 a started 20 min, 8-18 every day, 2 h at most; e-cars free; 18-8 residents only
    ("heilbronn-nord", "2026-03-02T08:00", "2026-03-02T08:20", 50),
    ("heilbronn-nord", "2026-03-02T08:00", "2026-03-02T08:21", 100),
    ("heilbronn-nord", "2026-03-08T16:00", "2026-03-08T18:00", 300),
    ("heilbronn-nord", "2026-03-02T10:00", "2026-03-02T12:00", 0, "ev"),
    ("heilbronn-nord", "2026-03-02T10:00", "2026-03-02T12:00", 300, "disabled"),
    ("heilbronn-nord", "2026-03-02T17:00", "2026-03-02T19:00", 150, "resident"),
    ("heilbronn-nord", "2026-03-02T22:00", "2026-03-02T23:00", 0, "resident"),
    # Friedrichshafen: 1.1 ct a minute; zone 2 2.2 ct, 100 min at most; lake baths 33 ct an hour in the season
    ("friedrichshafen", "2026-03-02T10:00", "2026-03-02T11:00", 66),
    ("friedrichshafen", "2026-03-02T10:00", "2026-03-02T10:05", 6),  # 5.5 is rounded up
    ("friedrichshafen", "2026-03-02T10:00", "2026-03-02T10:04", 4),  # 4.4
    ("friedrichshafen", "2026-03-02T00:00", "2026-03-03T00:00", 1584),
    ("friedrichshafen", "2026-03-29T00:00", "2026-03-29T06:00", 330),  # the clock skips an hour: five hours
    ("friedrichshafen", "2026-10-25T00:00", "2026-10-25T06:00", 462),  # and gives one back: seven
    ("friedrichshafen", "2026-03-02T10:00", "2026-03-02T10:00:30", 1),  # 0.55
    ("friedrichshafen-2", "2026-03-02T10:00", "2026-03-02T11:40", 220),
    ("friedrichshafen-2", "2026-10-25T02:30", "2026-10-25T03:10", 220),  # the hour comes twice: 100 minutes
    ("friedrichshafen-bad", "2026-05-14T23:59", "2026-05-15T00:01", 30),
    ("friedrichshafen-bad", "2026-06-02T10:00", "2026-06-02T10:10", 30),
    ("friedrichshafen-bad", "2026-06-02T10:00", "2026-06-02T12:00", 66),
    ("friedrichshafen-bad", "2026-06-02T08:00", "2026-06-02T20:00", 220),
    ("friedrichshafen-bad", "2026-05-14T10:00", "2026-05-14T20:00", 0),
    ("friedrichshafen-bad", "2026-05-14T20:00", "2026-05-15T02:00", 66),
    ("friedrichshafen-bad", "2026-09-15T22:00", "2026-09-16T09:00", 66),
    # Dußlingen: 2 h free a day, 0.50 a started hour, 3.00 a day, 20.00 a week; Mon-Sat 6-19
    ("dusslingen", "2026-03-02T08:00", "2026-03-02T10:00", 0),
    ("dusslingen", "2026-03-02T08:00", "2026-03-02T10:01", 50),
    ("dusslingen", "2026-03-02T06:00", "2026-03-02T19:00", 300),
    ("dusslingen", "2026-03-02T16:30", "2026-03-03T09:30", 100),  # 30 and 90 minutes, laid end to end
    ("dusslingen", "2026-03-02T08:00", "2026-03-02T10:00", 100, None, 90),
    ("dusslingen", "2026-03-08T08:00", "2026-03-08T20:00", 0),
    ("dusslingen", "2026-03-02T06:00", "2026-03-09T06:00", 1800),
    ("dusslingen", "2026-03-02T16:59", "2026-03-03T08:01", 50),  # one minute on each day: one hour
    ("dusslingen", "2026-03-07T18:59", "2026-03-09T06:00", 0),
    # Thermarium: half an hour free a day, 1.00 a started hour
    ("thermarium", "2026-03-02T08:00", "2026-03-02T08:30", 0),
    ("thermarium", "2026-03-02T08:00", "2026-03-02T09:30", 100),
    ("thermarium", "2026-03-02T08:00", "2026-03-02T09:31", 200),
    ("thermarium", "2026-03-02T08:00", "2026-03-02T08:30", 100, None, 30),
    ("thermarium", "2026-03-02T23:00", "2026-03-03T01:00", 100),
    ("thermarium", "2026-03-02T23:50", "2026-03-03T00:40", 100),  # 10 minutes and 30 are free
    ("thermarium", "2026-03-02T10:00", "2026-03-02T10:05", 0, None, 25),
    ("thermarium", "2026-03-29T01:00", "2026-03-29T04:00", 200),
    ("thermarium", "2026-10-25T01:00", "2026-10-25T04:00", 400),
    ("thermarium", "2026-03-02T08:00", "2026-03-02T10:30", 200, "disabled"),  # not named, so nothing changes
    ("rappsodie", "2026-03-02T08:00", "2026-03-02T10:30", 150),
]

REFUSED = [
    ("heilbronn-nord", "2026-03-02T10:00", "2026-03-02T12:01", "longer than the maximum of 120 minutes"),
    ("heilbronn-nord", "2026-03-02T17:30", "2026-03-02T18:01", "residents only"),
    ("heilbronn-nord", "2026-03-02T07:30", "2026-03-02T08:30", "residents only"),
    ("friedrichshafen-2", "2026-03-02T10:00", "2026-03-02T11:41", "longer than the maximum of 100 minutes"),
    ("thermarium", "2026-03-02T10:00", "2026-03-02T09:00", "ends before it starts"),
    ("thermarium", "heute", "2026-03-02T09:00", "is no time"),
    ("thermarium", "0001-01-01T00:00", "0001-01-01T01:00", "between the years 1970 and 2199"),
    ("thermarium", "2026-03-02T09:00", "9999-12-31T23:59", "between the years 1970 and 2199"),
    ("nirgends", "2026-03-02T10:00", "2026-03-02T11:00", "there is no tariff"),
]
