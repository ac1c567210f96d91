"""Failures are failures: the status, Alembic's own words, one line that says what to do, and never a password."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest
import rich

import alembic_worktrees
from worlds.observe import TRACES, at_terminal, tree
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from worlds.postgres import Database
    from worlds.world import Checkout

PASSWORD = "S3CRETpass"
BASE_PYTHON = Path(sys.executable).resolve()  # without the packages of the virtualenv


@pytest.fixture
def main(world: World) -> Checkout:
    """The main checkout, with one applied migration."""
    world.main.applied("aaaa1111")
    return world.main


def set_url(checkout: Checkout, url: str) -> None:
    ini = checkout.backend / "alembic.ini"
    escaped = url.replace("%", "%%")
    ini.write_text(
        re.sub("(?m)^sqlalchemy.url = .*", lambda _: f"sqlalchemy.url = {escaped}", ini.read_text())
    )


def prepend(checkout: Checkout, code: str) -> None:
    env = checkout.backend / "migrations/env.py"
    env.write_text(code + "\n" + env.read_text())


def fails(done: CompletedProcess[str], *words: str, status: int = 1) -> CompletedProcess[str]:
    """It failed as a failure should: its status, nothing on stdout, its words on stderr, no password."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr, done.stderr
    assert "This is a bug" not in done.stderr
    assert PASSWORD not in done.stderr
    return done


def last_lines(text: str, count: int) -> str:
    return "\n".join(text.rstrip().splitlines()[-count:])


def alembic_says(checkout: Checkout, *args: str) -> list[str]:
    """What the bare command prints from the project's own code on: the frames before are Alembic's start."""
    done = checkout.alembic(*args)
    assert done.returncode != 0
    said = (done.stdout + done.stderr).splitlines()
    own = [number for number, line in enumerate(said) if "migrations/" in line]
    return said[own[0] :] if own else said


def shows(done: CompletedProcess[str], said: list[str]) -> None:
    """All that Alembic says stands there in full and in order. (Our traceback may show more: generated code.)"""
    ours = iter(done.stderr.splitlines())
    missing = [line for line in said if line not in ours]
    assert not missing, done.stderr


def command_in(done: CompletedProcess[str], words: str) -> str:
    found = re.search(re.escape(words) + "(.*)", done.stderr)
    assert found, done.stderr
    return found[1]


# The database

DOWN = {
    "socket gone": "postgresql+psycopg2://dev:{password}@/stoflow?host=/nowhere",
    "port refused": "postgresql+psycopg2://dev:{password}@127.0.0.1:1/stoflow",
    "host unknown": "postgresql+psycopg2://dev:{password}@db.example.invalid/stoflow",
    "at sign": "postgresql+psycopg2://dev:x@{password}@127.0.0.1:1/stoflow",
    "in the query": "postgresql+psycopg2:///stoflow?host=127.0.0.1&port=1&password={password}",
    "unknown option": "postgresql+psycopg2://dev:{password}@127.0.0.1:1/stoflow?nonsense={password}",
    "unknown dialect": "nonsense://dev:{password}@127.0.0.1:1/stoflow",
    "no dialect": "dev:{password}@127.0.0.1:1/stoflow",
    "bad port": "postgresql+psycopg2://dev:{password}@127.0.0.1:port/stoflow",
    "async": "postgresql+asyncpg://dev:{password}@127.0.0.1:1/stoflow",
}


@pytest.mark.parametrize("case", DOWN)
def test_database_down(case: str, main: Checkout) -> None:
    set_url(main, DOWN[case].format(password=PASSWORD))
    env = {"PGPASSWORD": PASSWORD}
    done = fails(main.tool("upgrade", "-v", env=env), "could not be asked what is applied")
    # What stands where a port belongs may be a password that was not quoted.
    hidden = re.compile(f"{PASSWORD}|(?<=base 10: )'port'")
    shows(done, [hidden.sub("***", line) for line in alembic_says(main, "current")])
    assert PASSWORD not in main.tool("copy", "--json", "-v").stderr
    shown = command_in(done, "See it again with: ")
    assert main.world.run("sh", "-c", shown).returncode == 1


def test_database_down_is_one_line_in_every_command(main: Checkout) -> None:
    set_url(main, DOWN["port refused"].format(password=PASSWORD))
    env = {"PGPASSWORD": PASSWORD}
    for words in ("upgrade", "copy", "check --database", "status", "graph"):
        said = main.tool(*words.split(), env=env)
        assert said.returncode == (0 if words == "graph" else 1)
        assert "Traceback" not in said.stdout + said.stderr, said.stderr
        assert len(said.stderr.splitlines()) == (0 if words == "status" else 1), said.stderr
        assert PASSWORD not in said.stdout + said.stderr
    done = fails(main.tool("upgrade", env=env), "could not be asked what is applied (Operational")
    assert main.world.run("sh", "-c", command_in(done, "with -v, or by: ")).returncode == 1


