"""What is compared: our command, what the user would otherwise run, and how much longer ours may take."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import create_engine

from worlds.modelled import MODELS, knowing
from worlds.world import Layout, project_files

from .measure import Pair
from .repositories import VERSIONS, Commit, chain, grown, path, record, repository, revision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worlds.postgres import Database

    from .measure import Command
    from .repositories import Repository

SHELL_FILE = Path(__file__).resolve().parents[1] / "shell" / "alembic-utils.sh"
BARE = "one bare `alembic upgrade heads`"
UPGRADE = '`auto_copy_missing_migrations "."`'
GREP = "`grep -rl` over the same folders"
LS = "`ls` of each folder"
PYTHON = "a bare `python -c pass`"
GROWN = "208 migrations, every fourth begins with data or SQL"
LOG = "one `git log --all --format=%H -- versions`"
READING = "`git worktree list`, and a Python that only reads the files"
ASKING = "a Python that reads the version table, and that `git log`"

READ = """
import os, sys
for folder in sys.argv[1:]:
    for entry in os.scandir(folder):
        with open(entry.path, "rb", 0) as file:
            file.read()
"""

ASK = """
import os, psycopg2
cursor = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
cursor.execute("SELECT version_num FROM alembic_version")
"""


class Place(NamedTuple):
    """Where a world is made: an empty folder, and a PostgreSQL; `scale` makes it smaller than it should be."""

    home: Path
    new_database: Callable[[], Database]
    scale: float = 1

    def size(self, number: int) -> int:
        """Return how many are made where `number` are meant."""
        return max(2, round(number * self.scale))


class Case(NamedTuple):
    """One row of the table: `world` makes the two commands; the first may take `target` times the second.

    Without a target the second is what the first cannot do without: how near to that it is.
    """

    name: str
    against: str
    target: float | None
    world: Callable[[Place], Pair]

    def reached(self, ratio: float) -> bool:
        """Whether that is not above the target."""
        return self.target is None or ratio <= self.target


def _nothing_missing(place: Place, *, direct: bool) -> Pair:
    count = place.size(200)
    database = place.new_database()
    made = repository(place.home, [Commit("develop", chain(count))], database=database, direct=direct)
    record(database, revision(count - 1))
    made.rest()
    return Pair(_sourced(made, 'auto_copy_missing_migrations "."'), _sourced(made, "alembic upgrade heads"))


def _missing(place: Place, *, count: int) -> Pair:
    before, missing = place.size(200), place.size(count) if count > 1 else 1
    database = place.new_database()
    commits = [
        Commit("develop", chain(before)),
        Commit("feature", chain(missing, before, revision(before - 1)), start="develop"),
    ]
    made = repository(place.home, commits, database=database)
    there = made.worktree("feature") / "backend"
    record(database, revision(before + missing - 1))
    made.rest()
    borrowed = [Path(path(number)).name for number in range(before, before + missing)]
    return Pair(
        _sourced(made, 'auto_copy_missing_migrations "."'),
        _sourced(made, "alembic upgrade heads", there),
        partial(_forget, made, borrowed),
    )


def _forget(made: Repository, borrowed: list[str]) -> None:
    """Make the main checkout as if it had never borrowed these files."""
    versions = made.main / VERSIONS
    (versions / ".gitignore").unlink(missing_ok=True)
    for name in borrowed:
        (versions / name).unlink(missing_ok=True)
        cached = versions / "__pycache__" / f"{Path(name).stem}.{sys.implementation.cache_tag}.pyc"
        cached.unlink(missing_ok=True)


def _sourced(made: Repository, words: str, folder: Path | None = None) -> Command:
    return made.command("bash", "-c", f'source "$0"; {words}', str(SHELL_FILE), folder=folder)


def _find(place: Place, *, migrations: int) -> Pair:
    made, last = _checkouts(place, migrations)
    return Pair(made.tool("find", last), made.command("grep", "-rl", last, *made.folders))


def _least_to_find(place: Place, *, migrations: int) -> Pair:
    made, last = _checkouts(place, migrations)
    words = 'git worktree list >/dev/null; python -c "$0" "$@"'
    return Pair(made.tool("find", last), made.command("bash", "-c", words, READ, *made.folders))


def _list(place: Place, *, migrations: int) -> Pair:
    made, _ = _checkouts(place, migrations)
    each = 'for folder; do ls "$folder"; done'
    return Pair(made.tool("list"), made.command("bash", "-c", each, "bash", *made.folders))


def _checkouts(place: Place, migrations: int) -> tuple[Repository, str]:
    """Make 22 checkouts that share their migrations but for one each; return the id of the last one's own, too."""
    count, checkouts = place.size(migrations), place.size(22)
    numbers = range(1, checkouts)
    own = [
        Commit(f"feature-{number}", chain(1, count + number, revision(count - 1)), start="develop")
        for number in numbers
    ]
    made = repository(place.home, [Commit("develop", chain(count)), *own])
    for number in numbers:
        made.worktree(f"feature-{number}")
    made.rest()
    return made, revision(count + checkouts - 1)


