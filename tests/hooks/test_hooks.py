"""The plain hooks in `hooks/`, called by git itself in main and linked worktrees: exactly what is recorded counts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from worlds.hooks import HOOKS, VERSIONS, broken, fails, install, second_project, sound
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from worlds.world import Checkout

KINDS = pytest.mark.parametrize("kind", ["main", "linked"])


@pytest.fixture
def world(world_root: Path) -> World:
    """A project with one migration on `develop`; the tests' own commits before the hooks are there go through."""
    world = World.create(world_root, f"sqlite:///{world_root}/db")
    world.main.revision("aaaa1111")
    world.main.commit("First migration")
    return world


@pytest.fixture
def work(world: World) -> Callable[[str], Checkout]:
    """Call it with "main" or "linked" for such a worktree on `feature`, with the hooks."""

    def make(kind: str) -> Checkout:
        install(world)
        if kind == "linked":
            return world.worktree("StoFlow-feature", "feature")
        world.main.git("checkout", "--quiet", "-b", "feature")
        world.worktree("StoFlow-develop", "develop")
        return world.main

    return make


B = f"{VERSIONS}/b.py"


# It judges exactly what the commit will record


@KINDS
def test_staged_broken_and_mended_in_the_working_tree_fails(
    kind: str, work: Callable[[str], Checkout]
) -> None:
    checkout = work(kind)
    broken(checkout)
    checkout.git("add", "--all")
    sound(checkout)
    assert fails(checkout.git_run("commit", "-m", "x"))
    assert not fails(checkout.git_run("commit", "-a", "-m", "x"))