@pytest.mark.parametrize(
    "password", ["S3CR%3AET", "S3CR%40ET", "S3CR%20ET", "S3CR'ET", "S3CR#/?ET", "S3CR%25ET"]
)
def test_odd_passwords(password: str, main: Checkout) -> None:
    set_url(main, f"postgresql+psycopg2://dev:{password}@db.example.invalid:1/stoflow")
    prepend(main, "import os\nprint(context.config.get_main_option('sqlalchemy.url'))")
    env = main.backend / "migrations/env.py"
    env.write_text("from alembic import context\n" + env.read_text())
    done = main.tool("upgrade")
    assert done.returncode == 1
    assert "S3CR" not in done.stderr + done.stdout
    assert "dev:***@db.example.invalid" in done.stderr


def test_wrong_password(main: Checkout, database: Database) -> None:
    """The server's own refusal is shown; here it is a role that does not exist."""
    set_url(main, f"postgresql+psycopg2://nobody:{PASSWORD}@/{database.name}?host={database.socket}")
    fails(main.tool("upgrade", env={"PGPASSWORD": PASSWORD}), 'role "nobody" does not exist')


LEAKS = {
    "print": "import sys\nprint({url!r})\nprint({url!r}, file=sys.stderr)\nraise ValueError({url!r})",
    "command error": "from alembic.util import CommandError\nraise CommandError('cannot use ' + {url!r})",
    "connect": "import psycopg2\npsycopg2.connect('host=127.0.0.1 port=1 password={password}')",
    "quoted": "raise ValueError(\"host=127.0.0.1 password='{password} x' port=1\")",
    "keywords": "raise ValueError(dict(host='127.0.0.1', password='{password}'))",
    "environment": "import os\nraise ValueError(os.environ)",
    "warning": "import warnings\nwarnings.warn({url!r})\nraise SystemExit({url!r})",
    "log": "import logging\nlogging.error('cannot use %s', {url!r})\nraise ValueError",
}


@pytest.mark.parametrize("case", LEAKS)
def test_env_that_tells_the_password(case: str, main: Checkout) -> None:
    url = f"postgresql://dev:{PASSWORD}@127.0.0.1:1/stoflow"
    prepend(main, LEAKS[case].format(url=url, password=PASSWORD))
    done = fails(main.tool("upgrade", "-v", env={"PGPASSWORD": PASSWORD, "DATABASE_URL": url}))
    assert "***" in done.stderr


def test_bug_report_has_no_password(main: Checkout) -> None:
    code = (
        "from alembic_worktrees.search import checkouts; from alembic_worktrees.cli import main as cli\n"
        f"def broken(*words): raise ValueError('postgresql://dev:{PASSWORD}@h/db')\n"
        "checkouts.look_around = broken\n"
        f"raise SystemExit(cli.run(['list', '-n', 'password={PASSWORD}x']))"
    )
    ini = main.backend / "alembic.ini"
    ini.write_text(ini.read_text() + f"\n[password={PASSWORD}x]\nscript_location = migrations\n")
    done = main.world.run(sys.executable, "-c", code, cwd=main.backend)
    assert done.returncode == 3
    assert PASSWORD not in done.stderr
    assert "This is a bug of alembic-worktrees, not of your project." in done.stderr
    assert "ValueError: postgresql://dev:***@h/db" in done.stderr


# The project


@pytest.mark.parametrize("folder", ["", "backend/migrations"])
def test_no_alembic_config(folder: str, main: Checkout) -> None:
    (main.backend / "alembic.ini").unlink()
    fails(main.tool("upgrade", cwd=main.path / folder), "No Alembic project in", "there is no alembic.ini")


def test_the_only_alembic_config_needs_no_name(main: Checkout) -> None:
    main.git("mv", "backend", "server")
    main.commit("Move")
    main.write("docs/x", "")
    for place in ("", "docs"):
        main.tool("upgrade", cwd=main.path / place, check=True)


def test_no_alembic_config_here_but_there(main: Checkout) -> None:
    main.git("mv", "backend", "server")
    main.write("worker/alembic.ini", (main.path / "server/alembic.ini").read_text())
    main.commit("Move")
    done = fails(main.tool("upgrade", cwd=main.path), "but this checkout has one in:")
    folder = command_in(done, "alembic-worktrees upgrade ")
    shown = f"{sys.executable} -m alembic_worktrees upgrade {folder}"
    main.world.run("sh", "-c", shown, cwd=main.path, check=True)


