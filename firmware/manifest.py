"""What is frozen into the image, for MicroPython's own build: `make BOARD=... FROZEN_MANIFEST=<this file>`.

`python -m firmware.bundle sources build/firmware/sources` writes the sources first: ours as they are, edge/wire as
MicroPython can parse it.
"""

include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821 (given by the build)
freeze("../build/firmware/sources")  # noqa: F821
