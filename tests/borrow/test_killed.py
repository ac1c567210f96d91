"""Killed at any moment, by SIGKILL to the command and all its children: nothing is lost, and the next run ends it."""

from __future__ import annotations

import re
import shutil
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from worlds.stepping import run_until
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout

    End = tuple[dict[str, bytes], set[str], list[object]]

pytestmark = [
    pytest.mark.cold,
    pytest.mark.skipif(sys.platform != "linux", reason="there is no other way to stop at a system call"),
]

TEMPORARY = ".alembic-worktrees-"
RECORD = ".gitignore"
ON_DISK = {"link", "linkat", "rename", "unlink", "fsync", "mkdir", "rmdir", "chmod", "fchmod"}


class Scene(NamedTuple):
    """What there is before a command is killed, and what each of its files may be afterwards."""

    here: Checkout
    words: tuple[str, ...]  # the command
    status: tuple[str, ...] = ("",)  # what `git status` may say after the kill; the last one: in the end
    new: str = ""  # part of the name of files that may come and go whole, whatever is in them
    settled: bool = False  # all has run, so that Alembic must never run anything
    out: tuple[str, ...] = ()  # files that may be out for a while


def logged(checkout: Checkout, id: str, down: str, **options: str) -> Path:
    """A migration that tells each time that it runs."""
    return checkout.revision(id, down, body=f"op.execute(\"INSERT INTO run_log VALUES ('{id}')\")", **options)


def own(checkout: Checkout) -> None:
    logged(checkout, "own", "aaaa1111")
    checkout.write("notes.txt", "mine\n")
    checkout.commit("Own work")


def chain(checkout: Checkout, *files: str) -> None:
    """Migrations that follow one another, each in its file, applied but not committed."""
    parent = "aaaa1111"
    for number, file in enumerate(files):
        logged(checkout, id := f"c{number:04}", parent, file=file)
        parent = id
    checkout.alembic("upgrade", "heads", check=True)


def one(a: Checkout, b: Checkout, database: Database) -> Scene:
    chain(a, "x.py")
    return Scene(b, ("upgrade",))


def several(a: Checkout, b: Checkout, database: Database) -> Scene:
    chain(a, *(f"{number}.py" for number in range(8)))
    return Scene(b, ("upgrade",))


def below(a: Checkout, b: Checkout, database: Database) -> Scene:
    """Sub-folders that are not here yet, and one with files of our own."""
    b.revision("old", "aaaa1111", file="2023/old.py", body="pass")
    b.commit("Own old")
    chain(a, "2023/x.py", "2024/01/y.py", "2024/02/z.py")
    return Scene(b, ("upgrade",))


def refreshed(a: Checkout, b: Checkout, database: Database) -> Scene:
    chain(a, "x.py", "y.py")
    b.tool("copy", check=True)
    for path in (a.versions / "x.py", a.versions / "y.py"):
        path.write_text(path.read_text() + "# changed\n")
    return Scene(b, ("upgrade",))


def returned(a: Checkout, b: Checkout, database: Database) -> Scene:
    chain(a, "x.py", "y.py")
    b.tool("copy", check=True)
    database.set_heads("aaaa1111")
    return Scene(b, ("upgrade",))


def all_of_it(a: Checkout, b: Checkout, database: Database) -> Scene:
    """Borrow, refresh and return at once."""
    chain(a, "x.py", "y.py", "z.py")
    b.tool("copy", check=True)
    (a.versions / "x.py").write_text((a.versions / "x.py").read_text() + "# changed\n")
    logged(a, "side", "c0000", file="2024/side.py")
    database.set_heads("c0001", "side")
    return Scene(b, ("upgrade",))


def adopted(a: Checkout, b: Checkout, database: Database) -> Scene:
    chain(a, "x.py", "y.py")
    b.tool("copy", check=True)
    paths = [f"backend/migrations/versions/{name}.py" for name in ("x", "y")]
    staged = "".join(f"A  {path}\n" for path in paths)
    return Scene(b, ("adopt", "c0001"), ("", staged))


def aside(a: Checkout, b: Checkout, database: Database) -> Scene:
    chain(a, "x.py", "y.py")
    b.tool("copy", check=True)
    return Scene(b, ("run", "--own", "--", "true"), out=("x.py", "y.py"))


