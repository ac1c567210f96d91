"""dev.sh, /sync and /finish in true worlds. The documents' commands are run from the files that `init` wrote."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.install.changes import Target
from alembic_worktrees.install.extras import Home, find_app, render
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from subprocess import CompletedProcess

    from worlds.postgres import Database
    from worlds.world import Checkout

TEMPLATES = Path(__file__).resolve().parents[2] / "src/alembic_worktrees/install/templates"
SYNC, FINISH = ".claude/commands/sync.md", ".claude/commands/finish.md"
APP = """\
import os
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

application = Starlette(routes=[Route("/", lambda request: PlainTextResponse(os.getcwd() + " v1"))])
"""


@pytest.fixture
def world(world: World) -> World:
    """At home: `za` is applied, everything of init is committed, the hooks are in place.

    No id that Alembic makes begins with one of ours, which our own check would refuse.
    """
    world.main.write("backend/app/main.py", APP)
    world.main.write("README", "one\n")
    world.main.applied("za")
    at_home(world.main)
    return world


@pytest.fixture
def dry_world(world_root: Path) -> World:
    """At home, with an upgrade that does nothing."""
    world = World.create(world_root, "sqlite://")
    world.main.write("backend/app/main.py", APP)
    at_home(world.main)
    world.env["ALEMBIC_WORKTREES"] = "/bin/true"
    return world


def at_home(checkout: Checkout) -> None:
    checkout.world.warm_path()
    checkout.tool("init", "--with", "dev,claude", "--yes", cwd=checkout.path, check=True)
    checkout.commit("Be at home")


def blocks(document: Path) -> list[str]:
    return re.findall(r"^```bash\n(.*?)^```$", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def follow(checkout: Checkout, name: str) -> CompletedProcess[str]:
    """Run a document's commands in one strict shell."""
    checkout.world.tick()
    script = "\n".join(blocks(checkout.path / name))
    return checkout.world.run("bash", "-euo", "pipefail", "-c", script, cwd=checkout.path)


def followed(checkout: Checkout, name: str) -> str:
    done = follow(checkout, name)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def step_by_step(checkout: Checkout, name: str) -> CompletedProcess[str]:
    """Run each block in a shell of its own, which keeps the folder but no variable; stop at the first that fails."""
    place = checkout.world.root / "place"
    cwd = checkout.path
    for block in blocks(checkout.path / name):
        checkout.world.tick()
        script = f"{block}\nstatus=$?; pwd >'{place}'; exit $status"
        done = checkout.world.run("bash", "-c", script, cwd=cwd)
        if done.returncode:
            break
        cwd = Path(place.read_text().rstrip("\n"))
    return done


def recorded(checkout: Checkout) -> dict[str, str]:
    """The migrations that HEAD records."""
    names = checkout.git("ls-tree", "-r", "--name-only", "HEAD", "--", "backend/migrations/versions").split()
    return {Path(name).name: checkout.git("show", f"HEAD:{name}") for name in names if name.endswith(".py")}


def files(checkout: Checkout) -> set[str]:
    return {path.name for path in checkout.versions.glob("*.py")}


def backups(checkout: Checkout) -> list[str]:
    return checkout.git("for-each-ref", "--format=%(objectname)", "refs/heads/backup/").split()


# the documents


@pytest.mark.parametrize("name", ["sync", "finish"])
def test_documents_do_the_same_in_both_languages(name: str) -> None:
    english, french = (blocks(TEMPLATES / f"{name}.{language}.md") for language in ("en", "fr"))
    assert english == french
    assert len(english) >= 3


@pytest.mark.parametrize("published", [None, "origin/develop"])
@pytest.mark.parametrize("name", ["scripts/dev.sh", SYNC, FINISH])
def test_documents_have_no_mark_left(world_root: Path, name: str, published: str | None) -> None:
    place = Target(world_root / "StoFlow", world_root, world_root, None)
    world = World.create(world_root, "sqlite://", layout=Layout(backend="back end"))
    env = world.main.backend / "migrations/env.py"
    home = Home(place, world.main.backend, env, "develop", published, silent_origin=False, language="en")
    text = render(name, home)
    assert not re.search(r"@[A-Z]+@|0{12}", text)
    assert ("git fetch" in text) == (published is not None and name != "scripts/dev.sh")
    assert "\n\n\n" not in text


# /sync


