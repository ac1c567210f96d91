"""What is said after a merge, pull, rebase or checkout, by git's own hooks; it never makes git fail."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.borrow import lock
from worlds.hooks import install, second_project
from worlds.process import locked
from worlds.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from worlds.world import Checkout

NEW = "1 new migration:\n  dddd4444_add_t.py\n"


@pytest.fixture
def world(world_root: Path) -> World:
    world = World.create(world_root, f"sqlite:///{world_root}/db")
    world.main.revision("aaaa1111")
    world.main.commit("First migration")
    return world


@pytest.fixture
def checkout(request: pytest.FixtureRequest, world: World) -> Checkout:
    """A linked worktree on `feature`, or "main"; on `develop` is a migration more, on `feature` another file."""
    if getattr(request, "param", "linked") == "linked":
        checkout, other = world.worktree("StoFlow-feature", "feature"), world.main
    else:
        world.main.git("checkout", "--quiet", "-b", "feature")
        checkout, other = world.main, world.worktree("StoFlow-develop", "develop")
    other.revision("dddd4444", "aaaa1111")
    other.commit("Theirs")
    checkout.write("mine.txt", "mine\n")
    checkout.commit("Mine")
    install(world)
    return checkout


def said(done: CompletedProcess[str]) -> str:
    """What we said, without git's own words on the same stream."""
    assert done.returncode == 0, done.stderr
    own = (
        "From ",
        " * branch",
        "Switched to",
        "Previous HEAD",
        "HEAD is now",
        "Preparing worktree",
        "Already on",
    )
    noise = (
        "Successfully rebased",
        "Rebasing (",
        "Note:",
        "Updated ",
        "Created autostash",
        "Automatic merge",
    )
    lines = [line.rpartition("\r")[2] for line in done.stderr.split("\n")]
    return "".join(f"{line}\n" for line in lines if line.strip() and not line.startswith(own + noise))


# What each brings: the commands, and what the last of them is followed by
COMMANDS: dict[str, tuple[list[str], str]] = {
    "merge": (["merge --quiet develop"], NEW),
    "pull": (["pull --quiet --no-edit . develop"], NEW),
    "fast-forward": (["reset --quiet --hard HEAD~1", "merge --quiet develop"], NEW),
    "fast-forward pull": (["reset --quiet --hard HEAD~1", "pull --quiet . develop"], NEW),
    "squash": (["merge --quiet --squash develop"], NEW),
    "rebase": (["rebase --quiet develop"], NEW),
    # Git tells of its beginning as of a checkout.
    "rebase by patches": (["rebase --quiet --apply develop"], 2 * NEW),
    "pull --rebase": (["pull --quiet --rebase . develop"], NEW),
    "rebase that fast-forwards": (["reset --quiet --hard HEAD~1", "rebase --quiet develop"], NEW),
    "pull --rebase that fast-forwards": (
        ["reset --quiet --hard HEAD~1", "pull --quiet --rebase . develop"],
        NEW,
    ),
    "checkout": (["checkout --quiet --detach develop"], NEW),
    "checkout back": (["checkout --quiet --detach develop", "checkout --quiet feature"], ""),
    "new branch": (["checkout --quiet -b new"], ""),
    "new branch elsewhere": (["checkout --quiet -b new develop"], NEW),
    "a branch without a commit": (["switch --quiet --orphan empty"], ""),
    "back from there": (["switch --quiet --orphan empty", "checkout --quiet feature"], ""),
    "file": (["checkout --quiet develop -- backend"], ""),
    "worktree": (["worktree add --quiet -b new ../new develop"], ""),
    "amend": (["commit --quiet --amend --message x"], ""),
    "merge of nothing": (["merge --quiet feature"], ""),
    "merge, then amend": (["merge --quiet develop", "commit --quiet --amend --message x"], ""),
    "merge, then squash of nothing new": (
        ["merge --quiet develop", "checkout --quiet -b more", "merge --quiet --squash feature~1"],
        "",
    ),
}


