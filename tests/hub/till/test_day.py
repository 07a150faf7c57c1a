"""What all tills closed on a day, for the finance office."""

from datetime import date

from flask import Flask

from hub.account import api as account
from hub.core.clock import now_ms
from hub.till import api
from hub.till.rules import closing as rules
from hub.till.rules.closing import Entry
from tests.hub.till.conftest import NOW, Pool
from tests.hub.till.test_limits import another
from tests.hub.till.test_web import Shop, settings, shop, web_app  # noqa: F401 (fixtures)

DAY = date(2027, 1, 15)


def test_the_sums_of_a_day_are_the_sums_of_its_closings_by_operation_rate_and_way() -> None:
    one = rules.totals([Entry(1, "sale", "cash", {"7": 1_001}), Entry(2, "sale", "wallet", {"7": 600, "19": 119})])
    two = rules.totals([Entry(1, "sale", "cash", {"7": 1_001}), Entry(2, "refund", "cash", {"7": -500})])
    found = rules.together([("pool", one), ("pool", two), ("library", two)])
    assert [(row.operation, row.tax, row.way, row.gross) for row in found] == [
        ("library", "7", "cash", 501),
        ("pool", "19", "wallet", 119),
        ("pool", "7", "cash", 1_502),
        ("pool", "7", "wallet", 600),
    ]
    assert all(row.net + row.share == row.gross for row in found)
    assert sum(row.share for row in found if row.operation == "pool") == sum(
        row.share for totals in (one, two) for row in totals.rows
    )


def test_every_till_is_in_the_sums_of_its_day_once_and_what_is_open_is_named(pool: Pool) -> None:
    key, _ = another(pool, "pool-2")
    pool.sell("1")
    pool.sell("2", code="", way="cash")
    with pool.database.read() as session:
        tills = [api.tills.find(session, pool.key), api.tills.find(session, key)]
    close = api.closings.close
    pool.database.write(lambda s: close(s, tills[0], "day", NOW))
    for _ in range(2):  # pressed twice
        pool.database.write(lambda s: close(s, tills[0], "day", NOW + 1))
    pool.sell("3", code="", way="cash", now=NOW + 2)
    with pool.database.read() as session:
        found = api.closings.of_day(session, DAY)
        before = api.closings.of_day(session, date(2027, 1, 14))
    assert [(row.operation, row.way, row.gross) for row in found.rows] == [
        ("pool", "cash", 600),
        ("pool", "wallet", 600),
    ]
    assert (found.gross, found.open) == (1_200, (("pool-1", "pool", 600, 1),))
    assert (before.rows, before.closings) == ((), ())


def test_the_page_and_its_table_show_the_day(web_app: Flask, shop: Shop) -> None:  # noqa: F811
    password, admin = account.create_admin(shop.database, "leitstelle"), web_app.test_client()
    person = account.login.authenticate(shop.database, "leitstelle", password, "127.0.0.1", now_ms())
    token = shop.database.write(lambda s: account.sessions.open_session(s, person, now_ms()))
    admin.set_cookie("sk_session", token)
    for day in ("nonsense", "2027-13-01", "9999-12-31"):
        assert admin.get("/admin/kassen/tag", query_string={"tag": day}).status_code == 400
    shop.call(
        "POST", "/sales", {"number": "d1", "way": "cash", "lines": [{"article": "adult", "count": 1}], "cents": 600}
    )
    shop.call("POST", "/closings", {"key": "day"})
    page, table = admin.get("/admin/kassen/tag").text, admin.get("/admin/kassen/tag.csv").data.decode("utf-8-sig")
    assert shop.name in page
    assert ";7;Bar;" in table
    assert web_app.test_client().get("/admin/kassen/tag.csv").status_code in (302, 303)