def test_sync_rebases_borrows_and_upgrades(world: World, database: Database) -> None:
    one, two = world.worktree("StoFlow-one"), world.worktree("StoFlow-é two", "two")
    one.applied("zb", "za")
    two.revision("zd", "za")
    two.commit("Add zd")
    before = two.head()
    world.main.revision("zc", "za")
    world.main.commit("Add zc")
    two.write("notes", "untracked\n")
    said = followed(two, SYNC)
    assert "Borrowed zb from StoFlow-one" in said
    assert database.heads() == {"zb", "zc", "zd"}
    assert files(two) == {"za_add_t.py", "zb_add_t.py", "zc_add_t.py", "zd_add_t.py"}
    assert set(recorded(two)) == {"za_add_t.py", "zc_add_t.py", "zd_add_t.py"}
    assert two.git("rev-parse", "HEAD^").strip() == world.main.head()
    assert backups(two) == [before]
    assert two.git_status() == "?? notes\n"


def test_sync_takes_what_is_published(world: World, database: Database) -> None:
    origin(world)
    two = world.worktree("StoFlow-two", "feature")
    at_home_again = two.tool("init", "--with", "claude", "--yes", cwd=two.path, check=True)
    assert "git fetch origin" in (two.path / SYNC).read_text(), at_home_again.stderr
    two.commit("Be at home with a remote")
    colleague = world.clone("elsewhere", "--branch", "develop")
    colleague.git("remote", "set-url", "origin", "../origin.git")
    colleague.revision("zc", "za")
    colleague.commit("Add zc")
    colleague.git("push", "--quiet", "origin", "develop")
    followed(two, SYNC)
    assert "zc_add_t.py" in recorded(two)
    assert database.heads() == {"zc"}
    assert two.git_status() == ""


def origin(world: World) -> None:
    world.main.git("init", "--quiet", "--bare", "--initial-branch=develop", "../origin.git")
    world.main.git("remote", "add", "origin", "../origin.git")
    world.main.git("push", "--quiet", "origin", "develop")
    world.main.git("remote", "set-head", "origin", "--auto")


def test_sync_stops_at_a_conflict_and_says_how_to_go_back(world: World, database: Database) -> None:
    two = world.worktree("StoFlow-two")
    two.write("README", "two\n")
    two.commit("Two")
    before = two.head()
    world.main.write("README", "other\n")
    world.main.commit("Other")
    world.main.revision("zc", "za")
    world.main.commit("Add zc")
    stopped = follow(two, SYNC)
    assert stopped.returncode != 0
    assert "CONFLICT (content): Merge conflict in README" in stopped.stdout
    assert "git rebase --abort" in stopped.stderr
    assert database.heads() == {"za"}
    two.git("rebase", "--abort")
    assert two.head() == before == backups(two)[0]
    assert two.git_status() == ""


@pytest.mark.parametrize("staged", [False, True])
def test_sync_stops_at_uncommitted_work_and_names_it(world: World, staged: bool) -> None:
    two = world.worktree("StoFlow-two")
    two.write("README", "not committed\n")
    if staged:
        two.git("add", "README")
    before = two.head()
    stopped = follow(two, SYNC)
    assert stopped.returncode == 1
    assert "README | 2 +-" in stopped.stdout
    assert (two.head(), backups(two)) == (before, [])
    assert (two.path / "README").read_text() == "not committed\n"


def test_sync_stops_where_no_branch_is_checked_out(world: World) -> None:
    two = world.worktree("StoFlow-two")
    two.git("checkout", "--quiet", "--detach")
    stopped = follow(two, SYNC)
    assert stopped.returncode != 0
    assert "HEAD is not a symbolic ref" in stopped.stderr
    assert backups(two) == []


# /finish


def diverged(world: World) -> tuple[Checkout, Checkout]:
    """Two features; develop has diverged from the first, and main has borrowed from both."""
    one, two = world.worktree("StoFlow-one"), world.worktree("StoFlow-two")
    one.applied("zb1", "za")
    for checkout, id in ((two, "zd2"), (world.main, "zc3")):
        checkout.revision(id, "za")
        checkout.commit(f"Add {id}")
        checkout.tool("upgrade", check=True)
    assert files(world.main) == {f"{id}_add_t.py" for id in ("za", "zb1", "zc3", "zd2")}
    return one, two


