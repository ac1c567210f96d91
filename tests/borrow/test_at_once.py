"""Eight checkouts at the same moment, each with a migration of its own: all end well, and each runs once."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from worlds.world import Checkout, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worlds.postgres import Database

# It starts when the other end of its standard input is closed: that is the same moment for all.
AT_THE_SIGNAL = "read _; source scripts/alembic-utils.sh && cd backend && auto_copy_missing_migrations ."


def worktrees(world: World) -> list[Checkout]:
    return [world.worktree(f"StoFlow-{number}") for number in range(8)]


def mixed(world: World) -> list[Checkout]:
    """Main and three worktrees of it, two clones, and two worktrees of the first."""
    linked = [world.worktree(f"StoFlow-{number}") for number in range(3)]
    clones = [world.clone(f"StoFlow-clone-{number}") for number in range(2)]
    further = []
    for number in range(2):
        path = world.root / f"StoFlow-clone-0-{number}"
        clones[0].git("worktree", "add", "--quiet", "-b", path.name, str(path))
        further.append(Checkout(world, path))
    return [world.main, *linked, *clones, *further]


class Fleet:
    """Checkouts that share a database, and what they do in one round."""

    def __init__(
        self, world: World, database: Database, gather: Callable[[World], Sequence[Checkout]]
    ) -> None:
        database.execute("CREATE TABLE run_log (revision text)")
        world.main.write(
            "scripts/alembic-utils.sh", world.run("alembic-worktrees", "shim", "--shell", "bash").stdout
        )
        world.main.applied("aaaa1111")
        world.main.commit("Add the shell file")
        self._database = database
        self.checkouts = gather(world)
        self._own: dict[str, str] = {}  # by the name of the checkout

    @property
    def ids(self) -> list[str]:
        return sorted(self._own.values())

    def prepare(self, round: int) -> None:
        """Forget the round before, and give each checkout a migration that tells when it runs."""
        self._database.set_heads("aaaa1111")
        self._database.execute("DELETE FROM run_log")
        for number, checkout in enumerate(self.checkouts):
            checkout.git("clean", "--quiet", "-dxf", "--", checkout.versions)
            id = self._own[checkout.name] = f"r{round:02}c{number}"
            checkout.revision(id, "aaaa1111", body=f"op.execute(\"INSERT INTO run_log VALUES ('{id}')\")")

    def start(self, stack: ExitStack) -> list[subprocess.Popen[str]]:
        """Start all at the same moment."""
        theirs, ours = os.pipe()
        processes = [self._waiting(checkout, theirs) for checkout in self.checkouts]
        for process in processes:
            stack.callback(end, process)
        os.close(theirs)
        os.close(ours)
        return processes

    def _waiting(self, checkout: Checkout, stdin: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", AT_THE_SIGNAL],
            cwd=checkout.path,
            env=checkout.world.env,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def ran(self) -> list[str]:
        return sorted(row[0] for row in self._database.execute("SELECT revision FROM run_log"))

    def judge(self) -> None:
        """Every migration ran once, and every folder loads and holds nothing but originals."""
        assert self.ran() == self.ids
        assert self._database.heads() == set(self.ids)
        originals = {
            path.name: path.read_bytes()
            for checkout in self.checkouts
            for path in checkout.versions.glob(f"{self._own[checkout.name]}_*.py")
        }
        assert len(originals) == len(self.checkouts)
        for checkout in self.checkouts:
            loaded = checkout.alembic("heads", check=True)
            assert "is not present" not in loaded.stderr
            here = {path.name: path.read_bytes() for path in checkout.versions.glob("r*.py")}
            assert here.items() <= originals.items()
            own = checkout.versions.relative_to(checkout.path) / f"{self._own[checkout.name]}_add_t.py"
            assert checkout.git_status() == f"?? {own}\n"

    def judge_all_have_all(self) -> None:
        for checkout in self.checkouts:
            checkout.tool("upgrade", check=True)
            assert len(list(checkout.versions.glob("r*.py"))) == len(self.checkouts)
        self.judge()


def end(process: subprocess.Popen[str]) -> None:
    """End a process and its children, if there still are any."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A small run has the mixed fleet alone, which has all that the other has."""
    fleets = [mixed, worktrees] if metafunc.config.getoption("--thorough") else [mixed]
    metafunc.parametrize("gather", fleets, ids=lambda gather: gather.__name__)


@pytest.fixture
def fleet(gather: Callable[[World], Sequence[Checkout]], world: World, database: Database) -> Fleet:
    return Fleet(world, database, gather)


def test_eight_at_once(fleet: Fleet, thorough: bool, record_property: Callable[[str, object], None]) -> None:
    rounds = 25 if thorough else 1
    for round in range(rounds):
        fleet.prepare(round)
        with ExitStack() as stack:
            for process in fleet.start(stack):
                finish(process)
        fleet.judge()
    if thorough:
        fleet.judge_all_have_all()
    record_property("rounds", rounds)


def test_one_of_the_eight_is_killed(
    fleet: Fleet, thorough: bool, record_property: Callable[[str, object], None]
) -> None:
    rounds = 8 if thorough else 1
    for round in range(rounds):
        fleet.prepare(round)
        victim = round % len(fleet.checkouts)
        with ExitStack() as stack:
            processes = fleet.start(stack)
            killed = processes[victim]
            assert killed.stderr
            until_it_works(killed, lines=round % 3)
            os.killpg(killed.pid, signal.SIGKILL)
            for process in processes:
                if process is not killed:
                    finish(process)
        assert set(fleet.ran()) | {fleet.ids[victim]} == set(fleet.ids)
        fleet.checkouts[victim].tool("upgrade", check=True)
        fleet.judge()
    record_property("rounds", rounds)


def until_it_works(process: subprocess.Popen[str], lines: int) -> None:
    """Wait until it has the locks and says what it does, and for so many words more."""
    assert process.stderr
    for line in process.stderr:
        if "waiting" not in line:
            lines -= 1
        if lines < 0:
            return
