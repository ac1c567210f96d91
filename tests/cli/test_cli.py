"""The command as a user types it: data on stdout, talk on stderr, exit statuses, colour, JSON, and a quick start."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from alembic_worktrees import __version__
from alembic_worktrees.cli.subcommands import COMMANDS
from worlds.observe import at_terminal, tree
from worlds.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout

TOOL = (sys.executable, "-m", "alembic_worktrees")
FILE = "backend/migrations/versions/bbbb2222_add_t.py"


@pytest.fixture
def a(world: World) -> Checkout:
    """The checkout that has written and applied bbbb2222; main has aaaa1111 only."""
    world.main.applied("aaaa1111")
    a = world.worktree("StoFlow-feature-A")
    a.applied("bbbb2222", "aaaa1111")
    return a


@pytest.fixture
def b(world: World, a: Checkout) -> Checkout:
    return world.worktree("StoFlow-hotfix-B", base="develop")


@pytest.fixture
def quiet(world_root: Path) -> Checkout:
    """A checkout for commands that need no database."""
    return World.create(world_root, "sqlite://").main


# find


def test_find(a: Checkout, b: Checkout) -> None:
    done = b.tool("find", "bbbb2222")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{a.path / FILE}\n", "")
    assert a.tool("find", "bbbb2222").stdout == f"{a.path / FILE}\n"
    assert b.tool("find", "bbbb2222", cwd=b.path).stdout == f"{a.path / FILE}\n"


@pytest.mark.parametrize("word", ["bbbb", "BBBB2222", "bbbb2222x", "aaaa1111_add_t", "nowhere", ""])
def test_find_nothing(word: str, b: Checkout) -> None:
    done = b.tool("find", word)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Migration {word} not found in the worktrees" in done.stderr


def test_find_offers_what_begins_with_it(b: Checkout) -> None:
    done = b.tool("find", "bbbb")
    assert done.stderr.endswith("an id has to be whole:\n  bbbb2222\n")


def test_find_is_not_taken_in_by_a_child(a: Checkout, b: Checkout) -> None:
    """The child's file names its parent too."""
    a.revision("cccc3333", "dddd4444")
    assert b.tool("find", "dddd4444").stdout == ""


# list


def test_list(world: World, a: Checkout, b: Checkout) -> None:
    done = b.tool("list")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "StoFlow (1 migration)\n"
        "  aaaa1111_add_t.py\n"
        "StoFlow-feature-A (2 migrations)\n"
        "  aaaa1111_add_t.py\n"
        "  bbbb2222_add_t.py\n"
        "StoFlow-hotfix-B (1 migration)\n"
        "  aaaa1111_add_t.py\n"
    )
    assert world.main.tool("list", cwd=world.main.path).stdout == done.stdout


def test_list_marks_what_is_borrowed_on_a_terminal(b: Checkout) -> None:
    b.tool("copy", check=True)
    seen = at_terminal([*TOOL, "list"], cwd=b.backend, env=b.world.env)
    assert seen.screen.endswith(
        "StoFlow-hotfix-B (2 migrations)\n"
        "  aaaa1111_add_t.py\n"
        "  bbbb2222_add_t.py (borrowed from StoFlow-feature-A)\n"
    )
    assert "(borrowed" not in b.tool("list").stdout


def test_list_json(world: World, a: Checkout, b: Checkout) -> None:
    b.tool("copy", check=True)
    done = b.tool("list", "--json")
    first = migration("aaaa1111", [])
    second = migration("bbbb2222", ["aaaa1111"])
    assert json.loads(done.stdout) == {
        "version": 1,
        "checkouts": [
            checkout(world.main, "develop", [first]),
            checkout(a, "StoFlow-feature-A", [first, second]),
            checkout(b, "StoFlow-hotfix-B", [first, {**second, "borrowed": True}]),
        ],
    }