def test_every_alembic_config_of_the_checkout_is_named(main: Checkout) -> None:
    """Wherever git knows one that is still there: at the top and far below, in the order of their paths."""
    for place in ("services/a/alembic.ini", "gone/alembic.ini", "docs/old-alembic.ini", "alembic.ini"):
        main.write(place, "[alembic]\n")
    main.commit("Many configs")
    shutil.rmtree(main.path / "gone")
    done = fails(main.tool("upgrade", "docs", cwd=main.path), "No Alembic project in ~/StoFlow/docs")
    named = [line.strip() for line in done.stderr.splitlines() if line.startswith("  ~/")]
    assert named == ["~/StoFlow", "~/StoFlow/backend", "~/StoFlow/services/a"]


def test_no_such_folder(main: Checkout) -> None:
    fails(main.tool("upgrade", "nowhere"), "There is no folder", "StoFlow/backend/nowhere")


def test_scripts_missing(main: Checkout) -> None:
    ini = main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("script_location = migrations", "script_location = nowhere"))
    done = fails(main.tool("upgrade"), "script_location = nowhere, but there is no such folder")
    main.world.run("sh", "-c", command_in(done, "create it with: "), check=True)


def test_config_unreadable(main: Checkout) -> None:
    ini = main.backend / "alembic.ini"
    ini.write_text(f"[alembic]\nscript_location = migrations\nsqlalchemy.url {PASSWORD}\n")
    fails(main.tool("upgrade"), "alembic.ini cannot be read as Alembic reads it")


def test_failing_migration(main: Checkout, database: Database) -> None:
    main.revision("bbbb2222", "aaaa1111")
    path = main.revision("cccc3333", "bbbb2222", body="op.execute('SELECT nonsense')")
    done = fails(main.tool("upgrade"))
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Alembic could not upgrade: cccc3333 failed, see its message above: ~/StoFlow/")
    assert path.name in last
    shows(done, alembic_says(main, "upgrade", "heads")[-12:])
    assert database.heads() == {"aaaa1111"}
    again = main.world.run("sh", "-c", command_in(done, "See it again with: "))
    assert 'column "nonsense" does not exist' in again.stderr


def test_failing_migration_shows_all_of_the_traceback(main: Checkout) -> None:
    main.revision("bbbb2222", "aaaa1111", body="raise ZeroDivisionError('mine')")
    done = fails(main.tool("upgrade"))
    shows(done, alembic_says(main, "upgrade", "heads"))


def test_failing_migration_under_a_target(main: Checkout) -> None:
    main.revision("bbbb2222", "aaaa1111", body="op.execute('SELECT nonsense')")
    done = fails(main.tool("upgrade", "--target", "bbbb2222"))
    assert command_in(done, "See it again with: ").endswith("alembic upgrade bbbb2222")


ENVS = {
    "command error": (
        "from alembic.util import CommandError\nraise CommandError('no such tenant')",
        "FAILED: no such tenant",
    ),
    "exception": ("raise ZeroDivisionError('mine')", "ZeroDivisionError: mine"),
    "import": ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
    "syntax": ("def", "SyntaxError: invalid syntax"),
    "exit": ("import sys\nsys.exit('set DATABASE_URL')", "set DATABASE_URL"),
    "exit 0": ("import sys\nsys.exit(0)", "env.py came to its end without asking a database"),
    "gone": ("import os\nos._exit(7)", "ended (status 7)"),
}


@pytest.mark.parametrize("case", ENVS)
def test_env_that_raises(case: str, main: Checkout) -> None:
    code, words = ENVS[case]
    prepend(main, code)
    done = fails(main.tool("upgrade"), words)
    if case in {"command error", "exception", "import", "syntax"}:
        shows(done, alembic_says(main, "current"))
    assert main.world.run("sh", "-c", command_in(done, "with: ")).returncode != (0 if case != "exit 0" else 1)


def test_broken_local_migration(main: Checkout) -> None:
    main.write("backend/migrations/versions/broken.py", "revision = 'bbbb2222'\ndown_revision = (\n")
    done = fails(main.tool("upgrade"), "broken.py", "SyntaxError")
    shows(done, alembic_says(main, "upgrade", "heads")[-3:])