def test_what_is_only_unwise_is_said_when_it_comes(checkout: Checkout) -> None:
    checkout.revision("aaaa1111xyz", "aaaa1111")
    checkout.commit("An id that begins with another's", "backend")
    checkout.git("checkout", "--quiet", "-b", "later")
    checkout.revision("bbbb2222", "aaaa1111xyz")
    checkout.commit("Later", "backend")
    checkout.git("checkout", "--quiet", "feature~1")
    assert "aaaa1111xyz begins with" in said(checkout.git_run("checkout", "--quiet", "feature"))
    assert "begins with" not in said(checkout.git_run("checkout", "--quiet", "later"))


LINKED = [("linked", command) for command in COMMANDS]
MAIN = [("main", command) for command in ("merge", "rebase", "checkout", "worktree")]  # one for each hook


@pytest.mark.parametrize(("checkout", "command"), [*LINKED, *MAIN], indirect=["checkout"])
def test_what_came(command: str, checkout: Checkout) -> None:
    *before, last = COMMANDS[command][0]
    for words in before:
        checkout.git(*words.split())
    assert said(checkout.git_run(*last.split())) == COMMANDS[command][1]


@pytest.mark.parametrize("command", ["merge develop", "rebase develop"])
def test_a_conflict_is_told_of_at_its_end(command: str, checkout: Checkout) -> None:
    checkout.world.run("git", "config", "core.hooksPath", "/nowhere", cwd=checkout.path, check=True)
    checkout.world.main.write("mine.txt", "theirs\n")
    checkout.world.main.commit("Conflict")
    checkout.git("config", "--unset", "core.hooksPath")
    done = checkout.git_run(*command.split())
    assert done.returncode == 1
    assert "new migration" not in done.stderr
    checkout.write("mine.txt", "both\n")
    checkout.git("add", "--all")
    if command.startswith("rebase"):
        assert said(checkout.git_run("rebase", "--continue")) == NEW
    else:  # git runs no hook after the commit that concludes a merge
        assert said(checkout.git_run("commit", "--quiet", "--no-edit")) == ""


def test_a_moved_or_changed_migration_is_not_new(checkout: Checkout) -> None:
    checkout.git("merge", "--quiet", "develop")
    checkout.git("checkout", "--quiet", "-b", "moved")
    checkout.git("mv", "backend/migrations/versions/dddd4444_add_t.py", "backend/migrations/versions/d.py")
    checkout.revision("aaaa1111", body="pass")
    checkout.commit("Moved and changed")
    checkout.git("checkout", "--quiet", "feature")
    assert said(checkout.git_run("merge", "--quiet", "moved")) == ""


def test_diverged_with_the_command_that_joins(checkout: Checkout) -> None:
    checkout.revision("bbbb2222", "aaaa1111")
    checkout.commit("Mine too")
    heard = said(checkout.git_run("rebase", "--quiet", "develop"))
    assert heard == (
        f"{NEW}The history has diverged into 2 heads: bbbb2222, dddd4444\n"
        f'  → alembic-worktrees merge ~/{checkout.name}/backend -m "merge heads", then commit the new file\n'
        f"  → Without a merge migration: cd ~/{checkout.name}/backend && alembic-worktrees rebase\n"
    )
    command = heard.partition("→ ")[2].partition(", then")[0]
    checkout.world.run("sh", "-c", command, cwd=checkout.path, check=True)
    checkout.commit("Join")
    assert said(checkout.git_run("checkout", "--quiet", "-B", "feature", "HEAD~1")) != ""
    checkout.alembic("upgrade", "heads", check=True)


