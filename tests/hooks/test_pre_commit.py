"""The real pre-commit, with what `init` writes for it: installed in main, working in linked worktrees.

This project is installed from git as it is, or from an index, or from a folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.install.hook_scripts import INSTALL
from worlds.hooks import broken, sound
from worlds.process import run
from worlds.world import World, hermetic_environment, without_ours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from worlds.world import Checkout


PROJECT = Path(__file__).parents[2]
NEW = "1 new migration:\n  dddd4444_add_t.py\n"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """The folder of pre-commit's environments: built once by pip, which is most of this file's time."""
    with tempfile.TemporaryDirectory(prefix="awt-pc-") as folder:
        yield Path(folder).resolve()


@pytest.fixture(scope="module")
def repo(home: Path) -> tuple[Path, str]:
    """A clone of this project with a commit of everything that is not ignored, and that commit."""
    clone = home / "alembic-worktrees"
    env = hermetic_environment(home)
    (home / ".gitconfig").write_text("[user]\n\tname = Dev\n\temail = dev@example.invalid\n")

    def git(*words: str, folder: Path = clone) -> str:
        done = subprocess.run(
            ["git", *words], cwd=folder, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=PROJECT).split("\0")
    clone.mkdir()
    git("init", "--quiet")
    for name in filter(None, listed):
        if (PROJECT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, clone / name)
    git("add", "--all")
    git("commit", "--quiet", "-m", "As it is now")
    return clone, git("rev-parse", "HEAD").strip()


@pytest.fixture(scope="module")
def ways(home: Path, repo: tuple[Path, str]) -> dict[str, str]:
    """Where each installation of our command lies; that of these tests is from a folder."""
    bare = home / "alembic-worktrees.git"
    env = hermetic_environment(home)
    run(["git", "clone", "--quiet", "--bare", repo[0], bare], cwd=home, env=env, check=True)

    def pip(*words: str | Path) -> None:
        run([sys.executable, "-m", "pip", *words], cwd=home, env=env, check=True, timeout=300)

    build = ("--quiet", "--no-deps", "--no-build-isolation", f"git+{bare.as_uri()}")
    pip("install", "--target", home / "from-git", *build)
    pip("wheel", "--wheel-dir", home / "index", *build)
    options = ("--quiet", "--no-deps", "--no-index", "--find-links", home / "index")
    pip("install", "--target", home / "from-index", *options, "alembic-worktrees")
    return {"git": str(home / "from-git"), "index": str(home / "from-index"), "folder": ""}


@pytest.fixture
def world(world_root: Path, home: Path, ways: dict[str, str]) -> World:
    """A project whose main worktree has pre-commit installed for every stage."""
    world = World.create(world_root, f"sqlite:///{world_root}/db")
    world.env["PRE_COMMIT_HOME"] = str(home / "pre-commit")
    world.env["PIP_FIND_LINKS"] = f"{world.env.get('PIP_FIND_LINKS', '')} {home / 'index'}"
    # So that what runs is what pre-commit has installed, not the command of these tests.
    tools = world.root / "tools"
    tools.mkdir()
    (tools / "pre-commit").symlink_to(Path(sys.executable).with_name("pre-commit"))
    world.env["PATH"] = f"{tools}{os.pathsep}{without_ours(world.env['PATH'])}"
    world.main.revision("aaaa1111")
    world.main.write(".pre-commit-config.yaml", "repos: []\n")
    set_up(world, ways["git"])
    return world


def set_up(world: World, ours: str) -> None:
    """Run `init` of the installation that lies in `ours`, and what it asks for."""
    said = world.main.tool("init", "--yes", env={"PYTHONPATH": ours}, check=True).stderr
    assert ("once: pre-commit install" in said) == (not (world.main.path / ".git/hooks/pre-push").exists())
    install = [*INSTALL.split(), "--install-hooks"]
    world.run(*install, cwd=world.main.path, check=True, timeout=600)
    world.main.commit("Hooks")


@pytest.fixture(params=["main", "linked"])
def checkout(request: pytest.FixtureRequest, world: World) -> Checkout:
    if request.param == "linked":
        return world.worktree("StoFlow-feature", "feature")
    world.main.git("checkout", "--quiet", "-b", "feature")
    world.worktree("StoFlow-develop", "develop")
    return world.main


LINKED = pytest.mark.parametrize("checkout", ["linked"], indirect=True)


def other(checkout: Checkout) -> Checkout:
    """The checkout of `develop`."""
    name = "StoFlow-develop" if checkout is checkout.world.main else "StoFlow"
    return type(checkout)(checkout.world, checkout.world.root / name)


def fails(done: CompletedProcess[str], problem: str = "parent-missing") -> bool:
    if done.returncode:
        assert problem in done.stdout + done.stderr
    return done.returncode != 0


WRITTEN = {
    "git": ["repo: file://{home}/alembic-worktrees.git", "rev: {commit}", "- id: alembic-check"],
    "index": ["repo: local", "language: python", "additional_dependencies: [alembic-worktrees==1.0.0]"],
    "folder": ["repo: local", "entry: alembic-worktrees check --staged", "language: system"],
}


@pytest.mark.parametrize("way", WRITTEN)
def test_what_init_writes_works_for_each_installation(
    way: str, world: World, home: Path, repo: tuple[Path, str], ways: dict[str, str]
) -> None:
    """It was first written by one from git, and is brought up to date."""
    if way == "folder":
        command = Path(sys.executable).with_name("alembic-worktrees")
        (world.root / "tools" / command.name).symlink_to(command)
    if way != "git":
        set_up(world, ways[way])
    config = (world.main.path / ".pre-commit-config.yaml").read_text()
    lines = [line.format(home=home, commit=repo[1]) for line in WRITTEN[way]]
    assert all(f"{line}\n" in config for line in lines)
    assert config.count("- id: alembic-check") == 1
    for checkout in (world.main, world.worktree("StoFlow-feature", "feature")):
        sound(checkout)
        checkout.commit("Complete")
        broken(checkout)
        checkout.git("add", "--all")
        assert fails(checkout.git_run("commit", "-m", "x"))
        checkout.git("reset", "--quiet", "--hard", "HEAD")


def test_a_commit_from_before_the_config(world: World) -> None:
    """It may be checked out: the hooks are those of all worktrees."""
    old = world.main.git("rev-list", "--max-parents=0", "HEAD").strip()
    assert ".pre-commit-config.yaml" not in world.main.git("ls-tree", "--name-only", old)
    done = world.main.git_run("worktree", "add", str(world.root / "StoFlow-old"), old)
    assert done.returncode == 0, done.stderr


def test_commits(checkout: Checkout) -> None:
    broken(checkout)
    checkout.git("add", "--all")
    assert fails(checkout.git_run("commit", "-m", "x"))
    sound(checkout)  # pre-commit puts that away while its hooks run
    assert fails(checkout.git_run("commit", "-m", "x"))
    assert not fails(checkout.git_run("commit", "-a", "-m", "x"))
    checkout.revision("cccc3333", "bbbb2222")
    checkout.revision("dddd4444", "cccc3333")
    checkout.git("add", "--all")
    path = "backend/migrations/versions/dddd4444_add_t.py"
    assert fails(checkout.git_run("commit", "-m", "x", "--", path), "parent-unrecorded")
    broken(checkout)
    assert not fails(checkout.git_run("commit", "-m", "x"))
    assert fails(checkout.git_run("commit", "--amend", "--no-edit", "-a"))


@LINKED
def test_a_borrowed_parent(checkout: Checkout) -> None:
    """What this is all about: it exists here, pre-commit leaves it where it is, and nobody else will have it."""
    other(checkout).applied("bbbb2222", "aaaa1111", commit=False)
    assert borrowed(checkout)
    checkout.revision("cccc3333", "bbbb2222")
    checkout.git("add", "--all")
    assert fails(checkout.git_run("commit", "-m", "x"), "parent-borrowed")


def borrowed(checkout: Checkout) -> bool:
    checkout.tool("copy", check=True)
    return (checkout.versions / "bbbb2222_add_t.py").exists()


def test_merges(checkout: Checkout) -> None:
    sibling = other(checkout)
    sibling.revision("dddd4444", "aaaa1111")
    sibling.commit("Theirs")
    checkout.write("note.txt", "")
    checkout.commit("Mine")
    assert NEW in checkout.git_run("merge", "develop").stderr
    checkout.git("reset", "--quiet", "--hard", "HEAD~1")
    sound(checkout)
    checkout.commit("Mine too")
    assert fails(checkout.git_run("merge", "develop"), "diverged-heads")
    checkout.revision("eeee5555", ("bbbb2222", "dddd4444"))
    checkout.git("add", "--all")
    assert not fails(checkout.git_run("commit", "--no-edit"))


@pytest.mark.parametrize(
    "command",
    ["rebase develop", "pull --rebase . develop", "merge --squash develop", "checkout --detach develop"],
)
def test_what_came(command: str, world: World) -> None:
    checkout = world.worktree("StoFlow-feature", "feature")
    world.main.revision("dddd4444", "aaaa1111")
    world.main.commit("Theirs")
    checkout.write("note.txt", "")
    checkout.commit("Mine")
    done = checkout.git_run(*command.split())
    assert done.returncode == 0
    assert (done.stdout + done.stderr).count(NEW) == 1


def test_nothing_came(checkout: Checkout) -> None:
    done = checkout.git_run("checkout", "-b", "new")
    assert done.returncode == 0
    assert "migration:" not in done.stderr
    assert "migration:" not in checkout.git_run("worktree", "add", "-b", "newer", "../newer").stderr


def test_pushes(checkout: Checkout) -> None:
    bare = str(checkout.world.root / "bare")
    checkout.git("init", "--quiet", "--bare", bare)
    checkout.git("remote", "add", "origin", bare)
    broken(checkout)
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--no-verify", "-m", "Broken")
    sound(checkout)
    checkout.git("add", "--all")  # the index is sound, what is pushed is not
    assert fails(checkout.git_run("push", "origin", "feature"))  # all of history: pre-commit names no commit
    assert not fails(checkout.git_run("push", "origin", "develop"))
    assert fails(checkout.git_run("push", "origin", "feature"))
    checkout.git("commit", "--quiet", "-m", "Mended")
    assert not fails(checkout.git_run("push", "origin", "feature"))


@LINKED
def test_protection(checkout: Checkout) -> None:
    bare = str(checkout.world.root / "bare")
    checkout.git("init", "--quiet", "--bare", bare)
    checkout.git("remote", "add", "origin", bare)
    checkout.git("push", "--quiet", "--no-verify", "origin", "develop")
    checkout.git("remote", "set-head", "origin", "develop")
    checkout.revision("aaaa1111", body="pass")
    assert fails(checkout.git_run("commit", "-a", "-m", "x"), "origin/develop already has these")
    assert not fails(checkout.git_run("commit", "-a", "-m", "x", env={"SKIP": "alembic-protect"}))


def test_a_repository_without_alembic(world: World) -> None:
    world.main.git("rm", "-r", "--quiet", "backend")
    assert not fails(world.main.git_run("commit", "-m", "x"))


def test_try_repo(world: World, repo: tuple[Path, str]) -> None:
    """As somebody tries it who has installed nothing; on the files as they are staged."""
    broken(world.main)
    world.main.git("add", "--all")
    repository, options = ("try-repo", str(repo[0])), ("--ref", repo[1], "--verbose")
    done = world.run("pre-commit", *repository, *options, cwd=world.main.path, timeout=600)
    assert done.returncode == 1, done.stdout + done.stderr
    assert [hook in done.stdout for hook in ("id: alembic-check", "id: alembic-protect")] == [True, True]
    assert "parent-missing: bbbb2222" in done.stdout
    stage = ("--hook-stage", "post-merge")
    done = world.run(
        "pre-commit", *repository, "alembic-report", *options, *stage, cwd=world.main.path, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "id: alembic-report" in done.stdout
