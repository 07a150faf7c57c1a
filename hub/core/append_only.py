"""Tables in which nobody changes or removes a row, because the database itself refuses it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import DDL, event, text

from hub.core.db import Base, Session

_VERBS = ("UPDATE", "DELETE")


@dataclass(frozen=True)
class Guard:
    """`tables` is table -> what its triggers' names begin with; `what` is the book's name in the refusal."""

    function: str
    what: str
    tables: Mapping[str, str]

    def sqlite(self) -> tuple[str, ...]:
        """The statements for SQLite."""
        return tuple(statement for table in self.tables for statement in self._sqlite(table))

    def postgres(self) -> tuple[str, ...]:
        """The statements for PostgreSQL."""
        return tuple(dict.fromkeys(statement for table in self.tables for statement in self._postgres(table)))

    def watch(self, *rows: type[Base]) -> None:
        """Guards these tables wherever they are made without a migration."""
        for row in rows:
            table = row.__table__
            for dialect, statements in (("sqlite", self._sqlite), ("postgresql", self._postgres)):
                for one in statements(str(table.name)):  # type: ignore[attr-defined]
                    event.listen(table, "after_create", DDL(one).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]

    @contextmanager
    def lifted(self, session: Session) -> Iterator[None]:
        """Within it rows can be removed, until it ends or the transaction is taken back: for what the law no longer
        makes the town keep. PostgreSQL lets nobody else write into the tables until the commit.
        """
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        for table, name in self.tables.items():
            for one in self._names(name) if is_sqlite else ():
                session.execute(text(f"DROP TRIGGER {one}"))
            if not is_sqlite:
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {name}_no_change"))
        yield
        for statement in self.sqlite() if is_sqlite else ():
            session.execute(text(statement))
        for table, name in self.tables.items() if not is_sqlite else ():
            session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {name}_no_change"))

    def _sqlite(self, table: str) -> tuple[str, ...]:
        refused = f"BEGIN SELECT RAISE(ABORT, '{self.what} is append-only'); END"
        names = self._names(self.tables[table])
        return tuple(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {refused}"
            for name, verb in zip(names, _VERBS, strict=True)
        )

    def _postgres(self, table: str) -> tuple[str, ...]:
        return (
            f"CREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{self.what} is append-only'; END $$",
            f"CREATE TRIGGER {self.tables[table]}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {self.function}()",
        )

    def _names(self, prefix: str) -> tuple[str, ...]:
        return tuple(f"{prefix}_no_{verb.lower()}" for verb in _VERBS)