def test_duplicate_ids(main: Checkout) -> None:
    main.revision("aaaa1111", file="again.py")
    done = fails(main.tool("upgrade"), "Two files of this checkout define aaaa1111")
    main.world.run("sh", "-c", command_in(done, "for example: "), check=True)
    main.tool("upgrade", check=True)


def test_middle_link_is_nowhere(world: World, main: Checkout) -> None:
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    for revision, parent in (("bbbb2222", "aaaa1111"), ("cccc3333", "bbbb2222"), ("dddd4444", "cccc3333")):
        a.applied(revision, parent, commit=False)
    (a.versions / "cccc3333_add_t.py").unlink()
    before = tree(b.path, without=TRACES)
    done = fails(b.tool("upgrade"), "Migration cccc3333 not found in the worktrees (needed by dddd4444)")
    assert "bbbb2222" not in done.stderr
    assert tree(b.path, without=TRACES) == before


# The interpreter


@pytest.fixture
def nothing_on_path(world: World) -> Iterator[str]:
    folder = world.root / "no-python"
    folder.mkdir()
    (folder / "git").symlink_to(shutil.which("git") or "")
    yield str(folder)


def test_no_interpreter(main: Checkout, nothing_on_path: str) -> None:
    """Every one that was tried is named; so that our own lacks alembic, it is the bare one of this machine."""
    for name in (".venv", "venv"):
        main.world.run(BASE_PYTHON, "-m", "venv", "--without-pip", main.backend / name)
    source = os.path.dirname(os.path.dirname(alembic_worktrees.__file__))
    packages = os.path.dirname(os.path.dirname(rich.__file__))
    # Our own dependencies, seen by us only.
    code = f"import sys; sys.path[:0] = [{source!r}, {packages!r}]; from alembic_worktrees.__main__ import main; main()"
    done = main.world.run(
        BASE_PYTHON,
        "-c",
        code,
        "upgrade",
        cwd=main.backend,
        env={"PATH": nothing_on_path},
    )
    fails(done, "No Python here can import alembic. Tried:", "install alembic")
    tried = [line.strip() for line in done.stderr.splitlines() if line.startswith("  /")]
    assert len(tried) == 3, done.stderr
    assert all(line.endswith(": No module named 'alembic'") for line in tried)


@pytest.mark.parametrize("python", ["/nowhere/python", "./nowhere", "false", "/bin/false"])
def test_setting_python_wrong(python: str, main: Checkout) -> None:
    main.write("backend/pyproject.toml", f'[tool.alembic-worktrees]\npython = "{python}"\n')
    done = fails(
        main.tool("upgrade"), "The Python that the setting names does not lead to alembic:", "Correct python"
    )
    assert os.path.basename(python) in done.stderr


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("serach = []", "unknown key serach under [tool.alembic-worktrees]; did you mean search?"),
        ("target = 1", "target under [tool.alembic-worktrees] must be: string"),
    ],
)
def test_setting_wrong(setting: str, words: str, main: Checkout) -> None:
    main.write("backend/pyproject.toml", f"[tool.alembic-worktrees]\n{setting}\n")
    fails(main.tool("upgrade"), words)


# A database that is not local


@pytest.fixture
def remote(main: Checkout, database: Database) -> Iterator[Database]:
    """The same database where another host may answer in its place, and a migration that it lacks."""
    hosts = f"host=127.0.0.1:{listen(database)}&host=db.example.invalid:5432"
    set_url(main, f"postgresql+psycopg2://postgres:{PASSWORD}@/{database.name}?{hosts}")
    main.revision("bbbb2222", "aaaa1111")
    yield database


