"""What is applied? And the upgrade. The only module that touches the database, through the project's own env.py."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..messages import WARN, Message, Text, _
from ..messages.errors import UserError
from ..project.interpreter import interpreters
from ..system.process import Conversation, hand_over
from . import direct

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from ..project.project import Project
    from ..project.settings import Settings

RUNNER = Path(__file__).with_name("runner")
MODULES = (
    "masking",
    "parsing",
    "failures",
    "hosts",
    "interruption",
    "locks",
    "making",
    "commands",
    "downgrading",
    "rows",
    "elsewhere",
    "comparing",
    "loop",
)  # leaves first
# A launcher or a container passes on neither paths nor descriptors: what is to be run comes on standard input.
# Python puts the folder it is started in first on its path, as the `alembic` command does not.
# No braces: `hatch run` fills them.
BOOT = """\
import json, os, sys, types
requests = open(os.dup(0), encoding="utf-8")
if sys.path[:1] == [""]: del sys.path[0]
os.environ["ALEMBIC_WORKTREES"] = "off"
for name, source in json.loads(requests.readline() or sys.exit()):
    sys.modules[name] = module = types.ModuleType(name)
    module.__package__ = "alembic_worktrees_runner"
    exec(compile(source, "<" + name + ">", "exec"), vars(module))
module.main(requests)
"""
OFF = {"ALEMBIC_WORKTREES": "off"}  # in the environment: our lines in env.py borrow nothing by themselves
NO_ROWS = Message(_("no migration yet"))  # of a version table
PAUSE = 0.2  # seconds until a lock that is taken is tried again
GRACE = 2.0  # seconds that Alembic has to stop after ^C


class ProbeFailed(UserError):
    """The database could not be asked what is applied; the `reason` is Alembic's, in one line."""


class Unlocked(NamedTuple):
    """Why a version table of PostgreSQL could not be locked: its words, or None for a connection pooler."""

    reason: str | None


class Remote(NamedTuple):
    """A host that is not local, and its address where that is known."""

    host: str
    address: str | None


