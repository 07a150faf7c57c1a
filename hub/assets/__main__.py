"""`python -m hub.assets`: browser assets into hub/static/vendor."""

import subprocess
import sys

from hub import assets


def main() -> int:
    """Returns the exit code."""
    try:
        changed = assets.install()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The browser assets could not be installed: {error}", file=sys.stderr)
        return 1
    print("Browser assets installed." if changed else "Browser assets are up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