def rolled_back(a: Checkout, b: Checkout, database: Database) -> Scene:
    """What A applied is A's no more: the copies here and the archive are all that is left of it."""
    chain(a, "x.py", "y.py")
    b.tool("upgrade", check=True)
    b.world.main.git("worktree", "remove", "--force", str(a.path))
    b.world.main.git("branch", "-D", a.name)
    return Scene(b, ("rollback", "--yes"))


def merged(a: Checkout, b: Checkout, database: Database) -> Scene:
    logged(b, "other", "aaaa1111")
    b.commit("Other work")
    return Scene(
        b, ("merge", "-m", "both"), ("", "?? backend/migrations/versions/X_both.py\n"), new="_both.py"
    )


def installed(a: Checkout, b: Checkout, database: Database) -> Scene:
    return Scene(b, ("init", "--yes"), ("", "?? scripts/\n"), new="alembic-utils.sh")


def rebased(a: Checkout, b: Checkout, database: Database) -> Scene:
    """Two own migrations, one of them built on a borrowed one: rows come and rows go, and two files change."""
    chain(a, "x.py")
    main = a.world.main
    logged(b, "u1", "c0000")
    b.commit("Own work on borrowed ground")
    b.tool("upgrade", "--on-borrowed", check=True)
    logged(main, "p2", "aaaa1111")
    main.commit("Publish p2")
    main.tool("upgrade", check=True)
    b.git("merge", "--quiet", "--no-edit", "develop")
    b.tool("upgrade", check=True)
    assert database.heads() == {"own", "p2", "u1"}
    one, both = (
        "".join(f" M backend/migrations/versions/{id}_add_t.py\n" for id in ids)
        for ids in (["own"], ["own", "u1"])
    )
    passing = f"?? backend/migrations/versions/{TEMPORARY}X\n"
    return Scene(b, ("rebase", "--yes"), ("", passing, one, one + passing, both), settled=True)


SCENES: dict[str, Callable[[Checkout, Checkout, Database], Scene]] = {
    "one": one,
    "several": several,
    "sub-folders": below,
    "refresh": refreshed,
    "return": returned,
    "all": all_of_it,
    "adopt": adopted,
    "rollback": rolled_back,
    "aside": aside,
    "merge": merged,
    "init": installed,
    "rebase": rebased,
}
POINTS = {"several": 60, "all": 120}


