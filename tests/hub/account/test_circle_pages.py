"""Pages of an organisation: who reads what on them."""

from pathlib import Path

from hub.account.api import organisations
from hub.account.rules import MemberRole
from hub.account.store import circles
from hub.core.clock import now_ms
from hub.core.db import Session
from tests.hub.account.citizens import citizen, house, person_of

OWNER, MEMBER, INVITED = "rosa@example.org", "otto@example.org", "eva@example.org"


def test_only_who_manages_members_reads_whom_the_firm_invited(tmp_path: Path) -> None:
    with house(tmp_path) as app:
        pages = {mail: citizen(app, mail) for mail in (OWNER, MEMBER)}
        rosa, otto, now = person_of(app, OWNER), person_of(app, MEMBER), now_ms()

        def found_firm(session: Session) -> int:
            firm = organisations.create(session, rosa, "Salzgarten", now)
            facts = {"role": MemberRole.MEMBER, "until": None, "given_by": rosa.id, "created_at": now}
            circles.set_member(session, firm, otto.id, **facts)
            organisations.invite(session, rosa, firm, INVITED, MemberRole.MEMBER, None, now)
            return firm

        path = f"/konto/firmen/{app.extensions['database'].write(found_firm)}"
        assert INVITED in pages[OWNER].get(path).text
        assert "Salzgarten" in pages[MEMBER].get(path).text
        assert INVITED not in pages[MEMBER].get(path).text
