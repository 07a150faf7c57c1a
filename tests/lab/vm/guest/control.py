"""What our client of hostapd's control socket says, as JSON: status and devices of the open network, devices in all."""

import dataclasses
import json
from pathlib import Path

from captive_portal.hostapd import Control, stations

control = Control(Path("/run/hostapd/wlan0"))
listed = [dataclasses.asdict(station) for station in control.stations()]
everywhere = stations(Path("/run/hostapd"), "wlan0")
print(json.dumps({"status": control.status(), "stations": listed, "all": everywhere}))