@pytest.mark.parametrize("run", [follow, step_by_step])
def test_finish_joins_own_heads_and_leaves_borrowed_ones_out(
    world: World, database: Database, run: object
) -> None:
    one, _two = diverged(world)
    before, merged = world.main.head(), one.head()
    done = run(one, FINISH)  # type: ignore[operator]
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.main.git("rev-parse", "HEAD^1", "HEAD^2").split() == [before, merged]
    now = recorded(world.main)
    new = set(now) - {"za_add_t.py", "zb1_add_t.py", "zc3_add_t.py"}
    assert len(new) == 1
    assert re.search(r"down_revision.* = \('zb1', 'zc3'\)", now[new.pop()])
    assert not any("zd2" in name + text for name, text in now.items())
    assert "zd2_add_t.py" in files(world.main)
    assert len(database.heads()) == 2
    assert "zd2" in database.heads()
    assert world.main.git_status() == one.git_status() == ""


def test_finish_gives_another_parent_where_no_merge_is_wanted(world: World, database: Database) -> None:
    main = world.main
    main.write("backend/pyproject.toml", '[tool.alembic-worktrees]\ndiverged = "rebase"\n')
    main.tool("init", "--with", "claude", "--yes", cwd=main.path, check=True)
    main.commit("Want no merges")
    one, _two = diverged(world)
    followed(one, FINISH)
    now = recorded(main)
    assert set(now) == {"za_add_t.py", "zb1_add_t.py", "zc3_add_t.py"}
    assert "down_revision: Union[str, Sequence[str], None] = 'zc3'" in now["zb1_add_t.py"]
    assert database.heads() == {"zb1", "zd2"}
    assert main.git_status() == ""


def test_finish_with_nothing_to_join_and_again(world: World, database: Database) -> None:
    one = world.worktree("StoFlow-one")
    one.applied("zb", "za")
    one.write("README", "two\n")
    one.commit("Two")
    followed(one, FINISH)
    assert set(recorded(world.main)) == {"za_add_t.py", "zb_add_t.py"}
    assert world.main.git("log", "-1", "--format=%s").strip() == "Merge branch 'StoFlow-one' into develop"
    before = world.main.head()
    assert "Nothing to commit." in followed(one, FINISH)
    assert world.main.head() == before
    assert database.heads() == {"zb"}


def test_finish_joins_also_what_was_merged_already(world: World) -> None:
    one, _two = diverged(world)
    world.main.git("merge", "--quiet", "--no-verify", "-m", "By hand", "StoFlow-one")
    followed(one, FINISH)
    assert world.main.git("log", "-1", "--format=%s").strip() == "Join the migration heads"
    assert world.main.git("show", "--stat", "--format=").count("_merge_heads.py") == 1
    assert world.main.git_status() == ""


def test_finish_takes_what_is_published_first(world: World) -> None:
    origin(world)
    at_home(world.main)
    world.main.git("push", "--quiet", "origin", "develop")
    one = world.worktree("StoFlow-one")
    one.write("README", "two\n")
    one.commit("Two")
    colleague = world.clone("elsewhere", "--branch", "develop")
    colleague.git("remote", "set-url", "origin", "../origin.git")
    colleague.revision("zc", "za")
    colleague.commit("Add zc")
    theirs = colleague.head()
    colleague.git("push", "--quiet", "origin", "develop")
    followed(one, FINISH)
    assert world.main.git("rev-parse", "HEAD^1").strip() == theirs
    assert (world.main.path / "README").read_text() == "two\n"


@pytest.mark.parametrize("where", ["branch", "main", "elsewhere", "detached"])
def test_finish_stops_before_it_changes_anything(world: World, where: str) -> None:
    one = world.worktree("StoFlow-one")
    one.write("README", "two\n")
    one.commit("Two")
    expected = "README | 2 +-"
    if where == "branch":
        one.write("README", "not committed\n")
    elif where == "main":
        world.main.write("README", "not committed\n")
    elif where == "elsewhere":
        world.main.git("switch", "--quiet", "--create", "other")
        expected = "The main worktree is not on develop"
    else:
        one.git("checkout", "--quiet", "--detach")
        expected = "HEAD is not a symbolic ref"
    before = [(each.head(), each.git_status()) for each in (world.main, one)]
    for run in (follow, step_by_step):
        stopped = run(one, FINISH)
        assert stopped.returncode != 0
        assert expected in stopped.stdout + stopped.stderr
        assert [(each.head(), each.git_status()) for each in (world.main, one)] == before