def test_incomplete(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "-b", "bad")
    checkout.revision("cccc3333", "gone1111")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--no-verify", "-m", "Bad")
    checkout.git("checkout", "--quiet", "feature")
    heard = said(checkout.git_run("checkout", "--quiet", "bad"))
    assert "cccc3333 follows gone1111, which is nowhere" in heard
    assert "1 new migration" in heard


def test_a_new_worktree_is_judged(checkout: Checkout) -> None:
    checkout.revision("cccc3333", "gone1111")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--no-verify", "-m", "Bad")
    heard = said(checkout.git_run("worktree", "add", "--quiet", "-b", "new", "../new"))
    assert heard.startswith("cccc3333 follows gone1111")


@pytest.mark.parametrize(
    "command", ["merge --quiet develop", "rebase --quiet develop", "checkout --quiet --detach develop"]
)
def test_arrived_originals_are_tidied(command: str, checkout: Checkout) -> None:
    checkout.world.main.alembic("upgrade", "heads", check=True)
    checkout.tool("copy", check=True)
    record = checkout.versions / ".gitignore"
    assert "dddd4444" in record.read_text()
    path = f"~/{checkout.name}/backend/migrations/versions/dddd4444_add_t.py"
    heard = said(checkout.git_run(*command.split()))
    assert heard == f"{NEW}dddd4444 is no longer borrowed, git has brought it: {path}\n"
    assert not record.exists()
    assert said(checkout.git_run("checkout", "--quiet", "feature")) == ""


def test_many_are_counted(checkout: Checkout) -> None:
    main = checkout.world.main
    for number in range(1, 12):
        main.revision(f"e{number:03}", f"e{number - 1:03}" if number > 1 else "dddd4444")
    main.commit("Many")
    main.alembic("upgrade", "heads", check=True)
    checkout.tool("copy", check=True)
    heard = said(checkout.git_run("merge", "--quiet", "develop")).splitlines()
    assert (heard[0], heard[10:12]) == ("12 new migrations:", ["  e009_add_t.py", "  …"])
    assert heard[12:] == ["12 files are no longer borrowed, git has brought them"]


def test_copies_without_their_parents_are_named(checkout: Checkout) -> None:
    """Git takes the parents away with a checkout of another commit, and the copies stay: Alembic loads none then."""
    main = checkout.world.main
    checkout.git("merge", "--quiet", "develop")
    main.applied("eeee5555", "dddd4444", commit=False)
    checkout.tool("upgrade", check=True)
    heard = said(checkout.git_run("checkout", "--quiet", "--detach", "HEAD~1"))
    message, cure = heard.splitlines()
    assert message.startswith("eeee5555 is only borrowed here and needs dddd4444, which is not here any more")
    assert checkout.alembic("heads").returncode != 0
    assert cure.startswith("  → alembic-worktrees upgrade")
    checkout.world.run("sh", "-c", cure.removeprefix("  → "), cwd=checkout.path, check=True)
    assert checkout.alembic("heads").returncode == 0


def test_who_upgrades_is_not_waited_for(checkout: Checkout) -> None:
    """What is left is tidied by who upgrades, or by the next run."""
    checkout.world.main.alembic("upgrade", "heads", check=True)
    checkout.tool("copy", check=True)
    record = checkout.versions / ".gitignore"
    with locked(checkout.world.main.path / ".git" / lock.NAME):
        assert said(checkout.git_run("merge", "--quiet", "develop")) == NEW
        assert "dddd4444" in record.read_text()
    assert "dddd4444 is no longer borrowed" in checkout.tool("copy", check=True).stderr
    assert not record.exists()


def test_french(checkout: Checkout) -> None:
    checkout.world.env["LC_ALL"] = "fr_FR.UTF-8"
    assert "1 nouvelle migration :\n  dddd4444_add_t.py\n" in said(
        checkout.git_run("merge", "--quiet", "develop")
    )


