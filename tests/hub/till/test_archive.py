"""What tills sold goes after ten full years; numbers go on, and the book refuses changes as before."""

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hub.core import i18n
from hub.parking.api import personal as parking
from hub.till import api
from tests.hub.till.conftest import NOW, Pool
from tests.hub.till.test_sales import counted

LATER = int(datetime(2038, 1, 2, tzinfo=i18n.TIMEZONE).timestamp() * 1000)  # NOW is in 2027
YEAR = 366 * 86_400_000


def test_sales_lines_and_closings_go_and_what_is_new_or_open_stays(pool: Pool) -> None:
    close = api.closings.close
    pool.sell("1", code="", way="cash")
    pool.sell("2", code="", way="cash")
    pool.database.write(lambda s: close(s, pool.counter.till, "day 1", NOW))
    owed = pool.accept(pool.alone.offer("open", NOW, code="none"))
    pool.sell("3", code="", way="cash", now=NOW + YEAR)
    pool.database.write(
        lambda s: api.returns.refund(s, pool.counter.town, pool.counter.till, "2", 100, "k", NOW + YEAR)
    )
    pool.database.write(lambda s: close(s, pool.counter.till, "day 2", NOW + YEAR))
    before = LATER - 3 * 86_400_000
    assert pool.database.write(lambda s: api.personal.forget_old(s, before)) == 0, "the year after ten is not over"
    assert pool.database.write(lambda s: api.personal.forget_old(s, LATER)) == 1
    assert owed.state == "open"
    with pool.database.read() as session:
        left = {row.number for row in api.sales.newest(session, pool.counter.town, pool.counter.till)}
        assert [one.number for one in api.closings.listed(session, "pool-1")] == [2]
    assert left == {"2", "3", "open"}, "money went back for 2 later, nobody has paid for the open one"
    assert counted(pool.database, "till_entry") == 4
    pool.sell("4", code="", way="cash", now=LATER)
    made, _ = pool.database.write(lambda s: close(s, pool.counter.till, "day 3", LATER))
    assert (made.number, made.totals.gross) == (3, 600)
    with pytest.raises(DatabaseError, match="append-only"):
        pool.database.write(lambda s: s.execute(text("DELETE FROM till_entry")) and None)
    assert pool.database.write(lambda s: parking.forget_old(s, LATER)) == 0