def _check_unconcerned(place: Place) -> Pair:
    made = repository(place.home, [Commit("develop", chain(place.size(1000)))])
    made.rest()
    made.stage({"README": "Changed.\n"})
    return Pair(made.tool("check", "--staged", folder=made.main), made.command("python", "-c", "pass"))


def _check_cold(place: Place) -> Pair:
    count = place.size(1000)
    made = repository(place.home, [Commit("develop", chain(count))])
    made.rest()
    made.stage(chain(1, count, revision(count - 1)))
    cold = partial(shutil.rmtree, made.main / VERSIONS / "__pycache__", ignore_errors=True)
    return Pair(made.tool("check", "--staged"), made.command("alembic", "heads"), cold)


def _grown(place: Place) -> tuple[Repository, str, str]:
    """Make a repository of a project that has grown; and the commits before its last ones: with migrations, without."""
    count = place.size(208)
    files = grown(count)
    last = list(files.items())[-2:]
    sources = {
        f"backend/app/module_{number}.py": f"NUMBER = {number}\n" * 40 for number in range(place.size(800))
    }
    commits = [
        Commit("develop", sources | dict(list(files.items())[:-2])),
        Commit("develop", dict(last)),
        Commit("develop", {"backend/app/module_0.py": "NUMBER = 1\n"}),
    ]
    made = repository(place.home, commits)
    made.rest()
    brought, unconcerned = (made.git("rev-parse", name).strip() for name in ("HEAD~2", "HEAD~1"))
    return made, brought, unconcerned


def _report(place: Place, *, migrations: bool) -> Pair:
    made, *before = _grown(place)
    words = (
        "report",
        "post-checkout",
        before[0 if migrations else 1],
        made.git("rev-parse", "HEAD").strip(),
        "1",
    )
    return Pair(made.tool(*words, folder=made.main), made.command("python", "-c", "pass"))


def _check_grown(place: Place) -> Pair:
    made, *_ = _grown(place)
    count = place.size(208)
    made.stage(chain(1, count, revision(count - 1)))
    return Pair(made.tool("check", "--staged"), made.command("python", "-c", "pass"))


def _list_grown(place: Place) -> Pair:
    made, *_ = _grown(place)
    return Pair(made.tool("list"), made.command("python", "-c", "pass"))


def _only_git(place: Place, *, removed: bool, direct: bool = False) -> Pair:
    """Let a branch without a checkout have what is missing, or only its history."""
    shared, branches, commits = place.size(100), place.size(100), place.size(20_000)
    database = place.new_database()
    history = _history(shared, branches, commits, removed)
    made = repository(place.home, history, database=database, direct=direct)
    last = shared + 2 * branches - 1
    record(database, revision(last))
    made.git("reflog", "expire", "--expire=now", "--all")
    made.git("repack", "-adq")
    made.rest()
    return Pair(
        made.tool("copy"),
        made.command("git", "log", "--all", "--format=%H", "--", "migrations/versions"),
        partial(_forget, made, [Path(path(number)).name for number in (last - 1, last)]),
    )


def _least_to_copy(place: Place, *, direct: bool) -> Pair:
    pair = _only_git(place, removed=direct, direct=direct)
    ask = f"python -c '{ASK}'" if direct else "alembic current"
    words = f'{ask}; exec "$0" "$@"'
    return pair._replace(against=pair.against._replace(argv=("bash", "-c", words, *pair.against.argv)))