def test_every_project_is_told_of(world: World) -> None:
    versions = second_project(world.main)
    world.main.commit("Second project")
    feature = world.worktree("StoFlow-feature", "feature")
    world.main.revision("dddd4444", "aaaa1111")
    world.main.write(f"{versions}/b.py", "revision = 'b'\ndown_revision = 'a'\n")
    world.main.commit("Both")
    install(world)
    heard = said(feature.git_run("merge", "--quiet", "develop"))
    assert heard == "2 new migrations:\n  dddd4444_add_t.py\n  b.py\n"


# It never makes git fail


def unreadable_setting(checkout: Checkout) -> None:
    checkout.write("pyproject.toml", "[tool.alembic-worktrees]\nnonsense = 1\n")


def unreadable_config(checkout: Checkout) -> None:
    checkout.write("backend/alembic.ini", "[alembic\n")


def missing_scripts(checkout: Checkout) -> None:
    shutil.rmtree(checkout.backend / "migrations")


def crash(checkout: Checkout) -> None:
    """A bug of ours: the module that makes the report is broken."""
    folder = checkout.world.root / "bug"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import sys\nsys.modules['alembic_worktrees.hooks.report'] = None\n"
    )
    checkout.world.env["PYTHONPATH"] = str(folder)


def lock_that_is_none(checkout: Checkout) -> None:
    """Nothing can be written where the lock is."""
    (checkout.world.main.path / ".git/alembic-worktrees.lock").mkdir()
    checkout.versions.joinpath(".gitignore").mkdir()


OBSTACLES = [unreadable_setting, unreadable_config, missing_scripts, crash, lock_that_is_none]


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_it_never_fails(obstacle: Callable[[Checkout], None], checkout: Checkout) -> None:
    obstacle(checkout)
    for command in (
        "checkout --quiet -b new",
        "checkout --quiet develop --detach",
        "checkout --quiet feature",
    ):
        done = checkout.git_run(*command.split())
        assert done.returncode == 0
        assert "Traceback" not in done.stderr
        assert len(said(done).splitlines()) <= 3


def test_a_bug_of_ours_is_one_line(checkout: Checkout) -> None:
    crash(checkout)
    heard = said(checkout.git_run("checkout", "--quiet", "--detach", "develop"))
    assert heard.startswith("alembic-worktrees could not look at the migrations (ModuleNotFoundError: ")
    assert heard.endswith("To see why: alembic-worktrees check\n")
    assert heard.count("\n") == 1


def test_a_tool_that_cannot_even_start(checkout: Checkout) -> None:
    tools = checkout.world.root / "tools"
    tools.mkdir()
    (tools / "alembic-worktrees").write_text("#!/gone/python\n")
    (tools / "alembic-worktrees").chmod(0o755)
    checkout.world.env["PATH"] = f"{tools}{os.pathsep}{checkout.world.env['PATH']}"
    for command in (
        "checkout --quiet --detach develop",
        "checkout --quiet feature",
        "rebase --quiet develop",
    ):
        assert checkout.git_run(*command.split()).returncode == 0


@pytest.mark.cold
def test_a_read_only_disk(checkout: Checkout) -> None:
    """Git itself could not check out there, so the hook's command is called as git would."""
    checkout.git("merge", "--quiet", "--no-verify", "develop")
    script = (
        f"mount --bind '{checkout.world.root}' '{checkout.world.root}' &&"
        f" mount -o remount,ro,bind '{checkout.world.root}' && echo mounted;"
        f" cd '{checkout.path}' && exec alembic-worktrees report post-merge 0"
    )
    done = checkout.world.run("unshare", "--mount", "sh", "-c", script)
    if done.stdout != "mounted\n":
        pytest.skip("mounting is not allowed here")
    assert (done.returncode, done.stderr) == (0, NEW)


def test_no_database_is_asked(checkout: Checkout) -> None:
    (checkout.backend / "migrations/env.py").write_text("1 / 0\n")
    assert said(checkout.git_run("merge", "--quiet", "develop")) == NEW
