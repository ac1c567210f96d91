"""What is applied? And the upgrade. The only folder that touches the database, through the project's own env.py."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..messages import WARN, Message, _
from ..messages.errors import UserError
from ..runner import parsing
from ..system.process import hand_over
from . import direct
from .applied import Applied, VersionTable, version_table
from .comparison import Comparison, operation
from .failures import no_database, not_asked, not_compared
from .session import GRACE, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from ..project.project import Project
    from ..project.settings import Settings

OFF = {"ALEMBIC_WORKTREES": "off"}  # in the environment: our lines in env.py borrow nothing by themselves
PAUSE = 0.2  # seconds until a lock that is taken is tried again


class Outcome(NamedTuple):
    """How an upgrade, or a downgrade, ended."""

    done: bool = False
    unknown: str | None = None  # the id that it could not locate, if that is why it failed
    migration: tuple[str, Path] | None = None  # the id and the file of the one that failed
    interrupted: bool = False
    reason: str = ""  # in one line, if it failed
    importing: tuple[Path, ...] = ()  # the modules whose import failed, if that is why


class Database(Session, AbstractContextManager["Database"]):
    """The databases of a project, as its own Alembic sees and changes them."""

    def __init__(
        self,
        project: Project,
        settings: Settings,
        environment: Mapping[str, str],
        *,
        directly: bool = False,
        verbose: bool = False,
        silent: bool = False,
        needed: bool = True,
        tell: Callable[[Message], None] = lambda _: None,
    ) -> None:
        """Start the project's Alembic, if it is surely `needed`, and come back at once.

        If `directly` the setting `database-url` counts: with it nothing is started before it is needed. With `verbose`
        all that is said of a database that does not answer is shown. If `silent`, nothing that env.py says is heard.
        `tell` is told when that takes too long.
        """
        super().__init__(project, settings, environment, silent=silent)
        self._verbose, self._tell = verbose, tell
        self._direct = settings.database_url if directly else None
        self._read: Applied | None = None
        if needed and not self._direct:
            self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def directly(self) -> Applied | None:
        """Return what the setting `database-url` leads to. None without it, or where it cannot be read: Alembic starts.

        Raises UserError.
        """
        self._read = self._directly() if self._direct else None
        if self._read is None:
            self.start()
        return self._read

    def _directly(self) -> Applied | None:
        url = direct.url_of(self._direct or "", self._environment)
        try:
            table = direct.read(url, self._settings.version_table) if url else None
        except TimeoutError:
            text = _(
                "The database that database-url names has not answered within {seconds} seconds; "
                "asking through env.py."
            )
            self._tell(Message(text, {"seconds": int(direct.SOON)}, WARN))
            return None
        return Applied((table,)) if table else None

    def probe(self, timeout: float | None = None, *, quiet: bool = False) -> Applied:
        """Ask which revisions are applied, for at most `timeout` seconds.

        Raises ProbeFailed if the database or Alembic gives no answer, UserError if there is no Alembic or no database
        to ask, or TimeoutError. The `reason` is Alembic's in one line; with `quiet` it says nothing more.
        """
        return self._applied(self._probe(timeout, quiet=quiet and not self._verbose))

    def probe_alone(self, when_taken: Callable[[], None]) -> Applied:
        """Ask as `probe` does, when no other clone is upgrading; until this one ends, none that uses us will.

        Only PostgreSQL has such a lock, and lets it go when its holder is killed. Raises what `probe` raises.
        """
        answer = self._probe(lock=True)
        if answer["taken"]:
            when_taken()
        while answer["taken"]:
            time.sleep(PAUSE)
            answer = self._probe(lock=True)
        applied = self._applied(answer)
        if self._read and (warning := direct.leads_elsewhere(self._read, applied)):
            self._tell(warning)
        return applied

    def probe_with_urls(self) -> tuple[Applied, tuple[str, ...]]:
        """Ask as `probe` does, and for the URL of each table's database, which nobody else is to see."""
        answer = self._probe(urls=True)
        return self._applied(answer), tuple(answer["urls"])

    def _probe(self, timeout: float | None = None, **about: bool) -> dict[str, Any]:
        return self._ask("probe", timeout, verbose=self._verbose, **about)

    def _applied(self, answer: dict[str, Any]) -> Applied:
        if failure := answer["failure"]:
            reason, hidden = failure["reason"], failure["hidden"]
            raise not_asked(self._project, self._tried[-1], reason, hidden=hidden)
        if not answer["tables"]:
            raise no_database(self._project)
        return Applied(tuple(map(version_table, answer["tables"])))

    def not_loaded(self, paths: Iterable[Path]) -> dict[Path, str]:
        """Let Alembic load these migrations, without a database, and return why those failed that did.

        Raises what `probe` raises.
        """
        there = {os.path.relpath(path, self._project.folder): path for path in paths}
        reasons = self._ask("load", paths=[*there])["reasons"] if there else {}
        return {there[path]: reason for path, reason in reasons.items()}

    def upgrade(self, target: str) -> Outcome:
        """Run `alembic upgrade TARGET`, or the setting `upgrade-command`; its own words go to the user.

        After ^C it ends, if it can, in order.
        """
        if argv := self._settings.upgrade_argv(target):
            return self._hand_over(argv)
        return self._change("upgrade", target=target)

    def _hand_over(self, argv: Sequence[str]) -> Outcome:
        try:
            environment = {**self._environment, **OFF}
            status = hand_over(argv, folder=self._project.folder, environment=environment)
        except KeyboardInterrupt:
            return Outcome(interrupted=True)
        return Outcome(done=status == 0)

    def downgrade(self, revisions: Sequence[str]) -> Outcome:
        """Take back exactly these, children first, in each database that has them; one after the other is committed.

        Their files have to lie here. Ends as `upgrade` does.
        """
        return self._change("downgrade", revisions=list(revisions))

    def _change(self, do: str, **about: Any) -> Outcome:
        try:
            self._send(do, **about)
            answer = self._receive(in_order=True)
        except KeyboardInterrupt:
            self._stop()
            return Outcome(interrupted=True)
        failure = answer["failure"]
        if failure is None:
            return Outcome(done=not answer["interrupted"], interrupted=answer["interrupted"])
        migration = failure["migration"]
        return Outcome(
            unknown=failure["unknown"],
            migration=migration and (migration[0], self._here(migration[1])),
            reason=failure["reason"],
            importing=tuple(map(self._here, failure["importing"])),
        )

    def downgrade_sql(self, parts: Iterable[tuple[Sequence[str], Sequence[str]]]) -> str | None:
        """Return Alembic's offline SQL for that: of each version table its rows, and what is taken back there.

        None if it could not be written.
        """
        answer = self._ask("downgrade_sql", parts=[(list(rows), list(ids)) for rows, ids in parts])
        return None if answer["failure"] else str(answer["sql"])

    def after_interruption(self) -> Applied | None:
        """Return what is applied after ^C, None where that cannot be told soon."""
        try:
            return self.probe(GRACE, quiet=True) if self._talk else self.directly()
        except (UserError, TimeoutError):
            return None

    def set_rows(self, changes: Iterable[tuple[VersionTable, Collection[str]]]) -> None:
        """Give version tables, as `probe` has just found them, other rows: each of them in one transaction.

        Nothing else may change rows on its own (DESIGN, rule 12). Raises UserError; a table whose rows were no more
        those is as it was.
        """
        rows = [{"table": _described(table), "rows": sorted(after)} for table, after in changes]
        if not rows:
            return
        answer = self._ask("set_rows", changes=rows)
        if answer["failure"] or answer["left"]:
            text = _(
                "The rows of the database were not all set: others have changed them in this "
                "moment, or Alembic could not, see its message above then. Run it again."
            )
            raise UserError(text)

    def begin_comparison(self, argv: Sequence[str], elsewhere: Mapping[str, str] | None = None) -> None:
        """Let Alembic find out what `alembic revision --autogenerate`, with these words, would write.

        With `elsewhere`, for the files of the checkout at `root` that lie in `there`; `folder` is the config's in that.
        Raises what `probe` raises.
        """
        do = "compare_elsewhere" if elsewhere else "compare"
        self._send(do, argv=["revision", *argv], verbose=self._verbose, **(elsewhere or {}))

    def comparison(self) -> Comparison:
        """Return what Alembic was let find out.

        Raises what `probe` raises, and UserError if it could not, or has loaded other files than those.
        """
        answer = self._receive()
        if (failure := answer["failure"]) and answer["tables"]:
            raise not_compared(self._project, failure["reason"])
        applied = self._applied(answer)
        if answer.get("strayed"):
            raise UserError(_("Python loaded {path} of this checkout"), path=answer["strayed"])
        return Comparison(applied, tuple(map(operation, answer["operations"])))

    def undoing(self, numbers: Iterable[int]) -> tuple[dict[str, Any], ...]:
        """Return what undoes the operations of these numbers that Alembic has found, for `write_revision`."""
        return tuple(self._ask("undo", numbers=list(numbers))["undoing"])

    def write_revision(
        self, left_out: Iterable[int], *, even_empty: bool, added: Iterable[Mapping[str, Any]] = ()
    ) -> tuple[Path, ...] | None:
        """Let Alembic write what it has compared, without the operations of these numbers, and with what is `added`.

        None if it could not.
        """
        about: dict[str, Any] = {"left_out": list(left_out), "even_empty": even_empty, "added": list(added)}
        return self._written(self._ask("write", **about))

    def revision(self, argv: Sequence[str]) -> tuple[Path, ...] | None:
        """Run `alembic revision` with these words, without a comparison; None if it could not."""
        return self._written(self._ask("revision", argv=["revision", *argv]))

    def merge(self, message: str, heads: Sequence[str]) -> tuple[Path, ...] | None:
        """Let Alembic write a revision that joins `heads`; None if it could not."""
        return self._written(self._ask("merge", message=message, heads=list(heads)))

    def _written(self, answer: dict[str, Any]) -> tuple[Path, ...] | None:
        return None if answer["failure"] else tuple(map(self._here, answer["paths"]))

    def _here(self, path: str) -> Path:
        """Return where a file lies here that the runner, which may be in a container, names from its folder."""
        return Path(os.path.normpath(self._project.folder / path))

    def loads(self, content: bytes) -> bool:
        """Whether Python takes a file of this content for a module. Where ours does not, the project's may be newer.

        Raises what `probe` raises.
        """
        text = content.decode("latin-1")
        return parsing.is_module(content) or bool(self._ask("parse", content=text)["sound"])


def _described(table: VersionTable) -> dict[str, object]:
    """Return what tells this table, with these rows, from all others, as the runner describes it."""
    about = table._asdict() | {"heads": sorted(table.heads)}
    return {key: value for key, value in about.items() if key not in {"unlocked", "remote"}}