def migration(revision: str, parents: list[str]) -> dict[str, object]:
    return {
        "revision": revision,
        "down_revision": parents,
        "depends_on": [],
        "path": f"backend/migrations/versions/{revision}_add_t.py",
        "borrowed": False,
    }


def checkout(checkout: Checkout, branch: str, migrations: list[dict[str, object]]) -> dict[str, object]:
    return {"name": checkout.name, "path": str(checkout.path), "branch": branch, "migrations": migrations}


# copy


def plan(a: Checkout) -> dict[str, Any]:
    return {
        "version": 1,
        "applied": ["bbbb2222"],
        "missing": ["bbbb2222"],
        "copies": [
            {
                "revision": "bbbb2222",
                "path": FILE,
                "origin": {"kind": "checkout", "name": a.name, "commit": None, "path": FILE},
            }
        ],
        "unresolved": [],
    }


def test_copy(a: Checkout, b: Checkout, database: Database) -> None:
    a.revision("cccc3333", "bbbb2222")
    done = b.tool("copy")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Borrowed bbbb2222 from StoFlow-feature-A" in done.stderr
    assert (b.path / FILE).exists()
    assert len(list(b.versions.glob("*.py"))) == 2
    assert database.heads() == {"bbbb2222"}
    assert "Nothing to borrow" in b.tool("copy").stderr


def test_copy_what_is_said_to_be_applied(a: Checkout, b: Checkout) -> None:
    """No database is asked, no env.py run: neither would answer here."""
    for name in ("cccc3333", "dddd4444"):
        a.revision(name, "bbbb2222")
    (b.backend / "migrations/env.py").write_text("raise SystemExit('env.py was run')\n")
    refused = b.tool("copy", "--applied", "cccc3333", "--own", "--host", "db.example.invalid")
    assert (refused.returncode, names(b)) == (1, {"aaaa1111_add_t.py"})
    assert "bbbb2222, cccc3333 is applied and not this branch's own" in refused.stderr
    assert b.tool("copy", "--applied", "aaaa1111", "--own", check=True).stderr == ""
    far = b.tool("copy", ".", "--applied", "cccc3333", "--host", "db.example.invalid", check=True)
    assert (names(b), "db.example.invalid" in far.stderr) == ({"aaaa1111_add_t.py"}, True)
    b.tool("copy", ".", "--applied", "cccc3333", "--host", "127.0.0.1", check=True)
    b.tool("copy", "--applied", "aaaa1111", "dddd4444", check=True)  # the other copies are not returned
    assert names(b) == {f"{id}_add_t.py" for id in ("aaaa1111", "bbbb2222", "cccc3333", "dddd4444")}
    assert "Nothing to borrow" in b.tool("copy", "--applied", "dddd4444", check=True).stderr
    assert b.tool("copy", "--own").returncode == 2


def names(checkout: Checkout) -> set[str]:
    return {path.name for path in checkout.versions.glob("*.py")}


def test_copy_json(a: Checkout, b: Checkout) -> None:
    assert json.loads(b.tool("copy", "--json", check=True).stdout) == plan(a)
    again = json.loads(b.tool("copy", "--json", check=True).stdout)
    assert again == {"version": 1, "applied": ["bbbb2222"], "missing": [], "copies": [], "unresolved": []}


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_dry_run_writes_nothing(options: tuple[str, ...], world: World, a: Checkout, b: Checkout) -> None:
    before = tree(world.root)
    done = b.tool("copy", "--dry-run", *options, check=True)
    assert tree(world.root) == before
    if options:
        assert json.loads(done.stdout) == plan(a)
    else:
        assert done.stdout == f"bbbb2222 ← StoFlow-feature-A: ~/StoFlow-hotfix-B/{FILE}\n"


