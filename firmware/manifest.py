"""What is frozen into the image, for MicroPython's own build: `make BOARD=... FROZEN_MANIFEST=<this file>`.

`python -m firmware.bundle sources build/firmware/sources` puts the sources together first: ours and
every file of edge/wire, as they are.
"""

include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821 (given by the build)
freeze("../build/firmware/sources")  # noqa: F821