class VersionTable(NamedTuple):
    """One version table: its rows, and the database it is in. `hosts` is () for a socket or a file.

    `remote` are those hosts that are not local, as seen from where the connection is made (DESIGN, rule 12).
    """

    heads: tuple[str, ...]
    dialect: str
    hosts: tuple[str, ...]
    port: int | None
    database: str
    unlocked: Unlocked | None = None
    remote: tuple[Remote, ...] = ()
    table: str = "alembic_version"
    schema: str | None = None

    @property
    def name(self) -> str:
        """The database in words, without user or password: "stoflow (postgresql, localhost:5432)"."""
        hosts = ",".join(host for host in self.hosts if not host.startswith("/"))
        where = f"{hosts}:{self.port}" if hosts and self.port else hosts
        return f"{self.database} ({', '.join(filter(None, [self.dialect, where]))})"

    @property
    def described(self) -> dict[str, object]:
        """What tells this table, with these rows, from all others that env.py leads to."""
        about = self._asdict() | {"heads": sorted(self.heads), "database": self.database or None}
        return {key: value for key, value in about.items() if key not in {"unlocked", "remote"}}

    @property
    def file(self) -> str | None:
        """The path of SQLite's file as env.py gives it, perhaps from the folder it runs in; None for all else."""
        path = self.database.removeprefix("file:").partition("?")[0] if self.dialect == "sqlite" else ""
        return path if path not in ("", ":memory:") else None


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
    def labels(self) -> tuple[str, ...]:
        """The name of each database with that of the version table in it."""
        tables = ((table.name, ".".join(filter(None, [table.schema, table.table]))) for table in self.tables)
        return tuple(f"{database}: {table}" for database, table in tables)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each database, once."""
        return tuple(dict.fromkeys(table.name for table in self.tables))


class Operation(NamedTuple):
    """What a new revision would do to one thing: an operation, or of an `alter_column` what it does to one `aspect`.

    Two comparisons mean the same by the same `text`, which is Python.
    """

    engine: str  # of several databases
    down: bool
    verb: str
    schema: str | None
    table: str | None
    kind: str
    name: str
    columns: tuple[str, ...]
    aspect: str
    text: str

    @property
    def is_adding(self) -> bool:
        """Whether there is more afterwards."""
        return self.verb.startswith(("add_", "create_"))


class Comparison(NamedTuple):
    """In what the models of a checkout and its databases differ: what `alembic revision --autogenerate` would write."""

    applied: Applied
    operations: tuple[Operation, ...]


class Outcome(NamedTuple):
    """How an upgrade, or a downgrade, ended."""

    done: bool = False
    unknown: str | None = None  # the id that it could not locate, if that is why it failed
    migration: tuple[str, Path] | None = None  # the id and the file of the one that failed
    interrupted: bool = False


class Database:
    """The project's own Alembic, started once, in the project's own interpreter."""

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
        """Start the first likely interpreter, if it is surely `needed`, and come back at once.

        The setting `python` beats all. If `directly` the setting `database-url` counts: with it nothing is started
        before it is needed. With `verbose` all that is said of a database that does not answer is shown. If `silent`,
        nothing that env.py says is heard. `tell` is told when that takes too long.
        """
        self._silent = silent
        self._project = project
        self._verbose = verbose
        self._tell = tell
        self._environment = environment
        self._settings = settings
        self._direct = settings.database_url if directly else None
        self._read: Applied | None = None
        self._started = False
        self._tried: list[str | Message] = []
        python = settings.python
        self._likely = iter([list(python)] if python else ([path] for path in self._interpreters()))
        self._talk: Conversation | None = None
        self._ready = False
        if needed and not self._direct:
            self.start()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the first likely interpreter if none was, and come back at once."""
        if not self._started:
            self._started = True
            self._start_next()

    def close(self) -> None:
        """End the project's Alembic, and with it what it has locked."""
        if self._talk:
            self._talk.close()

    def end(self) -> None:
        """End the project's Alembic at once, whatever it is at."""
        if self._talk:
            self._talk.kill()
            self._talk.close()
            self._talk = None

    def directly(self) -> Applied | None:
        """Return what the setting `database-url` leads to. None without it, or where it cannot be read: Alembic starts.

        Raises UserError.
        """
        applied = self._directly() if self._direct else None
        if applied is None:
            self.start()
        return applied

    def _directly(self) -> Applied | None:
        url = direct.url_of(self._direct or "", self._environment)
        name = self._settings.version_table
        try:
            rows = direct.read(url, name) if url else None
        except TimeoutError:
            text = _(
                "The database that database-url names has not answered within {seconds} seconds; "
                "asking through env.py."
            )
            self._tell(Message(text, {"seconds": int(direct.SOON)}, WARN))
            return None
        if rows is None:
            return None
        schema, _dot, table = name.rpartition(".")
        hosts = (rows.host,) if rows.host else ()
        found = VersionTable(rows.heads, "postgresql", hosts, rows.port, rows.database)
        self._read = Applied((found._replace(table=table, schema=schema or None),))
        return self._read

    def _compare_with_direct(self, applied: Applied) -> None:
        """Say that the setting `database-url` leads elsewhere than env.py does, which counts."""
        if self._read and set(map(_place, self._read.tables)) != set(map(_place, applied.tables)):
            text = _(
                "The setting database-url leads to {direct:list}, and env.py to {databases:list}, which counts. "
                "Correct database-url or version-table under [tool.alembic-worktrees] in pyproject.toml"
            )
            self._tell(Message(text, {"direct": self._read.labels, "databases": applied.labels}, WARN))

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
        if _taken(answer):
            when_taken()
        while _taken(answer):
            time.sleep(PAUSE)
            answer = self._probe(lock=True)
        applied = self._applied(answer)
        self._compare_with_direct(applied)
        return applied

    def probe_with_urls(self) -> tuple[Applied, tuple[str, ...]]:
        """Ask as `probe` does, and for the URL of each table's database, which nobody else is to see."""
        answer = self._probe(quiet=True, urls=True)
        return self._applied(answer), tuple(row["url"] for row in answer["tables"])

    def _probe(self, timeout: float | None = None, **about: bool) -> dict[str, Any]:
        return self._ask("probe", timeout, verbose=self._verbose, **about)

    def _applied(self, answer: dict[str, Any]) -> Applied:
        if failure := answer["failure"]:
            raise self._failed(failure["reason"], hidden=failure["hidden"])
        if not answer["tables"]:
            text = _(
                "{env} came to its end without asking a database, so nothing says what is "
                "applied. See it with: cd {folder:q} && {command}"
            )
            raise UserError(text, env=self._project.scripts / "env.py", **self._see())
        return Applied(tuple(_version_table(table) for table in answer["tables"]))

    def _failed(self, reason: str, *, hidden: bool) -> UserError:
        if reason.startswith("NoAppException: "):
            text = _(
                "Flask could not load the application from {folder}; see its message above. Does "
                "FLASK_APP name it? It may stand in {file}, as: FLASK_APP=package.module:create_app\n"
                "  See it again with: cd {folder:q} && {command}"
            )
            return UserError(text, file=self._project.folder / ".flaskenv", **self._see())
        if reason.startswith(("ModuleNotFoundError: ", "ImportError: ")):
            text = _(
                "{python} cannot load env.py: {reason}. Is it this project's Python? Activate the "
                "project's virtualenv, or set python under [tool.alembic-worktrees] in "
                "pyproject.toml. See it again with: cd {folder:q} && {command}"
            )
            return UserError(text, reason=reason, python=self._tried[-1], **self._see())
        text = _(
            "The database could not be asked what is applied; see Alembic's message above. Is it "
            "running, and is its address right? See it again with: cd {folder:q} && {command}"
        )
        if hidden:
            text = _(
                "The database could not be asked what is applied ({reason}). Start it, or correct "
                "its address. All that Alembic says is shown with -v, or by: cd {folder:q} && "
                "{command}"
            )
        return ProbeFailed(text, reason=reason, **self._see())

    def upgrade(self, target: str) -> Outcome:
        """Run `alembic upgrade TARGET`, or the setting `upgrade-command`; its own words go to the user.

        After ^C it ends, if it can, in order.
        """
        if argv := self._settings.upgrade_argv(target):
            return self._hand_over(argv)
        return self._run("upgrade", target=target)

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
        return self._run("downgrade", revisions=list(revisions))

    def downgrade_sql(self, parts: Iterable[tuple[Sequence[str], Sequence[str]]]) -> str | None:
        """Return Alembic's offline SQL for that: of each version table its rows, and what is taken back there.

        None if it could not be written.
        """
        answer = self._ask("downgrade_sql", parts=[(list(rows), list(ids)) for rows, ids in parts])
        return None if answer["failure"] else str(answer["sql"])

    def _run(self, do: str, **about: Any) -> Outcome:
        try:
            failure = self._ask(do, **about)["failure"]
        except KeyboardInterrupt:
            self._stop()
            return Outcome(interrupted=True)
        if failure is None:
            return Outcome(done=True)
        if failure.get("interrupted"):
            return Outcome(interrupted=True)
        migration = failure["migration"]
        return Outcome(False, failure["unknown"], migration and (migration[0], self._here(migration[1])))

    def _stop(self) -> None:
        """Let Alembic end what it is at; where it does not, or for a second ^C, end it."""
        if self._talk:
            try:
                self._talk.interrupt()
                ended = self._talk.receive(GRACE) is None
            except (KeyboardInterrupt, TimeoutError):
                ended = True
            if ended:
                self.end()

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
        rows = [{"table": table.described, "rows": sorted(after)} for table, after in changes]
        answer = self._ask("set-rows", changes=rows) if rows else {"failure": None, "left": ()}
        if answer["failure"] or answer["left"]:
            text = _(
                "The rows of the database were not all set: others have changed them in this "
                "moment, or Alembic could not, see its message above then. Run it again."
            )
            raise UserError(text)

    def merge(self, message: str, heads: Sequence[str]) -> bool:
        """Let Alembic write a revision that joins `heads`; say whether it did."""
        return self._ask("merge", message=message, heads=list(heads))["failure"] is None

    def begin_comparison(self, argv: Sequence[str], elsewhere: Mapping[str, str] | None = None) -> None:
        """Let Alembic find out what `alembic revision --autogenerate`, with these words, would write.

        With `elsewhere`, for the files of the checkout at `root` that lie in `there`; `folder` is the config's in that.
        Raises what `probe` raises.
        """
        about = {"elsewhere": elsewhere, "quiet": self._silent, "verbose": self._verbose}
        self._send("compare", argv=self._revision(argv), **about)

    def comparison(self) -> Comparison:
        """Return what Alembic was let find out.

        Raises what `probe` raises, and UserError if it could not, or has loaded other files than those.
        """
        answer = self._receive()
        if (failure := answer["failure"]) and answer["tables"]:
            text = _("Models and database could not be compared ({reason}).")
            raise UserError(text, reason=failure["reason"])
        applied = self._applied(answer)
        if answer["strayed"]:
            raise UserError(_("Python loaded {path} of this checkout"), path=answer["strayed"])
        rows = ({**row, "columns": tuple(row["columns"])} for row in answer["operations"])
        return Comparison(applied, tuple(Operation(**row) for row in rows))

    def undoing(self, numbers: Iterable[int]) -> tuple[dict[str, Any], ...]:
        """Return what undoes the operations of these numbers that Alembic has found, for `write_revision`."""
        return tuple(self._request("undo", numbers=list(numbers))["undoing"])

    def write_revision(
        self, left_out: Iterable[int], *, even_empty: bool, added: Iterable[Mapping[str, Any]] = ()
    ) -> tuple[Path, ...] | None:
        """Let Alembic write what it has compared, without the operations of these numbers, and with what is `added`.

        None if it could not.
        """
        about: dict[str, Any] = {"left_out": list(left_out), "even_empty": even_empty, "added": list(added)}
        return self._written(self._request("write", **about))

    def revision(self, argv: Sequence[str]) -> tuple[Path, ...] | None:
        """Run `alembic revision` with these words, without a comparison; None if it could not."""
        return self._written(self._request("revision", argv=self._revision(argv)))

    def _revision(self, argv: Sequence[str]) -> list[str]:
        return [*self._project.files.argv, "revision", *argv]

    def _written(self, answer: dict[str, Any]) -> tuple[Path, ...] | None:
        paths = tuple(map(self._here, answer["paths"]))
        return None if answer["failure"] else paths

    def _here(self, path: str) -> Path:
        """Return where a file lies here that the runner, which may be in a container, names from its folder."""
        return Path(os.path.normpath(self._project.folder / path))

    def loads(self, content: bytes) -> bool:
        """Whether Python takes a file of this content for a module. Where ours does not, the project's may be newer.

        Raises what `probe` raises.
        """
        from .runner.parsing import is_module

        return is_module(content) or bool(self._request("parse", content=content.decode("latin-1"))["sound"])

    def _ask(self, do: str, timeout: float | None = None, **about: object) -> dict[str, Any]:
        return self._request(do, timeout, argv=self._project.files.argv, **about)

    def _request(self, do: str, timeout: float | None = None, **about: object) -> dict[str, Any]:
        self._send(do, **about)
        return self._receive(timeout, in_order=do in {"upgrade", "downgrade"})

    def _send(self, do: str, **about: object) -> None:
        self._wait_until_ready().send(json.dumps({"do": do, **about}))

    def _receive(self, timeout: float | None = None, *, in_order: bool = False) -> dict[str, Any]:
        talk = self._wait_until_ready()
        return _load(talk, timeout, in_order=in_order) or self._died(talk)

    def _died(self, talk: Conversation) -> dict[str, Any]:
        text = _(
            "Alembic's process ended (status {status}) before it answered. See why with: cd "
            "{folder:q} && {command}"
        )
        raise UserError(text, status=talk.close(), **self._see())

    def _see(self) -> dict[str, object]:
        """Return how the user sees it again without us."""
        return {"folder": self._project.folder, "command": self._project.command("current")}

    def _wait_until_ready(self) -> Conversation:
        self.start()
        while self._talk:
            greeting = None if self._ready else _greeting(self._talk)
            if self._ready or (greeting and greeting["ready"]):
                self._ready = True
                return self._talk
            self._tried[-1] = self._not_ready(greeting, self._talk.close())
            self._start_next()
        text = _(
            "No Python here can import alembic. Tried:\n"
            "{tried:lines}\n"
            "  Activate the project's virtualenv, or install alembic in it, or set python "
            "under [tool.alembic-worktrees] in pyproject.toml"
        )
        if self._settings.python:
            text = _(
                "The Python that the setting names does not lead to alembic:\n"
                "{tried:lines}\n"
                "  Correct python or python-folder under [tool.alembic-worktrees] in pyproject.toml, or "
                "install alembic there."
            )
        raise UserError(text, tried=tuple(self._tried))

    def _not_ready(self, greeting: Mapping[str, Any] | None, status: int) -> Message:
        if greeting:
            return Message(
                Text("{python}: {reason}"), {"python": self._tried[-1], "reason": greeting["reason"]}
            )
        text = _("{python}: it ended with status {status} before it could be asked; see its message above")
        return Message(text, {"python": self._tried[-1], "status": status})

    def _interpreters(self) -> Iterator[str]:
        project = self._project
        return interpreters(project.folder, project.root, project.repository, self._environment)

    def _start_next(self) -> None:
        from .runner.masking import mask

        self._talk = None
        for argv in self._likely:
            self._tried.append(mask(" ".join(argv)))
            try:
                folder = self._project.folder
                self._talk = Conversation([*argv, "-u", "-c", BOOT], folder=folder, silent=self._silent)
                self._talk.send(_sources())
                self._talk.send(json.dumps(self._about()))
            except OSError as error:
                self._tried[-1] = f"{self._tried[-1]}: {error.strerror}"
            else:
                return

    def _about(self) -> dict[str, object]:
        """Return what the runner is told of the project."""
        project = self._project
        scripts = os.path.relpath(project.scripts, project.folder)
        identity = os.stat(project.folder)
        return {
            "folder": self._settings.python_folder,
            "here": [str(project.folder), identity.st_dev, identity.st_ino],
            "function": self._settings.config,
            "directory": scripts if project.by_flask else None,
            "scripts": "." if scripts.startswith(os.pardir) else scripts,
        }