class Stage:
    """A scene that can be played again and again from the same beginning."""

    def __init__(self, world: World, database: Database, build: Callable[..., Scene]) -> None:
        database.execute("CREATE TABLE run_log (revision text)")
        world.main.applied("aaaa1111")
        a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
        own(b)
        self.scene = build(a, b, database)
        self.database = database
        self._world = world
        self._heads = database.heads()
        self._kept = world.root.with_name(world.root.name + "-kept")
        shutil.copytree(world.root, self._kept, symlinks=True)
        self._lasting = photo(b.path)
        self._log = self._kept / "calls"

    def close(self) -> None:
        shutil.rmtree(self._kept)

    def rewind(self) -> None:
        """Bring the files and the database back to the beginning, as soon as nobody uses the database any more."""
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        while self.database.execute(others) != [(0,)]:
            time.sleep(0.01)
        self.database.set_heads(*self._heads)
        self.database.execute("DELETE FROM run_log")
        shutil.rmtree(self._world.root)
        shutil.copytree(self._kept, self._world.root, symlinks=True, ignore=shutil.ignore_patterns("calls"))

    def play(self, number: int) -> tuple[str, ...]:
        """Run the command up to a call, or to its end; all the calls that there were."""
        self.rewind()
        outcome = run_until(self.scene.here, self._log, number, *self.scene.words)
        assert not outcome.status
        return outcome.calls

    def end(self) -> End:
        """What there is in the end: files, heads, and what ran."""
        files = {path: content for path, (content, _) in photo(self.scene.here.path).items()}
        ran = sorted(row[0] for row in self.database.execute("SELECT revision FROM run_log"))
        return files, self.database.heads(), ran

    def try_out(self, number: int, end: End) -> str:
        """Kill it before one call; what was wrong afterwards."""
        calls = self.play(number)
        self.remove_what_is_not_ours()
        try:
            self.judge_the_killed(end[0])
            self.judge_the_end(end)
        except AssertionError as error:
            return f"{number} ({' '.join(calls[-3:])}): {error}"
        return ""

    def remove_what_is_not_ours(self) -> None:
        """Do as git says that was killed while it staged, and so with the empty file of a killed `alembic merge`."""
        here = self.scene.here
        lock = here.path / here.git("rev-parse", "--git-path", "index.lock").strip()
        if lock.exists():
            assert "index.lock" in here.tool(*self.scene.words).stderr
            lock.unlink()
        for path in here.versions.glob("*_both.py"):
            if not path.read_bytes():
                path.unlink()

    def judge_the_killed(self, end: dict[str, bytes]) -> None:
        """Alembic loads the folder, git sees nothing, no file is half, and none of the user's has changed."""
        here = self.scene.here
        now = photo(here.path)
        for path, (content, written) in self._lasting.items():
            borrowed = path not in end or end[path] != content or path.endswith((RECORD, *self.scene.out))
            assert borrowed or now[path] == (content, written), path
        for path, (content, _) in now.items():
            known = {end.get(path), self._lasting.get(path, (None, 0))[0]}
            passing = TEMPORARY in path or path.endswith((RECORD, self.scene.new or RECORD))
            assert passing or content in known, path
        heads = here.alembic("heads")
        assert heads.returncode == 0, heads.stderr
        assert "is not present" not in heads.stderr
        if self.scene.settled:
            here.alembic("upgrade", "heads")  # it may refuse
            assert self.database.execute("SELECT * FROM run_log") == []
        assert shown(here) in self.scene.status

    def judge_the_end(self, end: End) -> None:
        """The next run has ended what the killed one began; nothing of that one is left."""
        here = self.scene.here
        done = here.tool(*self.scene.words)
        assert done.returncode == 0 or "already" in done.stderr, done.stderr  # adopted is adopted
        files, heads, ran = self.end()
        if not self.scene.new:
            assert files == end[0]
        assert (heads, ran) == end[1:]
        assert not [path for path in here.world.root.rglob(TEMPORARY + "*") if path.is_file()]
        locks = {path.name for path in (here.world.main.path / ".git").rglob("*.lock")}
        assert locks <= {"alembic-worktrees.lock"}
        assert shown(here) == self.scene.status[-1]


def shown(checkout: Checkout) -> str:
    """What git sees; the id that Alembic makes up is X, and what we do."""
    status = re.sub(r"versions/\w+_both", "versions/X_both", checkout.git_status())
    return re.sub(rf"{TEMPORARY}\w+", f"{TEMPORARY}X", status)


def photo(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of a checkout, what is in it, and when it was written."""
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in files
        if path.name != ".git"
    }


def spread(calls: Sequence[str], count: int) -> list[int]:
    """So many numbers of calls, evenly over all; few of them only where something on disk changes."""
    numbers = [n for n, name in enumerate(calls, 1) if count > 10 or name in ON_DISK]
    step = max(1.0, len(numbers) / count)
    return [numbers[int(k * step)] for k in range(min(count, len(numbers)))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A small run has the scene that has nearly all of the others in it, and the one that changes rows on its own."""
    thorough = metafunc.config.getoption("--thorough")
    metafunc.parametrize("name", list(SCENES) if thorough else ["all", "rebase"])


def test_killed(
    name: str,
    thorough: bool,
    world_root: Path,
    database: Database,
    record_property: Callable[[str, object], None],
) -> None:
    layout = Layout(recursive=name in ("sub-folders", "all"))
    world = World.create(world_root, database.url, layout=layout)
    stage = Stage(world, database, SCENES[name])
    try:
        calls = stage.play(0)
        end = stage.end()
        points = spread(calls, POINTS.get(name, 18) if thorough else 4)
        failures = [words for number in points if (words := stage.try_out(number, end))]
    finally:
        stage.close()
    record_property("calls", len(calls))
    record_property("killed", len(points))
    assert not failures
