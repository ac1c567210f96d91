"""A story told with every version that a project may have installed, and with every version of what is ours.

Here the oldest and the newest corner of what this machine has; `make matrix` tells it with all of them.
"""

from __future__ import annotations

import re
import shlex
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from alembic_worktrees.install.blocks import with_lines
from alembic_worktrees.install.extras import env_lines
from alembic_worktrees.project.config import parse_toml
from worlds import mariadb
from worlds.pythons import REPOSITORY, Environment, environment, pythons, split
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worlds.postgres import Server
    from worlds.world import Checkout

pytestmark = pytest.mark.cold

PASSWORD = "S3CRET"
OURS_HERE = Path(sys.executable).with_name("alembic-worktrees")


class Project(NamedTuple):
    """What a project has installed; "" is the newest."""

    python: str
    alembic: str
    sqlalchemy: str

    def __str__(self) -> str:
        return f"{self.python}-{self.alembic or 'newest'}-{self.sqlalchemy or 'newest'}".replace(".*", "")

    def make(self) -> Environment:
        pins = (("alembic", self.alembic), ("sqlalchemy", self.sqlalchemy))
        pinned = [f"{name}=={version}" if version else name for name, version in pins]
        return environment(f"project-{self}", pythons()[self.python], *pinned, *DRIVERS)


class Kind(NamedTuple):
    """How a project reaches its database: through which of Alembic's templates, SQLAlchemy's dialects and drivers."""

    template: str
    dialect: str
    driver: str
    alembic: str = ""  # the lowest versions that know it
    sqlalchemy: str = ""

    def suits(self, project: Project) -> bool:
        both = ((project.alembic, self.alembic), (project.sqlalchemy, self.sqlalchemy))
        return all(not has or _numbers(has) >= _numbers(needs) for has, needs in both)


