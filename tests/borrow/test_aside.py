"""Only this branch's own migrations: `return`, `run --own`, and the plugin for pytest."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from worlds.running import running

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout, World

OWN = {"aaaa1111_add_t.py", "own0_add_t.py"}
COPIES = {"b1_add_t.py", "b2_add_t.py"}


@pytest.fixture
def a(world: World) -> Checkout:
    world.main.applied("aaaa1111")
    a = world.worktree("StoFlow-feature-A")
    a.applied("b1", "aaaa1111", commit=False)
    a.applied("b2", "b1", commit=False)
    return a


@pytest.fixture
def b(world: World, a: Checkout) -> Checkout:
    """It has borrowed what A made, beside a head of its own."""
    b = world.worktree("StoFlow-feature-B")
    b.revision("own0", "aaaa1111")
    b.commit("Add own0")
    b.tool("copy", check=True)
    return b


def names(checkout: Checkout) -> set[str]:
    return {path.name for path in checkout.versions.glob("*.py")}


def contents(checkout: Checkout) -> dict[str, str]:
    """The migrations, and the record of those that are borrowed."""
    return {path.name: path.read_text() for path in checkout.versions.iterdir() if path.is_file()}


def waiting(checkout: Checkout) -> bool:
    """Whether a copy of any worktree waits to be put back."""
    return any((checkout.world.main.path / ".git").rglob("alembic-worktrees.aside"))


def waits(checkout: Checkout, name: str) -> str:
    """A shell that says where it stands by a file, and goes on when that is gone."""
    return (
        f"touch {checkout.world.root}/{name}; while test -e {checkout.world.root}/{name}; do sleep 0.02; done"
    )


def stands(checkout: Checkout, name: str) -> Path:
    path = checkout.world.root / name
    while not path.exists():
        time.sleep(0.01)
    return path


def test_return_and_back_again(a: Checkout, b: Checkout, database: Database) -> None:
    before = contents(b)
    done = b.tool("return", check=True)
    assert (names(b), done.stdout) == (OWN, "")
    assert "Took out b2, borrowed from StoFlow-feature-A" in done.stderr
    assert b.alembic("heads").stdout == "own0 (head)\n"
    assert b.git_status() == ""
    assert "Nothing to take out" in b.tool("return", check=True).stderr
    assert waiting(b)
    shutil.rmtree(a.path)  # which had not even committed them: only what was taken out is left
    b.tool("upgrade", check=True)
    assert names(b) == OWN | COPIES
    assert contents(b).keys() == before.keys()
    assert not waiting(b)
    assert database.heads() == {"b2", "own0"}


def test_run_own(a: Checkout, b: Checkout, world: World) -> None:
    """It sees this branch alone, and others wait for nothing. The last of two puts back all that was there."""
    path = b.versions / "b1_add_t.py"
    path.write_text(path.read_text() + "# edited\n")
    before = contents(b)
    script = f"alembic heads >../heads; {waits(b, 'one')}; exit 7"
    with running(b, "run", "--own", "--", "sh", "-c", script) as one:
        mark = stands(b, "one")
        assert (b.path / "heads").read_text() == "b1 (head)\nown0 (head)\n"
        refused = b.tool("upgrade")
        assert (refused.returncode, "when that has ended" in refused.stderr) == (1, True)
        a.tool("upgrade", check=True)
        with running(b, "run", "--own", "--", "sh", "-c", waits(b, "two")) as two:
            other = stands(b, "two")
            mark.unlink()
            assert one.finish() == 7
            assert "The borrowed b1 was edited here" in one.said
            assert names(b) == OWN | {"b1_add_t.py"}
            two.signal(signal.SIGTERM, alone=True)  # which is for the command
            assert two.finish() == 128 + signal.SIGTERM
            other.unlink()
    assert contents(b) == before
    assert not waiting(b)
    assert b.git_status() == "?? heads\n"


def test_killed_while_it_runs(a: Checkout, b: Checkout) -> None:
    before = contents(b)
    with running(b, "run", "--own", "--", "sh", "-c", waits(b, "one")) as one:
        stands(b, "one").unlink()
        one.signal(signal.SIGKILL)
        one.finish()
    shutil.rmtree(a.path)
    assert names(b) == OWN
    b.tool("run", "--own", "--", "true", check=True)
    assert contents(b) == before


def test_own_migrations_on_borrowed_ones_can_be_loaded(b: Checkout) -> None:
    b.revision("own1", "b1")
    done = b.tool("run", "--own", "--", "alembic", "heads", check=True)
    assert done.stdout == "own0 (head)\nown1 (head)\n"
    assert "needs it: b1" in done.stderr
    missing = b.tool("run", "--own", "--", "no-such-program")
    assert (missing.returncode, names(b)) == (1, OWN | COPIES | {"own1_add_t.py"})


ONE_HEAD = """
from alembic.config import Config
from alembic.script import ScriptDirectory

def test_one_head():
    assert ScriptDirectory.from_config(Config("alembic.ini")).get_heads() == ["own0"]

def test_again():
    test_one_head()
"""


def test_a_session_of_pytest(b: Checkout) -> None:
    before = contents(b)
    b.write("backend/test_heads.py", ONE_HEAD)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert b.world.run(*command, cwd=b.backend).returncode == 1
    done = b.world.run(*command, "-n", "2", "-p", "alembic_worktrees.pytest", cwd=b.backend)
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout
    assert contents(b) == before