def test_staged_sound_and_broken_in_the_working_tree_passes(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    sound(checkout)
    checkout.git("add", "--all")
    broken(checkout)
    assert not fails(checkout.git_run("commit", "-m", "x"))
    assert fails(checkout.git_run("commit", "-a", "-m", "x"))
    assert not fails(checkout.git_run("commit", "--allow-empty", "-m", "x"))


@KINDS
@pytest.mark.parametrize("folder", ["", "backend"])
def test_commit_of_a_path(kind: str, folder: str, work: Callable[[str], Checkout]) -> None:
    checkout = work(kind)
    sound(checkout)
    checkout.revision("cccc3333", "bbbb2222", file="c.py")
    checkout.write("note.txt", "")
    checkout.git("add", "--all")
    cwd = checkout.path / folder
    done = checkout.git_run("commit", "-m", "x", "--", f":/{VERSIONS}/c.py", cwd=cwd)
    assert fails(done, "parent-unrecorded: cccc3333 follows bbbb2222")
    assert not fails(checkout.git_run("commit", "-m", "x", "--", ":/note.txt", cwd=cwd))
    assert not fails(checkout.git_run("commit", "-m", "x", "--", f":/{B}", cwd=cwd))
    assert not fails(checkout.git_run("commit", "-m", "x", "--", f":/{VERSIONS}/c.py", cwd=cwd))


def test_amend(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    sound(checkout)
    checkout.commit("Sound")
    broken(checkout)
    assert not fails(checkout.git_run("commit", "--amend", "--no-edit"))
    assert fails(checkout.git_run("commit", "--amend", "--no-edit", "-a"))
    checkout.git("commit", "--amend", "--no-edit", "-a", "--no-verify")
    assert not fails(checkout.git_run("commit", "--amend", "--no-edit"))  # it was so before
    sound(checkout)
    assert not fails(checkout.git_run("commit", "--amend", "--no-edit", "-a"))


def test_intent_to_add(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    sound(checkout)
    checkout.git("add", "-N", B)
    assert not fails(checkout.git_run("commit", "--allow-empty", "-m", "x"))
    checkout.revision("cccc3333", "bbbb2222")
    checkout.git("add", VERSIONS + "/cccc3333_add_t.py")
    assert fails(checkout.git_run("commit", "-m", "x"), "parent-unrecorded")
    checkout.git("add", B)
    assert not fails(checkout.git_run("commit", "-m", "x"))


def test_an_empty_file_is_recorded_and_judged(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    checkout.write(f"{VERSIONS}/__init__.py", "")
    checkout.git("add", "--all")
    assert not fails(checkout.git_run("commit", "-m", "x"))
    checkout.write(f"{VERSIONS}/helper.py", "")
    checkout.git("add", "-N", f"{VERSIONS}/helper.py")
    assert not fails(checkout.git_run("commit", "--allow-empty", "-m", "x"))
    checkout.git("add", "--all")
    assert fails(checkout.git_run("commit", "-m", "x"), "no-revision")


def test_deleted_and_renamed(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    sound(checkout)
    checkout.revision("cccc3333", "bbbb2222")
    checkout.commit("Two")
    checkout.git("rm", "--quiet", "--cached", B)
    assert fails(checkout.git_run("commit", "-m", "x"), "parent-unrecorded")
    checkout.git("reset", "--hard")
    checkout.git("mv", B, f"{VERSIONS}/é b.py")
    assert not fails(checkout.git_run("commit", "-m", "x"))
    checkout.git("rm", "--quiet", f"{VERSIONS}/é b.py")
    assert fails(checkout.git_run("commit", "-m", "x"), "parent-elsewhere")


def test_unborn_branch(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    checkout.git("checkout", "--orphan", "new")
    broken(checkout)
    checkout.git("add", "--all")
    assert fails(checkout.git_run("commit", "-m", "x"))
    sound(checkout)
    assert not fails(checkout.git_run("commit", "-a", "-m", "x"))


# Merges and what else makes commits


def diverge(checkout: Checkout, file: str) -> None:
    """`develop` and `feature` each get a migration after aaaa1111; `develop` also writes `file`."""
    name = "StoFlow-develop" if checkout is checkout.world.main else "StoFlow"
    other = sibling(checkout, name)
    other.revision("dddd4444", "aaaa1111")
    other.write(file, "theirs\n")
    other.commit("Theirs")
    sound(checkout)
    checkout.write("both.txt", "mine\n")
    checkout.commit("Mine")


def sibling(checkout: Checkout, name: str) -> Checkout:
    return type(checkout)(checkout.world, checkout.world.root / name)


@KINDS
def test_a_true_merge_that_diverges_is_stopped_and_can_be_concluded(
    kind: str, work: Callable[[str], Checkout]
) -> None:
    checkout = work(kind)
    diverge(checkout, "theirs.txt")
    assert fails(checkout.git_run("merge", "develop"), "diverged-heads")
    assert fails(checkout.git_run("commit", "--no-edit"), "diverged-heads")
    checkout.tool("merge", "-m", "join", check=True)
    checkout.git("add", "--all")
    assert not fails(checkout.git_run("commit", "--no-edit"))
    assert checkout.git("rev-list", "--parents", "-1", "HEAD").count(" ") == 2
    checkout.alembic("upgrade", "head", check=True)


def test_a_merge_with_conflicts_resolved(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    diverge(checkout, "both.txt")
    assert "CONFLICT" in checkout.git_run("merge", "develop").stdout
    checkout.write("both.txt", "both\n")
    checkout.git("add", "both.txt")
    assert fails(checkout.git_run("commit", "--no-edit"), "diverged-heads")
    checkout.revision("eeee5555", ("bbbb2222", "dddd4444"))
    assert fails(checkout.git_run("commit", "--no-edit"), "diverged-heads")
    checkout.git("add", "--all")
    assert not fails(checkout.git_run("commit", "--no-edit"))


def test_a_conflict_in_a_migration_itself(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    other = sibling(checkout, "StoFlow")
    other.revision("bbbb2222", "aaaa1111", file="b.py", body="pass  # theirs")
    other.commit("Theirs")
    checkout.revision("bbbb2222", "aaaa1111", file="b.py", body="pass  # mine")
    checkout.commit("Mine")
    assert "CONFLICT" in checkout.git_run("merge", "develop").stdout
    checkout.git("add", "--all")  # with its conflict markers
    assert fails(checkout.git_run("commit", "--no-edit"), "unreadable")
    sound(checkout)
    assert not fails(checkout.git_run("commit", "--no-edit", "-a"))


@KINDS
def test_revert_and_cherry_pick_and_rebase_go_through(kind: str, work: Callable[[str], Checkout]) -> None:
    """Git asks no hook before them; a push does."""
    checkout = work(kind)
    sound(checkout)
    checkout.commit("Two")
    checkout.revision("cccc3333", "bbbb2222")
    checkout.commit("Three")
    checkout.git("revert", "--no-edit", "HEAD~1")
    checkout.git("init", "--quiet", "--bare", str(checkout.world.root / "bare"))
    assert fails(
        checkout.git_run("push", str(checkout.world.root / "bare"), "feature"), "cccc3333 follows bbbb2222"
    )
    checkout.git("revert", "--no-edit", "HEAD")
    assert not fails(checkout.git_run("push", str(checkout.world.root / "bare"), "feature"))
    checkout.git("checkout", "--quiet", "-b", "picked", "develop" if kind == "linked" else "feature~4")
    checkout.git("cherry-pick", "feature~2")
    done = checkout.git_run("push", str(checkout.world.root / "bare"), "picked")
    assert fails(done, "parent-elsewhere")
    assert "git merge --autostash feature" in done.stdout


def test_push_judges_each_commit_that_is_pushed_and_no_deletion(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    bare = str(checkout.world.root / "bare")
    checkout.git("init", "--quiet", "--bare", bare)
    checkout.git("push", bare, "feature:one", "feature:two")
    checkout.git("push", bare, ":one")
    broken(checkout)
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--no-verify", "-m", "Broken")
    sound(checkout)  # neither the index nor the files are pushed
    checkout.git("add", "--all")
    assert fails(checkout.git_run("push", bare, "develop", "feature"))
    assert not fails(checkout.git_run("push", bare, "develop"))
    assert not fails(checkout.git_run("push", "--no-verify", bare, "feature"))


# Which checkout is asked


def test_a_folder_of_another_checkout_is_asked_for_its_own_index(work: Callable[[str], Checkout]) -> None:
    """From inside a hook, whose environment leads git to the checkout of the hook."""
    checkout = work("linked")
    clone = checkout.world.clone("StoFlow-clone")
    for other in (checkout.world.main, clone):
        hook = checkout.world.main.path / ".git/hooks/pre-commit"
        hook.write_text(f"#!/bin/sh\nexec alembic-worktrees check --staged '{other.backend}'\n")
        assert not fails(checkout.git_run("commit", "--allow-empty", "-m", "x"))
        broken(other)
        other.git("add", "--all")
        assert fails(checkout.git_run("commit", "--allow-empty", "-m", "x"))
        assert fails(checkout.git_run("commit", "--allow-empty", "-m", "x", "-a"))


def test_a_folder_of_this_checkout_is_asked_for_the_hooks_index(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    hook = checkout.world.main.path / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexec alembic-worktrees check --staged backend\n")
    sound(checkout)
    checkout.commit("Sound")
    broken(checkout)
    assert not fails(checkout.git_run("commit", "--allow-empty", "-m", "x"))
    assert fails(checkout.git_run("commit", "-a", "-m", "x"))


# Several projects, none, and what a config may be


def test_every_project_is_checked(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    versions = second_project(checkout)
    checkout.commit("Second project")
    checkout.write(f"{versions}/b.py", "revision = 'b'\ndown_revision = 'gone'\n")
    checkout.git("add", "--all")
    done = checkout.git_run("commit", "-m", "x")
    assert fails(done)
    assert f"  {versions}/b.py\n" in done.stderr
    broken(checkout)
    checkout.git("add", "--all")
    assert checkout.git_run("commit", "-m", "x").stderr.count("parent-missing") == 2


def test_a_config_that_git_does_not_have_counts_all_the_same(work: Callable[[str], Checkout]) -> None:
    """Many projects keep the password in alembic.ini, and the file out of git."""
    checkout = work("linked")
    checkout.git("rm", "--quiet", "--cached", "backend/alembic.ini")
    checkout.write(".gitignore", "alembic.ini\n")
    checkout.commit("Keep the config out")
    broken(checkout)
    checkout.git("add", "--all")
    assert fails(checkout.git_run("commit", "-m", "x"))


def test_without_a_project_nothing_is_said(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://")
    world.main.git("rm", "-r", "--quiet", "backend")
    world.main.commit("No project")
    install(world)
    quiet_round(world)


def quiet_round(world: World) -> None:
    """Whatever git does, nothing is heard but git itself."""
    world.main.git("init", "--quiet", "--bare", str(world.root / "bare"))
    for command in (
        "commit --quiet --allow-empty -m x",
        "checkout --quiet -b feature HEAD~1",
        "commit --quiet --allow-empty -m y",
        "merge --quiet --no-edit develop",
        "rebase --quiet --force-rebase HEAD~1",
        "push --quiet ../bare feature",
    ):
        done = world.main.git_run(*command.split())
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), command


def test_without_the_command_nothing_is_said(world: World) -> None:
    install(world)
    broken(world.main)
    world.main.git("add", "--all")
    tools = world.root / "tools"
    tools.mkdir()
    for tool in ("git", "sh"):
        (tools / tool).symlink_to(
            subprocess.run(["which", tool], capture_output=True, text=True).stdout.strip()
        )
    world.env["PATH"] = str(tools)
    assert world.main.git_run("commit", "-m", "broken").returncode == 0
    quiet_round(world)


def test_hooks_path(work: Callable[[str], Checkout]) -> None:
    checkout = work("linked")
    install(checkout.world, checkout.path / "my hooks")
    checkout.git("config", "core.hooksPath", "my hooks")
    for hook in (checkout.world.main.path / ".git/hooks").iterdir():
        hook.unlink()
    broken(checkout)
    checkout.git("add", "--all", "backend")
    assert fails(checkout.git_run("commit", "-m", "x", cwd=checkout.backend))


# The files themselves


@pytest.mark.parametrize("hook", sorted(path.name for path in HOOKS.iterdir()))
def test_hook_files(hook: str) -> None:
    path = HOOKS / hook
    assert os.access(path, os.X_OK)
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, "--severity=style", path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    assert len(path.read_text().splitlines()) < 15


def test_hooks_leave_their_standard_input_to_others(work: Callable[[str], Checkout]) -> None:
    """A hook of ours may be called from another, which goes on to read what git tells."""
    checkout = work("linked")
    hooks = checkout.world.main.path / ".git/hooks"
    rows = f"refs/heads/feature {checkout.git('rev-parse', 'HEAD').strip()} refs/heads/feature {'0' * 40}\n"
    for hook in ("post-rewrite", "post-merge", "post-checkout"):
        script = f"'{hooks / hook}' rebase x x; cat"
        done = checkout.world.run("sh", "-c", script, cwd=checkout.path, input=rows, check=True)
        assert done.stdout == rows


@pytest.mark.parametrize("layout", [Layout(backend=""), Layout(config="pyproject"), Layout(recursive=True)])
def test_layouts(layout: Layout, world_root: Path) -> None:
    world = World.create(world_root, "sqlite://", layout=layout)
    install(world)
    file = "sub/b.py" if layout.recursive else "b.py"
    world.main.revision("bbbb2222", "gone1111", file=file)
    world.main.git("add", "--all")
    assert fails(world.main.git_run("commit", "-m", "x"))
    world.main.revision("bbbb2222", file=file)
    assert not fails(world.main.git_run("commit", "-a", "-m", "x"))