def _sources() -> str:
    """Return what BOOT reads: the runner's modules, each with its name."""
    package = "alembic_worktrees_runner"
    files = [(f"{package}.{name}", (RUNNER / f"{name}.py").read_text(encoding="utf-8")) for name in MODULES]
    return json.dumps([(package, "__path__ = []"), *files])


def _greeting(talk: Conversation) -> dict[str, Any] | None:
    """Return what the runner says first. What a launcher says before it is shown: it may be why nothing comes."""
    from .runner.masking import mask

    while line := talk.receive():
        if line.startswith('{"ready": '):
            return dict(json.loads(line))
        sys.stderr.write(mask(line))
    return None


def _load(
    talk: Conversation, timeout: float | None = None, *, in_order: bool = False
) -> dict[str, Any] | None:
    """Return the next answer. After ^C the process is ended, which may wait for a server, unless `in_order`."""
    try:
        line = talk.receive(timeout)
    except KeyboardInterrupt:
        if not in_order:
            talk.kill()
        raise
    return json.loads(line) if line else None


def _place(table: VersionTable) -> tuple[object, ...]:
    hosts = tuple(host for host in table.hosts if not host.startswith("/"))
    return table.database, hosts, table.port or 5432, table.schema, table.table


def _taken(answer: dict[str, Any]) -> bool:
    return any("taken" in row for row in answer["tables"])


def _version_table(row: dict[str, Any]) -> VersionTable:
    heads, hosts, database = tuple(row["heads"]), tuple(row["hosts"]), row["database"] or ""
    unlocked = Unlocked(row["unlocked"]) if "unlocked" in row else None
    remote = tuple(Remote(**one) for one in row["remote"])
    about = row["table"], row["schema"]
    return VersionTable(heads, row["dialect"], hosts, row["port"], database, unlocked, remote, *about)
