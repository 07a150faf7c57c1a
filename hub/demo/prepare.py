"""Schema, town facts and the demo's admin account; a process of its own, so that the supervisor stays small."""

import json
import os

from hub import setup
from hub.settings import Settings


def main() -> None:
    """Makes the state directory ready; may run again on an old one."""
    settings = Settings()
    setup.migrate(settings)
    setup.seed(settings)
    file = settings.state_dir / "demo.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    if "admin" not in known:
        known["admin"] = {"name": "admin", "password": setup.set_admin(settings, "admin")}
    setup.seed_personas(settings)
    settings.payment_sandbox_key()  # the provider's process reads it
    known["portal_url"] = settings.portal_url
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(known, stream)


if __name__ == "__main__":
    main()