DRIVERS = ("psycopg2-binary", "psycopg[binary]", "asyncpg", "aiosqlite", "pymysql", "greenlet")
KINDS = {
    "psycopg2": Kind("generic", "postgresql+psycopg2", "psycopg2-binary"),
    "psycopg": Kind("generic", "postgresql+psycopg", "psycopg", sqlalchemy="2.0"),
    "psycopg-async": Kind("async", "postgresql+psycopg", "psycopg", "1.10", "2.0"),
    "psycopg-by-default": Kind("generic", "postgresql", "psycopg", sqlalchemy="2.1"),
    "asyncpg": Kind("async", "postgresql+asyncpg", "asyncpg"),
    "pyproject": Kind("pyproject", "postgresql+psycopg2", "psycopg2-binary", alembic="1.16"),
    "pyproject-async": Kind("pyproject_async", "postgresql+asyncpg", "asyncpg", alembic="1.17"),
    "multidb": Kind("multidb", "postgresql+psycopg2", "psycopg2-binary"),
    "version-table": Kind("generic", "postgresql+psycopg2", "psycopg2-binary"),
    "sqlite": Kind("generic", "sqlite", "sqlalchemy"),
    "aiosqlite": Kind("async", "sqlite+aiosqlite", "aiosqlite", sqlalchemy="1.4.3"),
    "pymysql": Kind("generic", "mysql+pymysql", "pymysql"),
}
# Each Alembic with the SQLAlchemys that it runs with, each Python with the first and the last that it gets.
PROJECTS = (
    Project("3.8", "1.7.0", "1.4.0"),
    Project("3.8", "1.14.*", "2.0.*"),
    Project("3.9", "1.10.*", "1.4.*"),
    Project("3.9", "1.16.*", "2.0.*"),
    Project("3.10", "1.7.*", "2.0.*"),
    Project("3.10", "1.13.*", "1.4.*"),
    Project("3.10", "", "2.0.*"),
    Project("3.11", "1.10.*", "2.0.*"),
    Project("3.11", "", "1.4.*"),
    Project("3.11", "", "2.1.*"),
    Project("3.12", "1.13.*", "2.0.*"),
    Project("3.12", "1.16.*", "2.1.*"),
    Project("3.13", "", ""),
    Project("3.14", "", ""),
)
EVERYWHERE = ("psycopg2", "psycopg", "asyncpg")  # the others once with each Alembic
PYPROJECT = parse_toml((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"), "")
CLASSIFIER = "Programming Language :: Python :: 3."
NAMED = [
    line.rpartition(" ")[2] for line in PYPROJECT["project"]["classifiers"] if line.startswith(CLASSIFIER)
]
OURS = (*NAMED, "3.14")  # the last is named in pyproject.toml once it has been run


def _numbers(version: str) -> tuple[int, ...]:
    """Numbers that compare as versions do; `1.4.*` is the last of 1.4."""
    return tuple(int(number) for number in re.findall(r"\d+", version.replace("*", "999")))


def _corners() -> list[tuple[Project, str]]:
    """The oldest and the newest that there is on this machine."""
    oldest, newest = min(pythons(), key=_numbers), max(pythons(), key=_numbers)
    first = "1.4.0" if _numbers(oldest) <= (3, 9) else "1.4.*"  # there is a wheel of it
    old, new = Project(oldest, "1.7.0", first), Project(newest, "", "")
    return [
        *((old, kind) for kind in ("psycopg2", "asyncpg")),
        *((new, kind) for kind in ("psycopg", "pyproject-async", "multidb")),
    ]


def _matrix() -> list[tuple[Project, str]]:
    fullest = {project.alembic: project for project in PROJECTS if project.python in pythons()}
    return [
        (project, name)
        for project in PROJECTS
        for name, kind in KINDS.items()
        if kind.suits(project) and (name in EVERYWHERE or fullest.get(project.alembic) == project)
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    thorough = metafunc.config.getoption("--thorough")
    if "project" in metafunc.fixturenames:
        told = _matrix() if thorough else _corners()
        metafunc.parametrize(("project", "kind"), told, ids=[f"{project}-{kind}" for project, kind in told])
    if "our_python" in metafunc.fixturenames:
        here = [name for name in OURS if name in pythons()]
        metafunc.parametrize("our_python", OURS if thorough else here[:1])


def python_or_skip(name: str) -> Path:
    if name not in pythons():
        pytest.skip(f"there is no Python {name} here")
    return pythons()[name]


# The databases


class Place(NamedTuple):
    """A database in words of a URL."""

    address: str
    refused: str = ""  # the same with a wrong password, where there are passwords
    said: str = ""  # what the server says to that


@pytest.fixture(scope="session")
def guarded(postgres: Server) -> Server:
    postgres.ask_for_password("guarded", "right")
    return postgres


@contextmanager
def place(dialect: str, root: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A database of its own for each story."""
    if dialect.startswith("postgresql"):
        server: Server = request.getfixturevalue("guarded")
        with server.database() as database:
            database.execute("CREATE SCHEMA meta")
            where = f"@/{database.name}?host={server.socket}"
            yield Place(f"postgres{where}", f"guarded:{PASSWORD}{where}", "password authentication failed")
    elif dialect.startswith("mysql"):
        if not mariadb.is_here():
            pytest.skip("there is no MariaDB here")
        with mariadb.server(root) as socket:
            where = f"@/{mariadb.DATABASE}?unix_socket={socket}"
            user = mariadb.USER
            yield Place(f"{user}:{mariadb.PASSWORD}{where}", f"{user}:{PASSWORD}{where}", "Access denied")
    else:
        yield Place(f"/{root}/shared.db")


# The story


def new_world(root: Path, installed: Environment, template: str, urls: list[str]) -> World:
    """A world whose project is what this Alembic's own `init` makes."""
    world = World.empty(root, Layout(env="multidb" if template == "multidb" else "generic"))
    world.env |= installed.activated
    backend = world.main.backend
    backend.mkdir()
    world.run("alembic", "init", "--template", template, "migrations", cwd=backend, check=True)
    set_urls(world.main, urls)
    set_models(world.main, "", batch=urls[0].startswith("sqlite"))
    world.main.write(".gitignore", "__pycache__/\n")
    world.main.commit("Initial project")
    return world


def set_urls(checkout: Checkout, urls: list[str]) -> None:
    ini, rest = checkout.backend / "alembic.ini", iter(urls)
    line = re.compile(r"^sqlalchemy\.url = .*", re.MULTILINE)
    ini.write_text(line.sub(lambda _: f"sqlalchemy.url = {next(rest)}", ini.read_text()))


def set_models(checkout: Checkout, more: str, *, batch: bool = False) -> None:
    """Have models of what the first migration makes, and of more; `batch`: as SQLite needs it."""
    columns = 'sa.Column("id", sa.Integer, primary_key=True)' + more
    table = f"metadata = sa.MetaData()\nsa.Table('t_aaaa1111', metadata, {columns})\n"
    (checkout.backend / "models.py").write_text(f"import sqlalchemy as sa\n{table}")
    env = checkout.backend / "migrations/env.py"
    text = re.sub(
        r"^target_metadata = None",
        "from models import metadata as target_metadata",
        env.read_text(),
        flags=re.MULTILINE,
    )
    both = "from models import metadata\ntarget_metadata = {'engine1': metadata, 'engine2': metadata}"
    text = re.sub(r"^target_metadata = {}", both, text, flags=re.MULTILINE)
    option = "target_metadata=target_metadata"
    env.write_text(text.replace(option, f"{option}, render_as_batch=True") if batch else text)


def write(b: Checkout) -> None:
    """B's own migration has B's own column in it, and leaves A's tables alone; a database may be one of several."""
    set_models(b, ', sa.Column("nick", sa.String(20))')
    done = b.tool("revision", "--autogenerate", "-m", "own", check=True)
    (path,) = done.stdout.splitlines()
    text = (b.backend / path).read_text()
    for table in ("t_bbbb2222", "t_cccc3333"):
        assert f"drop_table {table}: {table[2:]} (StoFlow-feature-A)" in done.stderr
        assert table not in text
    engines = 2 if b.world.layout.env == "multidb" else 1
    for operation in (r"\.add_column\(", r"\.drop_column\("):
        assert len(re.findall(operation, text)) == engines
    assert ("batch_op.add_column(" in text) == (
        "render_as_batch" in (b.backend / "migrations/env.py").read_text()
    )
    (b.backend / path).unlink()
    assert b.tool("check", "--models").stdout.count("add_column t_aaaa1111.nick") == 1
    b.git("checkout", "--", ".")


def put_version_table_elsewhere(checkout: Checkout) -> None:
    env = checkout.backend / "migrations/env.py"
    option = "target_metadata=target_metadata"
    elsewhere = f'{option}, version_table="applied", version_table_schema="meta"'
    env.write_text(env.read_text().replace(option, elsewhere))


def current(checkout: Checkout) -> set[str]:
    """What the project's own Alembic says is applied."""
    said = checkout.alembic("current", check=True).stdout
    return set(re.findall(r"^[0-9a-f]{8,12}\b", said, re.MULTILINE))


# Whatever the driver, nobody else upgrades meanwhile.
UNDER_LOCK = """
if op.get_bind().dialect.name == "postgresql":
    held = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    ours = "locktype = 'advisory' AND datname = current_database()"
    assert op.get_bind().execute(sa.text(f"{held} WHERE {ours}")).scalar(), "not locked"
"""


def borrow(world: World) -> Checkout:
    """A applies a chain of two that it has not committed; B, with a head of its own, borrows it. B comes back."""
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-feature-B")
    a.revision("bbbb2222", "aaaa1111")
    a.applied("cccc3333", "bbbb2222", commit=False)
    b.revision("dddd4444", "aaaa1111", body=UNDER_LOCK)
    b.commit("Add dddd4444")
    died = b.alembic("current")
    assert died.returncode != 0
    assert "Can't locate revision identified by 'cccc3333'" in died.stdout + died.stderr
    be_borrowed_by_alembic(b)
    done = b.tool("upgrade", check=True)
    assert "This checkout has 2 heads" in done.stderr
    assert "cannot be locked" not in done.stderr
    assert "DeprecationWarning" not in done.stderr
    for name in ("bbbb2222_add_t.py", "cccc3333_add_t.py"):
        assert (b.versions / name).read_bytes() == (a.versions / name).read_bytes()
    assert b.git_status() == ""
    assert current(b) == {"cccc3333", "dddd4444"}
    a.commit("Add bbbb2222 and cccc3333")
    return b


def be_borrowed_by_alembic(b: Checkout) -> None:
    """With our lines in env.py it dies no more, and writes nothing on what others made."""
    env, ours = b.backend / "migrations/env.py", {"ALEMBIC_WORKTREES": str(OURS_HERE)}
    env.write_text(with_lines(env.read_text(), env_lines()) or "")
    said = b.alembic("current", env=ours, check=True)
    assert said.stderr.count("Borrowed ") == 2
    assert "Borrowed " not in b.alembic("current", env=ours, check=True).stderr
    assert b.alembic("revision", "--autogenerate", "-m", "x", env=ours).returncode == 1
    b.tool("return", check=True)
    b.git("checkout", "--", ".")


def fail(b: Checkout) -> None:
    """A migration fails: Alembic's own words are shown, and nothing is said to be done."""
    broken = b.revision("eeee5555", "dddd4444", body="op.execute('SELECT nonsense')")
    done = b.tool("upgrade")
    broken.unlink()
    assert done.returncode == 1
    assert "Alembic could not upgrade" in done.stderr
    assert broken.name in done.stderr
    assert re.search(r"(column|Column).*nonsense", done.stderr)


def be_refused(b: Checkout, url: str, said: str) -> None:
    """The server refuses the password, which an env.py that is too chatty prints."""
    env = b.backend / "migrations/env.py"
    env.write_text(f"print(open('alembic.ini').read())\n{env.read_text()}")
    set_urls(b, [url, url])
    done = b.tool("upgrade")
    b.git("checkout", "--", ".")
    assert done.returncode == 1
    assert said in done.stderr
    assert f"{url.partition(PASSWORD)[0]}***@" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def rest(b: Checkout, url: str) -> None:
    """With `database-url` an env.py that would fail is not even started."""
    pyproject = b.backend / "pyproject.toml"
    had = pyproject.read_text() if pyproject.exists() else ""
    pyproject.write_text(f'{had}\n[tool.alembic-worktrees]\ndatabase-url = "env:DATABASE_URL"\n')
    (b.backend / "migrations/env.py").write_text("raise RuntimeError('Alembic was started')\n")
    done = b.tool("upgrade", env={"DATABASE_URL": url}, check=True)
    assert "is up to date: cccc3333 (borrowed from StoFlow-feature-A), dddd4444" in done.stderr
    b.git("checkout", "--", ".")
    b.git("clean", "--force", "--quiet")


def join(b: Checkout) -> None:
    """Git brings the originals; two heads are B's own then, and one command joins them."""
    b.git("merge", "--quiet", "StoFlow-feature-A")
    merged = b.tool("merge", "--message", "join", check=True).stdout.strip()
    b.tool("upgrade", check=True)
    (head,) = current(b)
    assert head in (b.versions / merged).read_text()
    b.commit("Join")
    assert b.git_status() == ""


def test_project(
    project: Project,
    kind: str,
    world_root: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    python_or_skip(project.python)
    template, dialect, driver, *_ = KINDS[kind]
    installed = project.make()
    with ExitStack() as stack:
        places = [
            stack.enter_context(place(dialect, world_root, request)) for _ in range(1 + (kind == "multidb"))
        ]
        world = new_world(world_root, installed, template, [f"{dialect}://{one.address}" for one in places])
        world.ours = (sys.executable, "-W", "error::DeprecationWarning")
        if kind == "version-table":
            put_version_table_elsewhere(world.main)
            world.main.commit("Put the version table elsewhere")
        tell(
            world, places[0], dialect, directly=kind in {"psycopg2", "psycopg", "asyncpg", "pyproject-async"}
        )
    for name in ("alembic", "sqlalchemy", driver):
        record_property(name, installed.installed[name])


def tell(world: World, where: Place, dialect: str, *, directly: bool) -> Checkout:
    b = borrow(world)
    fail(b)
    write(b)
    if where.refused:
        be_refused(b, f"{dialect}://{where.refused}", where.said)
    if directly:
        rest(b, f"{dialect}://{where.address}")
    join(b)
    return b


# What is ours


def promised(python: str) -> list[str]:
    """Our dependencies under that Python; of all markers we use one."""
    lines = [line.partition("; python_version < ") for line in PYPROJECT["project"]["dependencies"]]
    return [line for line, _, below in lines if not below or _numbers(python) < _numbers(below)]


def test_lowest_packages(
    our_python: str,
    world_root: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    """What our own `pyproject.toml` promises is enough, with the SQLAlchemy that Alembic 1.7 runs with."""
    floors = promised(our_python)
    words = ("--editable", REPOSITORY, "sqlalchemy==1.4.*")
    installed = environment(f"lowest-{our_python}", python_or_skip(our_python), *words, floors=floors)
    with place("postgresql+psycopg2", world_root, request) as where:
        world = new_world(world_root, installed, "generic", [f"postgresql+psycopg2://{where.address}"])
        world.ours = (installed.python,)
        b = tell(world, where, "postgresql+psycopg2", directly=True)
        assert "Nothing to do" in b.tool("status", check=True).stdout
        inner = shlex.join([str(installed.python), "-m", "alembic_worktrees", "shim"])
        asked = world.run("bash", "-c", f"{inner}; exit $?", check=True)  # it asks who called it
        assert asked.stdout == (REPOSITORY / "shell/alembic-utils.sh").read_text()
    for name, _ in map(split, floors):
        record_property(name, installed.installed[name])


# What we say


def test_the_docs_name_what_is_run() -> None:
    text = (REPOSITORY / "docs/settings.md").read_text(encoding="utf-8")
    section = text.partition("\n## Versions\n")[2].partition("\n## ")[0]
    said = [row.split("|")[2] for row in section.splitlines() if row.startswith("|")][2:]
    numbers = [re.findall(r"\d+\.\d+", row) for row in said]
    assert numbers == [
        [NAMED[0], NAMED[-1]],
        [PROJECTS[0].python, NAMED[-1]],
        [PROJECTS[0].alembic.removesuffix(".0")],
        sorted({project.sqlalchemy[:3] for project in PROJECTS if project.sqlalchemy}),
        [],
    ]
    drivers = {kind.dialect.partition("+")[2] for kind in KINDS.values()} - {""} | {"sqlite3"}
    assert set(re.findall(r"`(.+?)`", said[-1])) == drivers
