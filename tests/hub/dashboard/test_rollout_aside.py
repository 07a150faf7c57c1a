"""Who is away can be set aside from the page while a rollout is held, too."""

from flask.testing import FlaskClient

from hub import distribution
from hub.core.clock import now_ms
from hub.settings import Settings
from tests.edge.update.town import Releases
from tests.hub.dashboard.conftest import BOARD, LAKE, MARKET
from tests.hub.dashboard.test_rollouts import MINUTE, OLD, Worker, begin, made, press, worker

__all__ = ["made", "worker"]


def test_a_pause_keeps_the_button(admin: FlaskClient, worker: Worker, settings: Settings, made: Releases) -> None:
    begin(settings, made.make("1.0"))
    distribution.change(settings, "pause")
    for node in (MARKET, LAKE, BOARD):
        worker.town.status(node, now_ms() - 60 * MINUTE, release=OLD)
    assert f'name="knoten" value="{MARKET}"' in admin.get("/admin/rollouts").get_data(as_text=True)
    assert press(admin, "/beiseite", knoten=MARKET).status_code == 303
