"""A running hub with its worker and the payment provider, each a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub import setup
from hub.core.db import Database
from hub.settings import Settings
from tests import ready
from tests.hub.payments.cashier import KEY, Provider, provider
from tests.hub.payments.statements import IBAN
from tests.servers import free_port, wait_for_port
from tests.spine.processes import Process


@dataclass
class House:
    """Where it is, its database, the provider."""

    url: str
    settings: Settings
    database: Database
    provider: Provider
    web: Process


@contextmanager
def house(directory: Path, *, worker: bool = True, database_url: str = "") -> Iterator[House]:
    """Web (and worker) on SQLite, or an empty database elsewhere, with the demonstration's people."""
    with provider(directory) as cashier:
        port, live = free_port(), free_port()
        settings = Settings(
            state_dir=directory,
            database_url=database_url,
            port=port,
            live_port=live,
            demo=True,
            public_url=f"http://localhost:{port}",
            payment_sandbox_url=cashier.url,
            bank_iban=IBAN,
            bank_name="Stadt Bad Rappenau",
            bank_bic="INGDDEFF",
            sepa_creditor_id="DE98ZZZ09999999999",
        )
        (directory / "sandbox.key").write_bytes(KEY)
        ready.migrate(settings)
        setup.seed(settings)
        setup.seed_personas(settings)
        names = ("port", "live_port", "public_url", "payment_sandbox_url", "bank_iban", "bank_name", "bank_bic")
        environment = {f"HUB_{name.upper()}": str(getattr(settings, name)) for name in (*names, "sepa_creditor_id")}
        environment |= {"HUB_STATE_DIR": str(directory), "HUB_DEMO": "1"}
        environment |= {"HUB_DATABASE_URL": database_url} if database_url else {}
        environment |= {"HUB_BROKER_URL": f"mqtt://127.0.0.1:{free_port()}"}
        parts = ("web", "worker") if worker else ("web",)
        running = [Process(["-m", "hub", "serve", "--only", part], environment) for part in parts]
        database = Database(settings.database)
        try:
            assert wait_for_port(port)
            yield House(settings.public_url, settings, database, cashier, running[0])
        finally:
            database.close()
            for process in running:
                process.stop()