def test_finish_stops_at_a_conflict_and_merge_abort_leads_back(world: World) -> None:
    one = world.worktree("StoFlow-one")
    for checkout, text in ((one, "two\n"), (world.main, "other\n")):
        checkout.write("README", text)
        checkout.commit("Changed")
        before = checkout.head()
    stopped = follow(one, FINISH)
    assert stopped.returncode != 0
    assert "CONFLICT (content): Merge conflict in README" in stopped.stdout
    world.main.git("merge", "--abort")
    assert (world.main.head(), world.main.git_status()) == (before, "")


def test_finish_stops_at_a_failed_upgrade_and_merge_abort_leads_back(
    world: World, database: Database
) -> None:
    one = world.worktree("StoFlow-one")
    one.revision("zb", "za", body='raise RuntimeError("no such thing")')
    one.commit("Add zb")
    world.main.applied("zc", "za")
    before = world.main.head()
    stopped = follow(one, FINISH)
    assert stopped.returncode == 1
    assert "no such thing" in stopped.stdout + stopped.stderr
    assert world.main.head() == before
    world.main.git("merge", "--abort")
    assert world.main.git_status() == ""
    assert files(world.main) == {"za_add_t.py", "zc_add_t.py"}
    assert database.heads() == {"zc"}


def test_finish_joins_nothing_where_hooks_would_have_refused(world: World) -> None:
    """Why it merges with --no-commit: our own pre-merge-commit refuses diverged heads."""
    one, _two = diverged(world)
    refused = world.main.git_run("merge", "--no-ff", "--no-edit", "StoFlow-one")
    assert refused.returncode != 0
    assert "diverged" in refused.stdout + refused.stderr
    world.main.git("merge", "--abort")
    followed(one, FINISH)


# dev.sh


class Serving:
    """A running dev.sh."""

    def __init__(
        self, checkout: Checkout, number: int, base: int, env: Mapping[str, str] | None = None
    ) -> None:
        self.url = f"http://127.0.0.1:{base + number - 1}/"
        self.log = checkout.world.root / f"dev-{number}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["bash", "scripts/dev.sh", str(number)],
                cwd=checkout.path,
                env={**checkout.world.env, "BASE_PORT": str(base), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def answer(self, expected: str, seconds: float = 60) -> str:
        """What the application answers; wait until that has `expected` in it."""
        deadline = time.monotonic() + seconds
        text = ""
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url, timeout=5) as answer:  # noqa: S310
                text = str(answer.read(), "utf-8")
                if expected in text:
                    return text
            time.sleep(0.1)
        raise AssertionError(f"{text}\n{self.log.read_text()}")

    def answers_once_saved(self, expected: str, file: Path, before: str) -> None:
        """Save `file` with `expected` in place of `before` until that is served.

        uvicorn's reloader learns the files' times at its first look, which can be after the first answer:
        it misses what is saved in between, until the next save.
        """
        file.write_text(file.read_text().replace(before, expected))
        for _ in range(6):
            with contextlib.suppress(AssertionError):
                self.answer(expected, seconds=10)
                return
            os.utime(file)
        self.answer(expected)

    def interrupt(self) -> None:
        """Press ^C: the terminal sends it to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def left(self) -> list[str]:
        """Processes of this session that still run."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                words = stat.read_text().rpartition(")")[2].split()
                if words[3] == str(self.process.pid) and words[0] != "Z":
                    found.append((stat.parent / "cmdline").read_text().replace("\0", " "))
        return found

    def wait_until_alone(self) -> None:
        """Python's own helper of a process ends a moment after it."""
        deadline = time.monotonic() + 60
        while left := self.left():
            assert time.monotonic() < deadline, left
            time.sleep(0.05)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def serving(checkout: Checkout, number: int, base: int) -> Iterator[Serving]:
    server = Serving(checkout, number, base)
    try:
        yield server
    finally:
        server.kill()


def two_free_ports() -> int:
    """A port that is free, as is the one after it."""
    for _ in range(100):
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            with contextlib.suppress(OSError):
                two.bind(("127.0.0.1", port + 1))
                return port
    raise AssertionError("no two free ports")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_dev_serves_two_worktrees_at_once_and_ends_cleanly(world: World, database: Database) -> None:
    one, two = world.worktree("StoFlow-one"), world.worktree("StoFlow-é two", "two")
    one.applied("zb", "za")
    two.revision("zc", "za")
    base = two_free_ports()
    with serving(one, 1, base) as first, serving(two, 2, base) as second:
        assert first.answer("v1") == f"{one.backend} v1"
        assert second.answer("v1") == f"{two.backend} v1"
        assert "Borrowed zb from StoFlow-one" in second.log.read_text()
        assert database.heads() == {"zb", "zc"}
        second.answers_once_saved("v2", two.backend / "app/main.py", "v1")
        for server in (first, second):
            server.interrupt()
            assert server.process.wait(30) == 0
            server.wait_until_alone()
            assert "Traceback" not in server.log.read_text()