def test_copy_json_with_a_gap(a: Checkout, b: Checkout, database: Database) -> None:
    database.set_heads("bbbb2222", "nowhere")
    done = b.tool("copy", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["unresolved"] == ["nowhere"]
    assert document["missing"] == ["bbbb2222", "nowhere"]
    assert "Migration nowhere not found" in done.stderr
    assert not (b.path / FILE).exists()


# Usage


@pytest.mark.parametrize("locale", ["C.UTF-8", "fr_FR.UTF-8"])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str, locale: str, quiet: Checkout) -> None:
    done = quiet.tool(*filter(None, [command]), "--help", env={"LC_ALL": locale})
    assert (done.returncode, done.stderr) == (0, "")
    french = locale != "C.UTF-8"
    assert done.stdout.startswith(f"{'utilisation :' if french else 'usage:'} alembic-worktrees")
    if command:
        assert re.search("Exemples? :" if french else "Examples?:", done.stdout)
    else:
        assert all(f"\n    {name}" in done.stdout for name in COMMANDS)
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_alone_it_shows_the_help(quiet: Checkout) -> None:
    alone, asked = quiet.tool(), quiet.tool("--help")
    assert (alone.returncode, alone.stdout, alone.stderr) == (0, asked.stdout, "")


@pytest.mark.parametrize("function", [False, True])
def test_the_cure_names_what_was_called(function: bool, quiet: Checkout, tmp_path: Path) -> None:
    env = {"ALEMBIC_WORKTREES_HOME": str(tmp_path)} if function else {}
    calls = {
        "upgrade": "auto_copy_missing_migrations",
        "find 00ff": "find_migration_in_worktrees 00ff",
        "list": "list_all_migrations",
    }
    for words in (*calls, "status"):
        done = quiet.tool(*words.split(), cwd=tmp_path, env=env)
        called = calls.get(words) if function else None
        assert f"for example: {called or f'alembic-worktrees {words}'} backend\n" in done.stderr
        assert done.returncode == 1


def test_a_function_called_outside_says_where_it_works(quiet: Checkout, tmp_path: Path) -> None:
    env = {"ALEMBIC_WORKTREES_HOME": str(quiet.path / "scripts")}
    (quiet.path / "scripts").mkdir()
    assert f"this is about {quiet.backend}, where" in quiet.tool(
        "list", cwd=tmp_path, env=env
    ).stderr.replace("~", str(quiet.world.root))
    assert quiet.tool("list", cwd=quiet.path, env=env).stderr == ""
    quiet.git("mv", "backend", "api")  # no usual name, but the only project there
    assert "api, where" in quiet.tool("list", cwd=tmp_path, env=env, check=True).stderr


def test_hints_start_the_alembic_that_is_there(quiet: Checkout) -> None:
    quiet.backend.joinpath(".venv").symlink_to(sys.prefix)
    quiet.backend.joinpath("migrations/env.py").write_text("raise SystemExit(1)\n")
    assert " && alembic current" in quiet.tool("copy").stderr
    done = quiet.tool("copy", env={"PATH": os.defpath})
    assert f"cd ~/{quiet.name}/backend && .venv/bin/alembic current" in done.stderr


def test_version(quiet: Checkout) -> None:
    done = quiet.tool("--version")
    assert (done.returncode, done.stdout) == (0, f"alembic-worktrees {__version__}\n")


@pytest.mark.parametrize(
    "words",
    ["nonsense", "find", "list --nonsense", "upgrade --max-attempts 0", "upgrade --max-attempts x",
     "shim --shell tcsh", "list one two", "upgrade --dry"],
)  # fmt: skip
def test_wrong_usage(words: str, quiet: Checkout) -> None:
    done = quiet.tool(*words.split())
    assert (done.returncode, done.stdout) == (2, "")
    command = re.search("Help: (.*)", done.stderr)
    assert command, done.stderr
    shown = command[1].replace("alembic-worktrees", " ".join(TOOL))
    assert quiet.world.run("sh", "-c", shown, cwd=quiet.path).returncode == 0


