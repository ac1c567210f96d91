"""Every way to arrange an Alembic project: what is missing is borrowed to the place where it belongs."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from test_interpreter import virtualenv

from worlds.hooks import install
from worlds.world import Checkout, Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database

LAYOUTS = {
    "root": Layout(backend=""),
    "deep": Layout(backend="services/api/server"),
    "pyproject": Layout(config="pyproject", script_location="%(here)s/migrations"),
    "both": Layout(config="both", script_location="%(here)s/migrations"),
    "here": Layout(script_location="%(here)s/migrations"),
    "package": Layout(script_location="app:migrations"),
    "locations": Layout(version_locations=("migrations/versions", "plugins/versions")),
    "locations here": Layout(version_locations=("%(here)s/migrations/versions", "%(here)s/b/versions")),
    "recursive": Layout(recursive=True),
    "version table": Layout(version_table="stoflow_version"),
    "dated": Layout(options=(("file_template", "%%(year)d_%%(month).2d_%%(rev)s_%%(slug)s"),)),
    "odd names": Layout(name="é $x 'dir'", backend="back end"),
}
FILES = {"recursive": "2024/05/bbbb2222.py", "dated": "2024_05_add_users.py"}


def borrow_and_go_on(world: World, database: Database, file: str | None = None) -> tuple[Path, Path]:
    """A has applied `bbbb2222`; B borrows it and applies `cccc3333`, its own. Where `bbbb2222` lies in both."""
    layout = world.layout
    location = layout.locations[-1].removeprefix("%(here)s/")
    version = {"table": layout.version_table, "schema": layout.version_schema}
    world.main.revision("aaaa1111", location=layout.locations[0].removeprefix("%(here)s/"))
    world.main.commit("Add aaaa1111")
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    original = a.revision("bbbb2222", "aaaa1111", location=location, file=file)
    b.revision("cccc3333", "aaaa1111", location=location)
    b.commit("Add cccc3333")
    database.set_heads("bbbb2222", **version)  # type: ignore[arg-type]
    b.tool("upgrade", check=True)
    assert database.heads(**version) == {"bbbb2222", "cccc3333"}  # type: ignore[arg-type]
    assert b.git_status() == ""
    return original, b.path / original.relative_to(a.path)


@pytest.mark.parametrize("place", ["conf", "", "conf/sub"])
def test_a_config_that_is_used_from_further_up(place: str, world_root: Path, database: Database) -> None:
    """As `alembic -c conf/alembic.ini` is run at the top, where alone script_location leads to something."""
    world = World.create(world_root, database.url, layout=Layout(backend=""))
    main = world.main
    main.write("conf/sub/x", "")
    main.git("mv", "alembic.ini", "conf/alembic.ini")
    main.revision("aaaa1111")
    main.commit("First migration")
    install(world)
    feature = world.worktree("StoFlow-feature")
    feature.revision("bbbb2222", "aaaa1111")
    feature.commit("Second migration")
    feature.tool("upgrade", cwd=feature.path / place, check=True)
    main.tool("upgrade", "conf", check=True)
    assert database.heads() == {"bbbb2222"}
    assert "bbbb2222" in main.tool("status", cwd=main.path / place, check=True).stdout
    # git's hooks know it too
    main.revision("cccc3333", "bbbb2222")
    main.git("add", "--all")
    done = main.git_run("commit", "--message", "x")
    assert (done.returncode, "only borrowed here" in done.stderr) == (1, True)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name: str, world_root: Path, database: Database) -> None:
    world = World.create(world_root, database.url, layout=LAYOUTS[name])
    original, copy = borrow_and_go_on(world, database, FILES.get(name))
    assert copy.read_bytes() == original.read_bytes()


# A package that is not where the config is


HIDDEN = "lib/app/migrations/versions"


def hidden(world_root: Path, url: str, *copies: str) -> World:
    """The script folder lies in a package that only Python's path leads to; there may be `copies` of it."""
    world = World.create(world_root, url, layout=Layout(script_location="app:migrations"))
    main = world.main
    (main.backend / "lib").mkdir()
    main.git("mv", "backend/app", "backend/lib/app")
    for name in copies:
        shutil.copytree(main.backend / "lib/app", main.backend / name / "app")
    main.revision("aaaa1111", location=HIDDEN)
    main.commit("Move the package")
    return world