def dev(checkout: Checkout, *words: str, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    return checkout.world.run("bash", "scripts/dev.sh", *words, cwd=checkout.path, env=env)


def test_dev_stops_at_a_failed_upgrade_and_says_why(world: World) -> None:
    world.main.revision("zb", "za", body='raise RuntimeError("no such thing")')
    stopped = dev(world.main, "1", env={"BASE_PORT": str(two_free_ports())})
    assert stopped.returncode == 1
    assert "no such thing" in stopped.stdout + stopped.stderr
    assert "Uvicorn running" not in stopped.stderr


@pytest.mark.parametrize("number", ["0", "01", "x", "-1", "1.5", "", "12345"])
def test_dev_wants_a_number(dry_world: World, number: str) -> None:
    refused = dev(dry_world.main, number)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "usage: scripts/dev.sh N   (N = 1, 2, 3 …)\n"


RECORDER = f"""\
#!/bin/sh
[ "$2" = uvicorn ] && echo "$0 $*" && exit
exec '{sys.executable}' "$@"
"""
WITHOUT_UVICORN = f"""\
#!/bin/sh
[ "$2" = "import uvicorn" ] && exit 1
exec '{sys.executable}' "$@"
"""


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "place",
    [
        "{here}/backend/.venv",
        "{here}/backend/venv",
        "{here}/.venv",
        "{here}/venv",
        "{main}/backend/.venv",
        "{main}/venv",
        "{root}/active",
    ],
)
def test_dev_finds_the_interpreter_that_has_uvicorn(dry_world: World, place: str) -> None:
    linked = dry_world.worktree("StoFlow-é two", "two")
    folder = Path(place.format(here=linked.path, main=dry_world.main.path, root=dry_world.root))
    python = executable(folder / "bin/python", RECORDER)
    env = {"VIRTUAL_ENV": str(folder)} if folder.name == "active" else {}
    if "backend/.venv" not in place or "main" in place:  # one that lacks it is passed over
        executable(linked.backend / ".venv/bin/python", WITHOUT_UVICORN)
    said = dev(linked, "3", env=env)
    assert said.returncode == 0, said.stderr
    command, _, words = said.stdout.splitlines()[-1].partition(" -m ")
    assert (linked.backend / command).resolve() == python.resolve()
    assert words == "uvicorn app.main:application --reload --port 8002"


def test_dev_says_what_is_missing(dry_world: World) -> None:
    folder = executable(dry_world.root / "bin/python3", WITHOUT_UVICORN).parent
    env = {"PATH": f"{folder}{os.pathsep}{dry_world.env['PATH']}", "APP": "a:b"}
    refused = dev(dry_world.main, env=env)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].endswith("or install it there: pip install uvicorn")


def test_dev_passes_shellcheck(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://", layout=Layout(backend="back end"))
    at_home(world.main)
    world.run("shellcheck", "scripts/dev.sh", cwd=world.main.path, check=True)


@pytest.mark.parametrize(
    ("path", "text", "app"),
    [
        ("main.py", "from fastapi import FastAPI\napp = FastAPI()\n", "main:app"),
        ("app/main.py", "api: fastapi.FastAPI = fastapi.FastAPI(\n)\n", "app.main:api"),
        ("app/__init__.py", "app = starlette.applications.Starlette()\n", "app:app"),
        ("src/a/b.py", "# café\napp = FastAPI()\n", "src.a.b:app"),
        ("other.py", "def create():\n    app = FastAPI()\n", "app.main:app"),
    ],
)
def test_application_is_found(world_root: Path, path: str, text: str, app: str) -> None:
    world = World.create(world_root, "sqlite://")
    world.main.write(f"backend/{path}", text)
    (world.main.backend / "latin.py").write_bytes(b"# caf\xe9\n")
    (world.main.backend / "gone.py").symlink_to("nowhere.py")
    world.main.write(
        "backend/tests/deep/down/test_a.py", "app = FastAPI()\n" if app != "app.main:app" else ""
    )
    assert find_app(world.main.backend) == app
