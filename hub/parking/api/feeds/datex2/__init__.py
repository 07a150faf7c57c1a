"""DATEX II: the table of car parks (what they are) and their status (how full they are) as two publications.

Twice, since v3 has two models in one namespace: `places` is that of the published schema, `records` the older one of
v2's parking records in v3's clothes, which no schema of v3 holds and which German aggregators read.
"""

from hub.parking.api.feeds.datex2 import places, records

__all__ = ["places", "records"]
