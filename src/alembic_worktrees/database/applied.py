"""Which revisions are applied, and where? The version tables that env.py leads to, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..messages import Message, _

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_ROWS = Message(_("no migration yet"))  # of a version table


class Remote(NamedTuple):
    """A host that is not local, and its address where that is known."""

    host: str
    address: str | None


class VersionTable(NamedTuple):
    """One version table: its rows, and the database it is in. `hosts` is () for a socket or a file.

    `remote` are those hosts that are not local, as seen from where the connection is made (DESIGN, rule 12).
    `unlocked` is why PostgreSQL could not lock it, in its words: "" for a connection pooler, None where it could.
    """

    heads: tuple[str, ...]
    dialect: str
    hosts: tuple[str, ...]
    port: int | None
    database: str
    unlocked: str | None = None
    remote: tuple[Remote, ...] = ()
    table: str = "alembic_version"
    schema: str | None = None

    @property
    def name(self) -> str:
        """The database in words, without user or password: "stoflow (postgresql, localhost:5432)"."""
        hosts = ",".join(self.servers)
        where = f"{hosts}:{self.port}" if hosts and self.port else hosts
        return f"{self.database} ({', '.join(filter(None, [self.dialect, where]))})"

    @property
    def servers(self) -> tuple[str, ...]:
        """The hosts without sockets."""
        return tuple(host for host in self.hosts if not host.startswith("/"))

    @property
    def file(self) -> str | None:
        """The path of SQLite's file as env.py gives it, perhaps from the folder it runs in; None for all else."""
        path = self.database.removeprefix("file:").partition("?")[0] if self.dialect == "sqlite" else ""
        return path if path not in ("", ":memory:") else None


def version_table(answer: dict[str, Any]) -> VersionTable:
    """Return what the runner has described."""
    remote = tuple(Remote(**one) for one in answer["remote"])
    lists = {"heads": tuple(answer["heads"]), "hosts": tuple(answer["hosts"]), "remote": remote}
    return VersionTable(**{**answer, **lists})


class Applied(NamedTuple):
    """The rows of every version table that env.py leads to."""

    tables: tuple[VersionTable, ...]

    @classmethod
    def told(cls, rows: Iterable[str]) -> Applied:
        """Return what somebody says is applied, in a database of which no more is known."""
        return cls((VersionTable(tuple(rows), "", (), None, ""),))

    @property
    def heads(self) -> frozenset[str]:
        """All rows of all tables."""
        return frozenset(head for table in self.tables for head in table.heads)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each database, once."""
        return tuple(dict.fromkeys(table.name for table in self.tables))

    @property
    def about(self) -> dict[str, object]:
        """What a message may say of it."""
        return {"database": self.names, "heads": tuple(sorted(self.heads)) or (NO_ROWS,)}