@pytest.mark.parametrize("copies", [(), ("examples",)])
def test_a_package_that_only_git_or_python_knows(
    copies: tuple[str, ...], world_root: Path, database: Database
) -> None:
    world = hidden(world_root, database.url, *copies)
    world.env["PYTHONPATH"] = "lib"
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    original = a.revision("bbbb2222", "aaaa1111", location=HIDDEN)
    b.revision("cccc3333", "aaaa1111", location=HIDDEN)
    b.commit("Add cccc3333")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert (b.backend / HIDDEN / original.name).read_bytes() == original.read_bytes()
    assert b.git_status() == ""
    b.revision("dddd4444", "nowhere", location=HIDDEN)
    assert "dddd4444 follows nowhere" in b.tool("check").stdout
    assert b.tool("check", "--staged", check=True).stdout == ""
    b.git("add", "-A")
    assert "dddd4444 follows nowhere" in b.tool("check", "--staged").stdout


def test_a_package_that_is_installed_from_the_main_worktree(world_root: Path) -> None:
    """The environment is shared, as `pip install --editable` made it there: the same folder here is meant."""
    world = hidden(world_root, "sqlite://", "examples")
    world.main.write(".gitignore", ".venv/\n")
    world.main.commit("Ignore the environment")
    b = world.worktree("feature-B")
    b.revision("bbbb2222", "aaaa1111", location=HIDDEN)
    assert b.tool("list").returncode == 1
    python = virtualenv(world.main.path / ".venv")
    (site,) = python.parent.parent.glob("lib/python*/site-packages")
    (site / "app.pth").write_text(f"{world.main.backend}/lib\n")
    assert f"{b.name} (2 migrations)" in b.tool("list", check=True).stdout


def test_in_git_a_package_lies_where_git_has_it(world_root: Path) -> None:
    """Not where it has been moved to since, and what was added there is not recorded."""
    main = hidden(world_root, "sqlite://").main
    main.revision("bbbb2222", "nowhere", location=HIDDEN)
    main.git("add", "--all")
    (main.backend / "lib/app").rename(main.backend / "app")
    assert "bbbb2222 follows nowhere" in main.tool("check", "--staged").stdout
    main.git("commit", "--quiet", "--message", "Add bbbb2222")
    assert "bbbb2222 follows nowhere" in main.tool("check", "--ref", "HEAD").stdout


def test_a_package_that_is_nowhere(world_root: Path) -> None:
    """Every command says so and fails; the hooks say so and let the commit pass."""
    main = hidden(world_root, "sqlite://").main
    main.git("mv", "backend/lib/app/migrations", "backend/lib/app/renamed")
    main.commit("Rename it")
    named = "app:migrations"
    for words in (["check"], ["list"], ["status"], ["upgrade"], ["find", "aaaa1111"], ["graph"]):
        done = main.tool(*words)
        assert (done.returncode, named in done.stderr) == (1, True), words
    said = main.tool("check", "--staged", cwd=main.path, check=True).stdout
    assert said == ""  # this commit touches none of it
    with (main.backend / "alembic.ini").open("a") as ini:
        ini.write("# touched\n")
    main.git("add", "--all")
    assert named in main.tool("check", "--staged", check=True).stdout
    done = main.tool("check", "--ref", "HEAD")
    assert (done.returncode, named in done.stdout) == (1, True)
    main.tool("protect", check=True)
    assert (
        named in main.tool("report", "post-merge", "0", env={"GIT_REFLOG_ACTION": "merge"}, check=True).stderr
    )


@pytest.mark.parametrize("cached", [False, True])
def test_what_is_compiled_is_no_nothing(cached: bool, world_root: Path, database: Database) -> None:
    """With `sourceless` Alembic shows a head where we can read none: nothing says that all is well."""
    layout = Layout(options=(("sourceless", "true"),))
    main = World.create(world_root, database.url, layout=layout).main
    source = main.revision("aaaa1111")
    place = importlib.util.cache_from_source(str(source)) if cached else f"{source}c"
    py_compile.compile(str(source), cfile=place)
    assert main.tool("check", check=True).stdout == ""  # the source is loaded
    text = source.read_text()
    source.unlink()
    name = os.path.relpath(place, main.path)
    assert main.alembic("heads", cold=True, check=True).stdout == "aaaa1111 (head)\n"
    done = main.tool("check")
    assert done.returncode == 1
    assert "compiled: not judged: Alembic loads it" in done.stdout
    assert name in done.stdout
    main.git("add", "--force", place)
    assert name in main.tool("check", "--staged", check=True).stdout
    assert "(1 migration)" in main.tool("list", check=True).stdout
    assert "compiled, and without its source" in main.tool("list", "--json", check=True).stderr
    assert "alembic-worktrees check" in main.tool("status").stdout
    assert name in main.tool("find", "aaaa1111").stderr
    source.write_text(text)
    assert "alembic-worktrees check" not in main.tool("status", check=True).stdout