def _history(shared: int, branches: int, commits: int, removed: bool) -> Iterator[Commit]:
    yield Commit("develop", chain(shared))
    for number in range(commits):
        yield Commit("develop", {"README": f"Version {number}.\n"})
        if number % (commits // branches) == 0 and (branch := number * branches // commits) < branches:
            own = chain(2, shared + 2 * branch, revision(shared - 1))
            yield Commit(f"feature-{branch}", own, start="develop")
    if removed:
        yield Commit(f"feature-{branches - 1}", {}, removed=list(own))


def _revision(place: Place) -> Pair:
    """Let another branch's table be applied, of which this one, with a column of its own, knows nothing."""
    count, tables = place.size(208), place.size(60)
    database = place.new_database()
    models = MODELS + "".join(_model(f"table_{number}") for number in range(tables))
    env = "backend/migrations/env.py"
    files = {env: knowing(project_files(Layout(), database.url)[env]), "backend/models.py": models}
    theirs = {"backend/models.py": models + _model("theirs")}
    commits = [
        Commit("develop", chain(count) | files),
        Commit("feature", chain(1, count, revision(count - 1)) | theirs, start="develop"),
    ]
    made = repository(place.home, commits, database=database)
    there = made.worktree("feature") / "backend"
    known: dict[str, Any] = {}
    exec(theirs["backend/models.py"], known)  # noqa: S102
    known["metadata"].create_all(create_engine(database.url))
    record(database, revision(count))
    (made.main / "backend/models.py").write_text(models + _model("ours"))
    made.rest()
    words = ("revision", "--autogenerate", "-m", "own")
    return Pair(
        made.tool(*words),
        made.command("alembic", *words, folder=there),
        partial(_forget_own, [made.main / VERSIONS, there.parent / VERSIONS]),
    )


def _model(name: str) -> str:
    columns = "".join(f"    sa.Column('column_{number}', sa.String(50)),\n" for number in range(12))
    return f"sa.Table('{name}', metadata, sa.Column('id', sa.Integer, primary_key=True),\n{columns})\n"


def _forget_own(folders: list[Path]) -> None:
    for folder in folders:
        for file in folder.glob("*_own.py"):
            file.unlink()


def _version(place: Place) -> Pair:
    made = repository(place.home, [])
    return Pair(made.tool("--version"), made.command("python", "-c", "pass"))


CASES = (
    Case(f"{UPGRADE}, nothing missing, 200 migrations", BARE, 1.15, partial(_nothing_missing, direct=False)),
    Case("the same with `database-url`", BARE, 0.30, partial(_nothing_missing, direct=True)),
    Case(f"{UPGRADE}, one missing", f"{BARE}, the files already there", 1.4, partial(_missing, count=1)),
    Case(
        f"{UPGRADE}, 64 missing in a chain",
        f"{BARE}, the files already there",
        1.5,
        partial(_missing, count=64),
    ),
    Case("`find` of one id, 22 checkouts × 200 files", GREP, 2, partial(_find, migrations=200)),
    Case("`find` of one id, 22 checkouts × 2,000 files", GREP, 1, partial(_find, migrations=2000)),
    Case("`list`, 22 checkouts × 200 files", LS, 3, partial(_list, migrations=200)),
    Case("`list`, 22 checkouts × 2,000 files", LS, 3, partial(_list, migrations=2000)),
    Case(
        "`check --staged`, commit without migrations, 1,000 in the repository", PYTHON, 3, _check_unconcerned
    ),
    Case(
        f"{GROWN}: `report` after a checkout without migrations",
        PYTHON,
        3,
        partial(_report, migrations=False),
    ),
    Case(
        f"{GROWN}: `report` after a checkout that brings some", PYTHON, 6, partial(_report, migrations=True)
    ),
    Case(f"{GROWN}: `check --staged`, a new migration", PYTHON, 6, _check_grown),
    Case(f"{GROWN}: `list`", PYTHON, 6, _list_grown),
    Case("`check --staged`, 1,000 migrations, cold", "`alembic heads` in the same folder", 0.10, _check_cold),
    Case(
        "`copy`, only a branch has it: 100 branches, 300 distinct blobs, 20,000 commits",
        LOG,
        2,
        partial(_only_git, removed=False),
    ),
    Case("the same, removed from its branch again", LOG, 2, partial(_only_git, removed=True)),
    Case(
        "`copy` with `database-url`, only a branch has it",
        LOG,
        2,
        partial(_only_git, removed=False, direct=True),
    ),
    Case("the same, removed from its branch again", LOG, 2, partial(_only_git, removed=True, direct=True)),
    Case("least: `find`, 22 × 200", READING, None, partial(_least_to_find, migrations=200)),
    Case("least: `find`, 22 × 2,000", READING, None, partial(_least_to_find, migrations=2000)),
    Case(
        "least: `copy`, only a branch has it",
        "`alembic current`, and that `git log`",
        None,
        partial(_least_to_copy, direct=False),
    ),
    Case(
        "least: `copy` with `database-url`, removed from its branch again",
        ASKING,
        None,
        partial(_least_to_copy, direct=True),
    ),
    Case(
        "`revision --autogenerate`, 208 migrations, 60 tables, another branch's applied",
        "`alembic revision --autogenerate` in that branch's checkout",
        1.3,
        _revision,
    ),
    Case("start: `--version`", PYTHON, 3, _version),
)