def listen(database: Database, address: str = "127.0.0.1") -> int:
    """A port of this machine that leads to the server's socket, for the rest of the test process."""
    import threading

    server = socket.create_server((address, 0))
    target = next(
        path
        for path in database.socket.iterdir()
        if path.name.startswith(".s.PGSQL.") and "lock" not in path.name
    )

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)  # the server lets go what a session has locked

    def serve() -> None:
        while True:
            client, _ = server.accept()
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(str(target))
            for pair in ((client, upstream), (upstream, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    port: int = server.getsockname()[1]
    with closing(psycopg2.connect(host=address, port=port, user="postgres", dbname=database.name)):
        return port


def test_not_local_is_refused(main: Checkout, remote: Database) -> None:
    done = fails(
        main.tool("upgrade"), "is not a local database, for no address of db.example.invalid is known"
    )
    assert f"{remote.name} (postgresql, 127.0.0.1,db.example.invalid)" in done.stderr
    assert remote.heads() == {"aaaa1111"}
    main.write("backend/pyproject.toml", '[tool.alembic-worktrees]\nremote-database = ["other"]\n')
    fails(main.tool("upgrade"), "is not a local database")
    setting = command_in(done, "pyproject.toml: ")
    main.write("backend/pyproject.toml", f"[tool.alembic-worktrees]\n{setting}\n")
    main.tool("upgrade", check=True)
    assert remote.heads() == {"bbbb2222"}


def own_address() -> str:
    """An address of this machine that is not loopback, where it has one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end, suppress(OSError):
        end.connect(("192.0.2.1", 9))
        return str(end.getsockname()[0])
    return "127.0.0.1"


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg"])
def test_where_the_connection_leads_counts(driver: str, world_root: Path, database: Database) -> None:
    """And not the name in the URL, which may be in /etc/hosts, or go with a hostaddr, or be left to the environment."""
    world = World.create(
        world_root,
        database.async_url if driver == "asyncpg" else database.url,
        layout=Layout(env="async" if driver == "asyncpg" else "generic"),
    )
    main, there = world.main, own_address()
    main.applied("aaaa1111")
    port, near = listen(database, there), listen(database)
    if driver == "psycopg2":
        set_url(
            main, f"postgresql+psycopg2://postgres@db.example.com:{near}/{database.name}?hostaddr=127.0.0.1"
        )
        main.tool("upgrade", check=True)
    set_url(main, f"postgresql+{driver}://postgres@/{database.name}")
    done = main.tool("upgrade", env={"PGHOST": there, "PGPORT": str(port)})
    assert (done.returncode == 0) == (there == "127.0.0.1"), done.stderr
    assert done.returncode == 0 or f"for {there} is not this machine's loopback address" in done.stderr
    set_url(main, f"postgresql+{driver}://postgres@127.0.0.1:{near}/{database.name}")
    main.tool("upgrade", check=True)


def test_not_local_with_option(main: Checkout, remote: Database) -> None:
    main.tool("upgrade", "--remote-database", check=True)
    assert remote.heads() == {"bbbb2222"}


def test_rows_are_changed_only_where_that_is_meant(main: Checkout, remote: Database) -> None:
    """A file may change without it."""
    remote.set_heads("bbbb2222")
    words = ("rebase", "bbbb2222", "--onto", "base", "--yes")
    fails(main.tool(*words), "is not a local database")
    assert remote.heads() == {"bbbb2222"}
    main.tool(*words, "--remote-database", check=True)
    assert remote.heads() == {"aaaa1111", "bbbb2222"}
    remote.set_heads("aaaa1111")
    main.tool("rebase", "bbbb2222", "--onto", "aaaa1111", "--yes", check=True)


def test_not_local_with_setting(main: Checkout, remote: Database) -> None:
    main.write("backend/pyproject.toml", "[tool.alembic-worktrees]\nremote-database = true\n")
    main.tool("upgrade", check=True)
    assert remote.heads() == {"bbbb2222"}


@pytest.mark.parametrize(
    ("answer", "locale", "upgraded"),
    [
        ("y\n", "C", True),
        ("oui\n", "fr_FR.UTF-8", True),
        ("n\n", "C", False),
        ("\n", "C", False),
        ("\x04", "C", False),
    ],
    ids=["y", "oui", "n", "enter", "end of input"],
)
def test_not_local_asks_on_a_terminal(
    answer: str, locale: str, upgraded: bool, main: Checkout, remote: Database
) -> None:
    env = {**main.world.env, "LC_ALL": locale}
    command = (sys.executable, "-m", "alembic_worktrees", "upgrade")
    seen = at_terminal(command, cwd=main.backend, env=env, answer=answer)
    question = "Change it? [y/N]" if locale == "C" else "La modifier ? [o/N]"
    assert question in seen.screen
    assert PASSWORD not in seen.screen
    assert seen.returncode == (0 if upgraded else 1)
    assert remote.heads() == ({"bbbb2222"} if upgraded else {"aaaa1111"})


def test_copy_asks_nobody(main: Checkout, remote: Database) -> None:
    """Borrowing changes no database."""
    assert main.tool("copy").returncode == 0
    assert remote.heads() == {"aaaa1111"}


def test_words_of_the_command_line_are_masked(main: Checkout) -> None:
    set_url(main, DOWN["port refused"].format(password=PASSWORD))
    done = fails(
        main.tool("upgrade", "-x", f"url=postgresql://dev:{PASSWORD}@h/db", "-x", f"password={PASSWORD}")
    )
    assert done.stderr.endswith("alembic -x url=postgresql://dev:***@h/db -x password=*** current\n")