def test_version_schema(world_root: Path, database: Database) -> None:
    database.execute("CREATE SCHEMA meta")
    layout = Layout(version_schema="meta", version_table="applied")
    world = World.create(world_root, database.url, layout=layout)
    original, copy = borrow_and_go_on(world, database)
    assert copy.read_bytes() == original.read_bytes()


def test_async_env(world_root: Path, database: Database) -> None:
    world = World.create(world_root, database.async_url, layout=Layout(env="async"))
    original, copy = borrow_and_go_on(world, database)
    assert copy.read_bytes() == original.read_bytes()


def test_several_locations_each_file_in_its_own(world_root: Path, database: Database) -> None:
    locations = ("migrations/versions", "plugins/versions", "new/versions")
    world = World.create(world_root, database.url, layout=Layout(version_locations=locations))
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    down = None
    for number, location in enumerate(locations):
        a.revision(f"rev{number}", down, location=location, file="same_name.py")
        down = f"rev{number}"
    database.set_heads("rev2")
    b.tool("upgrade", check=True)
    for location in locations:
        file = f"{location}/same_name.py"
        assert (b.backend / file).read_bytes() == (a.backend / file).read_bytes()
    assert b.git_status() == ""


def test_a_location_that_only_the_neighbour_has(world_root: Path, database: Database) -> None:
    """A's branch has a plugin with migrations of its own; here they go to the first location."""
    layout = Layout(version_locations=("migrations/versions",))
    world = World.create(world_root, database.url, layout=layout)
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    ini = a.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("= migrations/versions", "= migrations/versions:plugin/versions"))
    original = a.revision("aaaa1111", location="plugin/versions")
    database.set_heads("aaaa1111")
    b.tool("upgrade", check=True)
    assert (b.versions / original.name).read_bytes() == original.read_bytes()


def test_sub_folders_only_the_neighbour_reads(world_root: Path, database: Database) -> None:
    world = World.create(world_root, database.url)
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    ini = a.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("[alembic]\n", "[alembic]\nrecursive_version_locations = true\n"))
    original = a.revision("aaaa1111", file="2024/aaaa1111.py")
    a.revision("bbbb2222", "aaaa1111", file="2025/aaaa1111.py")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert (b.versions / "aaaa1111.py").read_bytes() == original.read_bytes()
    assert len(list(b.versions.glob("*.py"))) == 2


def test_the_neighbour_keeps_its_migrations_elsewhere(world_root: Path, database: Database) -> None:
    """On A's branch the backend has moved."""
    world = World.create(world_root, database.url)
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    a.git("mv", "backend", "server")
    a.commit("Move the backend")
    original = a.revision("aaaa1111", location="../server/migrations/versions")
    assert original.exists()
    database.set_heads("aaaa1111")
    b.tool("upgrade", check=True)
    assert (b.versions / original.name).read_bytes() == original.read_bytes()


def test_two_databases(world_root: Path, new_database: Callable[[], Database]) -> None:
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, layout=Layout(env="multidb"), other_url=two.url)
    world.main.applied("aaaa1111")
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    a.applied("bbbb2222", "aaaa1111")
    two.set_heads("aaaa1111")  # the second one has yet to get it
    two.execute("DROP TABLE t_bbbb2222")
    b.revision("cccc3333", "bbbb2222")
    done = b.tool("upgrade", "--on-borrowed", check=True)
    assert one.heads() == two.heads() == {"cccc3333"}
    assert {"t_bbbb2222", "t_cccc3333"} <= two.tables()
    assert all(f"Upgrading {database.name}" in done.stderr for database in (one, two))


def test_two_databases_each_with_an_unknown_row(
    world_root: Path, new_database: Callable[[], Database]
) -> None:
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, layout=Layout(env="multidb"), other_url=two.url)
    a, b, c = map(world.worktree, ["feature-A", "feature-B", "feature-C"])
    a.revision("aaaa1111")
    c.revision("cccc3333", "aaaa1111")
    c.revision("aaaa1111")
    one.set_heads("aaaa1111")
    two.set_heads("cccc3333")
    b.tool("upgrade", check=True)
    assert one.heads() == two.heads() == {"cccc3333"}
    assert "t_cccc3333" in one.tables()


def test_rows_that_overlap_in_one_of_two_databases(
    world_root: Path, new_database: Callable[[], Database]
) -> None:
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, layout=Layout(env="multidb"), other_url=two.url)
    world.main.applied("aaaa1111")
    world.main.revision("bbbb2222", "aaaa1111")
    two.set_heads("aaaa1111", "bbbb2222")
    done = world.main.tool("upgrade")
    assert done.returncode == 1
    assert "alembic-worktrees rebase bbbb2222 --onto aaaa1111" in done.stderr
    world.main.tool("rebase", "bbbb2222", "--onto", "aaaa1111", "--yes", check=True)
    assert (one.heads(), two.heads()) == ({"aaaa1111"}, {"bbbb2222"})