# The terminal


@pytest.mark.parametrize(
    ("env", "colour"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, False), ({"TERM": "dumb"}, False)],
)
def test_marks_and_colour_on_a_terminal(env: dict[str, str], colour: bool, quiet: Checkout) -> None:
    env = {**quiet.world.env, "TERM": "xterm", **env}
    seen = at_terminal([*TOOL, "find", "nowhere"], cwd=quiet.backend, env=env)
    assert seen.returncode == 1
    first = "❌ Migration nowhere not found in the worktrees"
    assert (f"\x1b[1;31m{first}\x1b[0m\n" if colour else f"{first}\n") in seen.screen
    assert ("\x1b" in seen.screen) == colour


def test_neither_in_a_pipe(quiet: Checkout) -> None:
    done = quiet.tool("find", "nowhere", env={"TERM": "xterm"})
    assert "\x1b" not in done.stderr
    assert "❌" not in done.stderr


def test_stderr_decides_for_itself(quiet: Checkout) -> None:
    env = {**quiet.world.env, "TERM": "xterm"}
    seen = at_terminal([*TOOL, "find", "nowhere"], cwd=quiet.backend, env=env, piped=True)
    assert seen.stdout == ""
    assert "❌" in seen.screen


def test_reader_that_has_enough(quiet: Checkout) -> None:
    for number in range(3000):
        quiet.write(f"backend/migrations/versions/{'x' * 100}{number}.py", "")
    script = f"{' '.join(TOOL)} list | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = quiet.world.run("bash", "-c", script, cwd=quiet.backend)
    assert (done.stdout, done.stderr) == ("StoFlow (3000 migrations)\n0\n", "")


# Ends


def test_interrupted(a: Checkout, b: Checkout, database: Database) -> None:
    b.revision("cccc3333", "bbbb2222", body="import time\nprint('SLEEPING', flush=True)\ntime.sleep(60)")
    process = subprocess.Popen(
        [*TOOL, "upgrade", "--on-borrowed"],
        cwd=b.backend,
        env=b.world.env,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    assert process.stderr
    assert any("SLEEPING" in line for line in process.stderr)
    os.killpg(process.pid, signal.SIGINT)
    out, rest = process.communicate(timeout=50)  # the migration would take 60 seconds
    assert (process.returncode, out) == (130, "")
    assert rest.splitlines()[-1].startswith("Interrupted. In ")
    assert "Traceback" not in rest
    assert database.heads() == {"bbbb2222"}


def test_a_bug_of_ours(quiet: Checkout) -> None:
    code = (
        "from alembic_worktrees.search import checkouts; from alembic_worktrees.cli import main as cli\n"
        "def broken(*words): raise ZeroDivisionError('ours')\n"
        "checkouts.look_around = broken\n"
        "raise SystemExit(cli.run(['list']))"
    )
    done = quiet.world.run(sys.executable, "-c", code, cwd=quiet.backend)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("This is a bug of alembic-worktrees, not of your project.")
    for part in (
        "$ alembic-worktrees list",
        f"alembic-worktrees {__version__}, Python 3.",
        "ZeroDivisionError: ours",
    ):
        assert part in done.stderr


# A quick start

HEAVY = {"alembic", "sqlalchemy", "psycopg2", "rich", "asyncio", "ast"}


@pytest.mark.parametrize(
    "words", ["--help", "list", "list --json", "find aaaa1111", "shim --shell bash", "find nowhere"]
)
def test_nothing_heavy_is_imported(words: str, quiet: Checkout) -> None:
    quiet.revision("aaaa1111")
    done = quiet.world.run(
        sys.executable, "-X", "importtime", "-m", "alembic_worktrees", *words.split(), cwd=quiet.backend
    )
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0]
        for line in done.stderr.splitlines()
        if "import time:" in line
    }
    assert "alembic_worktrees" in imported
    assert imported & HEAVY == set()
