"""First file that MicroPython runs. It is never replaced over the air: it chooses the version and starts it."""

import slots

if __name__ in ("__main__", "boot"):
    slots.start()