def test_sqlite(world_root: Path) -> None:
    """No server, one file, which both checkouts name alike."""
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    world.main.applied("aaaa1111")
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    a.applied("bbbb2222", "aaaa1111")
    b.revision("cccc3333", "aaaa1111")
    b.tool("upgrade", check=True)
    assert set(b.alembic("current", check=True).stdout.split()) == {"bbbb2222", "cccc3333", "(head)"}


# The options of the alembic command


@pytest.fixture
def pair(world: World, database: Database) -> tuple[Checkout, Checkout]:
    """Of two worktrees, A has `bbbb2222`, which is applied, and B has not."""
    ini = world.main.backend / "alembic.ini"
    conf = world.main.path / "conf" / "db.ini"
    conf.parent.mkdir()
    conf.write_text(
        ini.read_text().replace("= migrations\n", "= %(here)s/../backend/migrations\n")
        + "\n[other]\nscript_location = %(here)s/../backend/migrations\nsqlalchemy.url = "
        + database.url
    )
    ini.unlink()
    world.main.revision("aaaa1111")
    world.main.commit("Configure elsewhere")
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    return a, b


def is_borrowed(b: Checkout) -> bool:
    return (b.versions / "bbbb2222_add_t.py").is_file()


@pytest.mark.parametrize("section", [(), ("-n", "other"), ("--name", "other")])
def test_option_c(section: tuple[str, ...], pair: tuple[Checkout, Checkout]) -> None:
    _, b = pair
    b.tool("upgrade", "-c", "../conf/db.ini", *section, check=True)
    assert is_borrowed(b)


def test_option_c_with_an_absolute_path(pair: tuple[Checkout, Checkout]) -> None:
    _, b = pair
    b.tool("upgrade", "-c", b.path / "conf/db.ini", check=True)
    assert is_borrowed(b)


def test_version_locations_that_env_py_chooses(world: World) -> None:
    """As for a dialect: what we cannot read from the config is told of, not taken for no migration at all."""
    main = world.main
    main.revision("aaaa1111", location="migrations/versions/postgresql")
    said = main.tool("list", check=True).stderr
    assert "but some lie in ~/StoFlow/backend/migrations/versions/postgresql." in said
    ini = main.backend / "alembic.ini"
    locations = "[alembic]\nversion_locations = %(here)s/migrations/versions/postgresql"
    ini.write_text(ini.read_text().replace("[alembic]", locations, 1))
    done = main.tool("list", check=True)
    assert (done.stderr, "aaaa1111_add_t.py" in done.stdout) == ("", True)


@pytest.mark.parametrize("named", [True, False])
def test_an_ini_with_environments_in_its_sections_only(named: bool, world: World) -> None:
    """What the error tells to add works, from wherever it was said, and so does init without it."""
    main = world.main
    ini = main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("[alembic]", "[alembic]\n\n[core]", 1))
    main.revision("aaaa1111")
    argv = ["upgrade", *(["backend"] if named else [])]
    done = main.tool(*argv, cwd=main.path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "The Alembic config in ~/StoFlow/backend says where the scripts are only in its sec"
    )
    (option,) = re.findall(r"Name one: add (-n \w+) to the command", done.stderr)
    main.tool(*argv, *option.split(), cwd=main.path, check=True)
    assert "Alembic project: ~/StoFlow/backend -n core\n" in main.tool("init", "--yes", check=True).stderr


@pytest.mark.parametrize("absolute", [False, True])
def test_alembic_config(absolute: bool, pair: tuple[Checkout, Checkout]) -> None:
    _, b = pair
    config = str(b.path / "conf/db.ini") if absolute else "conf/db.ini"
    b.tool("upgrade", cwd=b.path, env={"ALEMBIC_CONFIG": config}, check=True)
    assert is_borrowed(b)


def test_option_x_reaches_env_py(world: World, new_database: Callable[[], Database]) -> None:
    other = new_database()
    env = world.main.backend / "migrations/env.py"
    line = 'config.set_main_option("sqlalchemy.url", context.get_x_argument(as_dictionary=True)["db"])\n'
    env.write_text(env.read_text().replace("OPTIONS =", f"{line}OPTIONS ="))
    world.main.commit("Ask for the database")
    a, b = world.worktree("feature-A"), world.worktree("feature-B")
    a.revision("aaaa1111")
    b.revision("bbbb2222")
    other.set_heads("aaaa1111")
    b.tool("upgrade", "-x", f"db={other.url}", check=True)
    assert other.heads() == {"aaaa1111", "bbbb2222"}
