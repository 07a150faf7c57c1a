"""The page of the fleet: found, sorted, taken away as a file; a node's history."""

import csv
import io
import json
import re

import flask
import pytest
from flask.testing import FlaskClient

from edge import wire
from hub.core.clock import now_ms
from hub.fleet import api as fleet
from tests.hub.dashboard.conftest import BOARD, LAKE, MARKET, Town

EVIL = "<script>alert('boo')</script>"
DAY = 86_400_000


def get(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def shown(html: str) -> list[str]:
    """The nodes in the list, in their order."""
    return re.findall(r'<th role="rowheader" scope="row"><a href="/admin/knoten/([^"]+)"', html)


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".csv",
        ".json",
        f"/{MARKET}/verlauf",
        f"/{MARKET}/werte.csv",
        f"/{MARKET}/ereignisse.json",
        f"/{MARKET}/sicherung/1",
    ],
)
def test_only_an_admin_sees_it(app: flask.Flask, path: str) -> None:
    assert app.test_client().get(f"/admin/knoten{path}").status_code == 303


def test_a_node_shows_what_a_technician_must_know(admin: FlaskClient, town: Town) -> None:
    until = wire.format_ms(now_ms() + 9 * DAY + 60_000)
    figures = {"uptime_s": 3 * 86_400, "load_percent": 34, "clients": 41, "throttled": 0x50005, "disk_free_mb": 100}
    town.status(MARKET, software="stadtknoten 1.2.0", certificate_until=until, **figures)
    town.receive(
        MARKET, "alarm", {"outbox": "m", "seq": 1, "code": "rogue_dhcp", "text": EVIL, "ts": wire.format_ms(now_ms())}
    )
    town.receive(MARKET, "backup", {"name": "node.toml", "text": "[node]"})
    html = get(admin, "/admin/knoten")
    row = plain(html[html.index(f'href="/admin/knoten/{MARKET}"') : html.index(f'href="/admin/knoten/{BOARD}"')])
    for words in ("1.2.0", "3 Tage", "34 %", "41 von 100", "schwach", "voll", "noch 9 T.", "fremder DHCP-Server"):
        assert words in row
    assert re.search(r"vor \d s", row), "the copy of its file is fresh"
    assert EVIL not in html
    assert plain(html).count("1 von 3 Knoten verbunden") == 1


def test_searching_and_sorting_is_in_the_address(admin: FlaskClient, town: Town) -> None:
    town.status(MARKET, clients=10, load_percent=5)
    town.status(LAKE, clients=90, load_percent=50)
    assert shown(get(admin, "/admin/knoten?ordnung=clients"))[:2] == [LAKE, MARKET]
    assert shown(get(admin, "/admin/knoten?ordnung=name&ab=1"))[0] == BOARD
    assert shown(get(admin, "/admin/knoten?q=kurpark")) == [LAKE]
    assert shown(get(admin, "/admin/knoten?zustand=high")) == [LAKE]
    assert shown(get(admin, "/admin/knoten?zustand=never")) == [BOARD]
    assert shown(get(admin, "/admin/knoten?art=sensors")) == [BOARD]
    assert "Kein Knoten passt dazu" in get(admin, "/admin/knoten?was=intruder")
    assert 'value="&lt;script' in get(admin, f"/admin/knoten?q={EVIL}")
    for nonsense in ("?seite=-1", "?seite=99999999", "?ordnung=x", "?zustand=x&ab=x"):
        assert admin.get(f"/admin/knoten{nonsense}").status_code == 200


def test_what_is_wrong_stands_at_the_top_with_its_number(admin: FlaskClient, town: Town) -> None:
    town.status(MARKET, throttled=1, software="stadtknoten 1.2.0")
    town.status(LAKE, software="stadtknoten 1.3.0")
    html = get(admin, "/admin/knoten")
    assert "Strom schwach 1" in plain(html)
    assert shown(get(admin, "/admin/knoten?software=stadtknoten 1.3.0")) == [LAKE]
    assert '<option value="stadtknoten 1.3.0">stadtknoten 1.3.0 (1)</option>' in html


def test_the_states_at_the_top_add_up_and_each_leads_to_its_nodes(admin: FlaskClient, town: Town) -> None:
    town.status(MARKET)
    town.status(LAKE, now_ms() - 3_600_000)
    html = get(admin, "/admin/knoten")
    text = plain(html)
    assert "1 von 3 Knoten verbunden" in text
    for words in ("Alle 3", "Keine Verbindung 1", "Gut 1", "Noch nie gemeldet 1"):
        assert words in text
    for state, node in (("silent", LAKE), ("good", MARKET), ("never", BOARD)):
        assert f'href="/admin/knoten?zustand={state}#liste"' in html
        assert shown(get(admin, f"/admin/knoten?zustand={state}")) == [node]


def test_a_backup_is_missed_only_of_nodes_that_have_a_file(admin: FlaskClient, town: Town) -> None:
    town.status(MARKET)
    town.status(BOARD, battery_mv=3700)
    assert "Sicherung fehlt 1" in plain(get(admin, "/admin/knoten"))
    assert shown(get(admin, "/admin/knoten?was=backup")) == [MARKET]
    assert "Ein Sensor mit Batterie hat keine eigene Datei" in get(admin, f"/admin/knoten/{BOARD}")
    town.receive(MARKET, "backup", {"name": "node.toml", "text": "[node]"})
    assert "Sicherung fehlt" not in plain(get(admin, "/admin/knoten")).partition("Suchen")[0]


