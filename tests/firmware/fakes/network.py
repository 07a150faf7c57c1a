"""A WiFi network that is there unless the scene says wifi: false."""

import world

STA_IF = 0


class WLAN:
    def __init__(self, _interface):
        self._key = None

    def active(self, on):
        world.say("radio", on=on)

    def deinit(self):
        world.say("radio_deinit")

    def connect(self, ssid, key):
        world.say("join", ssid=ssid)
        if world.scene.get("wifi") == "broken":
            raise OSError("Wifi Internal Error")
        self._key = key

    def isconnected(self):
        world.spend(200)
        return world.scene.get("wifi", True) and self._key is not None
