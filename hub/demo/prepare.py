"""Schema, town facts and the demo's invented people; a process of its own, so that the supervisor stays small."""

from hub import setup
from hub.settings import Settings


def main() -> None:
    """Makes the state directory ready; may run again on an old one."""
    settings = Settings()
    setup.migrate(settings)
    setup.seed(settings)
    setup.seed_personas(settings)
    settings.payment_sandbox_key()  # the provider's process reads it


if __name__ == "__main__":
    main()