def test_the_hubs_own_certificates_are_shown_with_what_to_do(admin: FlaskClient, town: Town) -> None:
    now = now_ms()
    assert "Zertifikate des Hubs" not in get(admin, "/admin/knoten")
    seen = [fleet.Own("broker", now + 20 * DAY + 60_000, ours=True), fleet.Own("web", now + 400 * DAY, ours=False)]
    town.database.write(lambda session: fleet.keep_own(session, seen, ("broker", "web"), (), now))
    text = plain(get(admin, "/admin/knoten"))
    for words in (
        "Broker: Zertifikat gilt noch 20 Tage. Was zu tun ist",
        "--limit hubs",
        "Webserver Zertifikat gilt noch 3",
    ):
        assert words in text
    assert "hub_tls_certificate" not in text, "the web server's is good"
    assert "Broker: Zertifikat gilt noch 20 Tage" in plain(get(admin, "/admin"))
    assert "Broker: certificate good for 20 more days" in plain(get(admin, "/admin?lang=en"))


def test_a_group_on_the_map_leads_to_its_section_and_a_node_to_its_page(admin: FlaskClient, town: Town) -> None:
    html = get(admin, "/admin/knoten?art=sensors")
    assert f'<a href="/admin/knoten/{BOARD}" aria-label="Thermarium, Tafel 1">' in html
    html = get(admin, "/admin/knoten")
    group = re.search(r'href="(/admin/knoten\?ort=[^"#]+)#karte" aria-label="2:', html)
    assert group is not None
    section = get(admin, group[1])
    assert set(shown(section)) == {MARKET, BOARD}
    assert "Ganze Karte" in section
    for nonsense in ("1,2", "a,b,c,d", "9,49,8,50"):
        assert len(shown(get(admin, f"/admin/knoten?ort={nonsense}"))) == 3


def test_the_list_can_be_taken_away(admin: FlaskClient, town: Town) -> None:
    town.status(MARKET, clients=10, software="=cmd()")
    rows = json.loads(get(admin, "/admin/knoten.json?art=wifi"))
    assert {row["id"] for row in rows} == {MARKET, LAKE}
    points = json.loads(get(admin, "/admin/knoten.geojson"))["features"]
    assert {(one["properties"]["id"], *one["geometry"]["coordinates"]) for one in points} >= {(LAKE, 9.104, 49.242)}
    text = get(admin, "/admin/knoten.csv")
    found = {row["id"]: row for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")}
    assert found[MARKET]["software"] == "'=cmd()", "no cell calculates"
    assert found[MARKET]["clients"] == "10"
    assert found[MARKET]["last_seen"].endswith("Z")
    assert admin.get("/admin/knoten.exe").status_code == 404


def test_an_outage_stands_above_everything(admin: FlaskClient, town: Town) -> None:
    for node in (MARKET, LAKE, BOARD):
        town.status(node, now_ms() - 6 * 60_000)
    town.database.write(lambda session: fleet.judge_nodes(session, {}, (), now_ms()))
    text = plain(get(admin, "/admin/knoten?lang=en"))
    assert "3 nodes without connection at the same time" in text
    assert "First check the broker" in text


def test_a_nodes_history_has_its_figures_and_its_events(admin: FlaskClient, town: Town) -> None:
    now = now_ms()
    for minutes, clients in ((120, 5), (60, 9), (0, 7)):
        town.status(MARKET, now - minutes * 60_000, clients=clients)
    town.database.write(lambda session: fleet.set_wifi(session, MARKET, {"off": True}, fleet.By("karla", "cli", now)))
    town.database.write(lambda session: fleet.raise_alarm(session, MARKET, "rogue_ra", EVIL, now))
    html = get(admin, f"/admin/knoten/{MARKET}/verlauf")
    text = plain(html)
    for words in (
        "Geräte im WLAN 7 5 bis 9",
        "Links:",
        "Konfiguration: Fassung 1",
        "fremder Router",
        "besteht noch",
        "karla",
    ):
        assert words in text
    assert EVIL not in html
    rows = json.loads(get(admin, f"/admin/knoten/{MARKET}/werte.json?tage=1"))
    assert [row["clients"] for row in rows] == [5, 9, 7]
    events = get(admin, f"/admin/knoten/{MARKET}/ereignisse.csv")
    assert {"alarm", "config"} <= {line.split(";")[2] for line in events.splitlines()[1:]}
    for path in ("verlauf", "werte.csv", "ereignisse.json", "sicherung/5"):
        assert admin.get(f"/admin/knoten/nowhere/{path}").status_code == 404


def test_a_single_value_is_no_line_and_no_figure_is_a_bare_number(admin: FlaskClient, town: Town) -> None:
    town.status(MARKET, uptime_s=53_122, disk_free_mb=9000, throttled=0x50000, synced=True, load_percent=7)
    html = get(admin, f"/admin/knoten/{MARKET}/verlauf")
    text = plain(html)
    for words in ("14 Std. 45 Min.", "9.000 MB", "war seit dem Start schwach", "7 %", "Bisher ein Wert von jedem"):
        assert words in text
    assert "53.122" not in text
    assert "<path d=" not in html[html.index('id="werte"') : html.index('id="ereignisse"')]


def test_the_copy_of_a_nodes_file_is_given_as_text(admin: FlaskClient, town: Town) -> None:
    town.receive(MARKET, "backup", {"name": "node.toml", "text": f"[node]\n# {EVIL}\n"})
    page = get(admin, f"/admin/knoten/{MARKET}")
    found = re.search(rf"/admin/knoten/{MARKET}/sicherung/\d+", page)
    assert found is not None
    answer = admin.get(found[0])
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_data(as_text=True) == f"[node]\n# {EVIL}\n"
    assert answer.mimetype == "text/plain"
    assert "attachment" in answer.headers["Content-Disposition"]
