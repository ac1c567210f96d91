"""What git does, as this software relies on it: each a case against the real git, in main and linked worktrees."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pytest

from worlds.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worlds.world import Checkout

    Prepare = Callable[[str], tuple["Checkout", "Recorder"]]

OVERWRITTEN = "untracked working tree files would be overwritten"
ZEROS = "0" * 40
NEW = "backend/migrations/versions/new.py"


@pytest.fixture
def world(world_root: Path) -> World:
    """No database is needed here."""
    return World.create(world_root, "sqlite://")


# An untracked copy of a file that arrives by git, and an ignored one


def feature_with_copy(
    world: World, *, ignored: bool, text: str = "new\n", own_commit: bool = True
) -> Checkout:
    """A linked worktree that has a copy of the file that `develop` meanwhile has committed."""
    feature = world.worktree("StoFlow-feature", "feature")
    world.main.write(NEW, "new\n")
    world.main.commit("Add new", NEW)
    if own_commit:
        feature.write("own.txt", "own\n")
        feature.commit("Own work")
    path = feature.write(NEW, text)
    if ignored:
        path.with_name(".gitignore").write_text("/.gitignore\n/new.py\n")
    return feature


# Each brings the file of `develop` into `feature`: the arguments for git, and whether `feature` has its own commit.
ARRIVALS = {
    "merge": (("merge", "develop"), True),
    "fast-forward": (("merge", "develop"), False),
    "squash": (("merge", "--squash", "develop"), True),
    "rebase": (("rebase", "develop"), True),
    "checkout": (("checkout", "--detach", "develop"), True),
    "switch": (("switch", "--detach", "develop"), True),
    "cherry-pick": (("cherry-pick", "develop"), True),
    "pull": (("pull", ".", "develop"), True),
    "pull --rebase": (("pull", "--rebase", ".", "develop"), True),
}


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_untracked_copy_stops(arrival: str, world: World) -> None:
    command, own_commit = ARRIVALS[arrival]
    feature = feature_with_copy(world, ignored=False, own_commit=own_commit)
    done = feature.git_run(*command)
    assert done.returncode != 0
    assert OVERWRITTEN in done.stderr


@pytest.mark.parametrize("text", ["new\n", "changed\n"], ids=["identical", "different"])
@pytest.mark.parametrize("arrival", ARRIVALS)
def test_ignored_copy_does_not_stop(arrival: str, text: str, world: World) -> None:
    command, own_commit = ARRIVALS[arrival]
    feature = feature_with_copy(world, ignored=True, text=text, own_commit=own_commit)
    feature.git(*command)
    assert feature.git("ls-files", NEW).strip() == NEW
    assert (feature.path / NEW).read_text() == "new\n"
    assert feature.git_status() == ("A  " + NEW + "\n" if arrival == "squash" else "")


def test_reset_hard_overwrites_even_an_untracked_copy(world: World) -> None:
    feature = feature_with_copy(world, ignored=False, text="changed\n")
    feature.git("reset", "--hard", "develop")
    assert (feature.path / NEW).read_text() == "new\n"


def test_a_stash_with_the_file_does_not_pop_over_a_copy(world: World) -> None:
    """The one arrival that fails for an ignored file too: a stash keeps untracked files in a commit of their own."""
    world.main.write(NEW, "new\n")
    world.main.git("stash", "--include-untracked")
    world.main.write(NEW, "new\n").with_name(".gitignore").write_text("/.gitignore\n/new.py\n")
    done = world.main.git_run("stash", "pop")
    assert done.returncode != 0
    assert "already exists, no checkout" in done.stderr


def test_worktree_remove_refuses_an_untracked_copy(world: World) -> None:
    feature = feature_with_copy(world, ignored=False)
    done = world.main.git_run("worktree", "remove", str(feature.path))
    assert done.returncode != 0
    assert "contains modified or untracked files" in done.stderr


def test_worktree_remove_takes_an_ignored_copy_with_it(world: World) -> None:
    feature = feature_with_copy(world, ignored=True)
    world.main.git("worktree", "remove", str(feature.path))
    assert not feature.path.exists()


def test_a_gitignore_may_ignore_itself(world: World) -> None:
    feature = feature_with_copy(world, ignored=True)
    assert feature.git_status() == ""
    feature.git("add", "--all")
    assert feature.git_status() == ""


def test_stash_and_clean_leave_ignored_files(world: World) -> None:
    feature = feature_with_copy(world, ignored=True)
    feature.write("untracked.txt", "")
    feature.git("stash", "--include-untracked")
    feature.git("clean", "-d", "--force")
    assert (feature.path / NEW).exists()
    assert not (feature.path / "untracked.txt").exists()


def test_adding_an_ignored_file_needs_force(world: World) -> None:
    feature = feature_with_copy(world, ignored=True)
    assert "paths are ignored" in feature.git_run("add", NEW).stderr
    feature.git("add", "--force", NEW)
    assert feature.git_status() == f"A  {NEW}\n"


def test_a_tracked_file_is_not_ignored(world: World) -> None:
    """Once the original has arrived, its entry in the ignore file does no harm."""
    feature = feature_with_copy(world, ignored=True)
    feature.git("merge", "develop")
    feature.write(NEW, "edited\n")
    assert feature.git_status() == f" M {NEW}\n"
    assert feature.git_run("check-ignore", NEW).returncode == 1


def test_leaving_a_branch_with_the_file_removes_it_and_its_ignore_file_stays(world: World) -> None:
    feature = feature_with_copy(world, ignored=True)
    feature.git("checkout", "--quiet", "--detach", "develop")
    feature.git("checkout", "--quiet", "feature")
    assert not (feature.path / NEW).exists()
    assert (feature.path / NEW).with_name(".gitignore").exists()


def test_info_exclude_is_shared_by_all_worktrees(world: World) -> None:
    """Which is why a copy is not hidden there: its original could no longer be added in the other worktree."""
    feature = world.worktree("StoFlow-feature")
    exclude = git_path(feature, "info/exclude")
    assert exclude == git_path(world.main, "info/exclude")
    exclude.write_text(f"/{NEW}\n")
    world.main.write(NEW, "new\n")
    assert "paths are ignored" in world.main.git_run("add", NEW).stderr


def git_path(checkout: Checkout, name: str) -> Path:
    return (checkout.path / checkout.git("rev-parse", "--git-path", name).strip()).resolve()


# Worktrees


def test_worktree_list_is_nul_separated_and_main_is_first(world: World) -> None:
    world.worktree("space dir\n$x é", "feature")
    world.worktree("other", "other").git("checkout", "--quiet", "--detach")
    text = world.main.git("worktree", "list", "--porcelain", "-z")
    blocks = [block.split("\0") for block in text.split("\0\0") if block]
    assert blocks[0][0] == f"worktree {world.main.path}"
    assert {(block[0], block[2]) for block in blocks} == {
        (f"worktree {world.main.path}", "branch refs/heads/develop"),
        (f"worktree {world.root}/space dir\n$x é", "branch refs/heads/feature"),
        (f"worktree {world.root}/other", "detached"),
    }


def test_worktree_list_without_z_is_the_same_by_lines(world: World) -> None:
    world.worktree("other")
    plain = world.main.git("worktree", "list", "--porcelain")
    assert plain.replace("\n", "\0") == world.main.git("worktree", "list", "--porcelain", "-z")


def test_a_vanished_worktree_is_still_listed_as_prunable(world: World) -> None:
    other = world.worktree("other")
    other.path.rename(world.root / "gone")
    assert "\nprunable " in world.main.git("worktree", "list", "--porcelain")


def test_a_folder_of_another_user_is_refused(world: World) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    clone = world.clone("StoFlow-clone")
    for path in (clone.path, clone.path / ".git"):
        os.chown(path, 12345, 12345)
    done = clone.git_run("status")
    assert done.returncode == 128
    assert "detected dubious ownership" in done.stderr


# The archive


def test_a_private_ref_survives_gc_and_stays_at_home(world: World) -> None:
    blob = world.main.git("hash-object", "-w", "--no-filters", ".gitignore").strip()
    tree = world.run("git", "mktree", cwd=world.main.path, input=f"100644 blob {blob}\tx.py\n", check=True)
    commit = world.main.git("commit-tree", "-m", "x", tree.stdout.strip()).strip()
    world.main.git("update-ref", "refs/alembic-worktrees/applied", commit)
    world.main.git("gc", "--quiet", "--prune=now")
    assert world.main.git("cat-file", "-t", commit).strip() == "commit"
    clone = world.clone("StoFlow-clone")
    clone.git("fetch", "--all", "--tags")
    assert "alembic-worktrees" not in clone.git("for-each-ref")
    world.main.git("init", "--quiet", "--bare", str(world.root / "bare"))
    world.main.git("push", "--quiet", "--all", str(world.root / "bare"))
    assert "alembic-worktrees" not in world.run("git", "for-each-ref", cwd=world.root / "bare").stdout


# Hooks

HOOKS = ["pre-commit", "pre-merge-commit", "post-merge", "post-rewrite", "post-checkout", "pre-push"]

RECORDER = """#!/usr/bin/env python3
import json, os, sys
call = {"hook": os.path.basename(sys.argv[0]), "args": sys.argv[1:], "cwd": os.getcwd(),
        "git": {name: value for name, value in os.environ.items() if name.startswith("GIT_")}}
with open(os.environ["RECORD"], "a") as record:
    print(json.dumps(call), file=record)
"""


class Call(NamedTuple):
    """One run of a hook."""

    hook: str
    args: list[str]
    cwd: str
    git: dict[str, str]


class Recorder:
    """Real hooks that write down how git calls them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.record = world.root / "record"
        world.env["RECORD"] = str(self.record)
        for hook in HOOKS:
            write_hook(world.main, hook, RECORDER)
        self.forget()

    def forget(self) -> None:
        self.record.write_text("")

    def calls(self) -> list[Call]:
        return [Call(**json.loads(line)) for line in self.record.read_text().splitlines()]

    def lines(self, names: Mapping[str, str] = MappingProxyType({})) -> list[str]:
        """Each call as a line of the hook and its arguments, commit ids by their `names`."""
        return [" ".join([call.hook, *(names.get(arg, arg) for arg in call.args)]) for call in self.calls()]

    def one(self, hook: str) -> Call:
        (call,) = (call for call in self.calls() if call.hook == hook)
        return call


def write_hook(checkout: Checkout, hook: str, text: str) -> None:
    path = checkout.world.main.path / ".git/hooks" / hook
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def prepare(world: World) -> Prepare:
    """Call it with "main" or "linked" for such a worktree on `feature`, diverged from `develop`, and a recorder."""

    def make(kind: str) -> tuple[Checkout, Recorder]:
        if kind == "linked":
            checkout, other = world.worktree("StoFlow-feature", "feature"), world.main
        else:
            world.main.git("checkout", "--quiet", "-b", "feature")
            checkout, other = world.main, world.worktree("StoFlow-develop", "develop")
        other.write("theirs.txt", "theirs\n")
        other.commit("Their work")
        checkout.write("mine.txt", "mine\n")
        checkout.commit("My work")
        return checkout, Recorder(world)

    return make


KINDS = pytest.mark.parametrize("kind", ["main", "linked"])


def git_dir_of(checkout: Checkout, kind: str) -> str:
    return f"{checkout.world.main.path}/.git" + (f"/worktrees/{checkout.name}" if kind == "linked" else "")


COMMITS = {
    "commit": ((), "index"),
    "commit -a": (("-a",), "index.lock"),
    "commit -- path": (("--", "mine.txt"), r"next-index-\d+\.lock"),
}


@KINDS
@pytest.mark.parametrize("form", COMMITS)
def test_pre_commit_environment(form: str, kind: str, prepare: Prepare) -> None:
    checkout, recorder = prepare(kind)
    checkout.write("mine.txt", "edited\n")
    checkout.git("add", "mine.txt")
    args, index = COMMITS[form]
    checkout.git("commit", "--quiet", "-m", "Mine", *args)
    call = recorder.one("pre-commit")
    git_dir = git_dir_of(checkout, kind)
    assert call.git.get("GIT_DIR") == (git_dir if kind == "linked" else None)
    assert call.cwd == str(checkout.path)
    # Main: relative for a plain commit alone, absolute where a lock file stands in for the index.
    relative = kind == "main" and form == "commit"
    assert re.fullmatch(re.escape(".git/" if relative else git_dir + "/") + index, call.git["GIT_INDEX_FILE"])


# What makes git run the other hooks: commands in a worktree on `feature`, which has diverged from `develop`.
RUNS = {
    "pre-merge-commit": ["merge develop"],
    "post-merge": ["merge develop"],
    "post-checkout": ["checkout --detach develop"],
    "post-rewrite": ["rebase develop"],
    "pre-push": ["init --bare {root}/bare", "push {root}/bare feature"],
}
WITH_INDEX = {"pre-merge-commit"}


@KINDS
@pytest.mark.parametrize("folder", ["", "backend"])
@pytest.mark.parametrize("hook", RUNS)
def test_hook_environment(hook: str, folder: str, kind: str, prepare: Prepare) -> None:
    checkout, recorder = prepare(kind)
    for command in RUNS[hook]:
        words = command.format(root=checkout.world.root).split()
        assert checkout.git_run(*words, cwd=checkout.path / folder).returncode == 0
    call = recorder.one(hook)
    git_dir = git_dir_of(checkout, kind)
    index = f"{git_dir if kind == 'linked' else '.git'}/index"
    assert call.git.get("GIT_DIR") == (git_dir if kind == "linked" else None)
    assert call.git.get("GIT_INDEX_FILE") == (index if hook in WITH_INDEX else None)
    assert "GIT_WORK_TREE" not in call.git
    assert call.cwd == str(checkout.path)


# Which hooks run: commands, and the hooks that the last of them runs, with their arguments.
EVENTS: dict[str, tuple[list[str], list[str]]] = {
    "commit": (["commit --allow-empty -m x"], ["pre-commit"]),
    "amend": (["commit --amend --no-edit"], ["pre-commit", "post-rewrite amend"]),
    "true merge": (["merge develop"], ["pre-merge-commit", "post-merge 0"]),
    "true merge by pull": (["pull . develop"], ["pre-merge-commit", "post-merge 0"]),
    "fast-forward": (["reset --hard develop~1", "merge develop"], ["post-merge 0"]),
    "fast-forward by pull": (["reset --hard develop~1", "pull . develop"], ["post-merge 0"]),
    "squash": (["merge --squash develop"], ["post-merge 1"]),
    "merge concluded by commit": (["merge --no-commit develop", "commit --no-edit"], ["pre-commit"]),
    "merge aborted": (["merge --no-commit develop", "merge --abort"], []),
    "rebase": (["rebase develop"], ["post-checkout OLD NEW 1", "post-rewrite rebase"]),
    "rebase by pull": (["pull --rebase . develop"], ["post-checkout OLD NEW 1", "post-rewrite rebase"]),
    "rebase that fast-forwards": (["reset --hard develop~1", "rebase develop"], ["post-checkout BASE NEW 1"]),
    "fast-forward by pull --rebase": (
        ["reset --hard develop~1", "pull --rebase . develop"],
        ["post-merge 0"],
    ),
    "rebase of nothing": (["rebase feature"], []),
    "checkout": (["checkout --detach develop"], ["post-checkout OLD NEW 1"]),
    "switch": (["switch --detach develop"], ["post-checkout OLD NEW 1"]),
    "new branch": (["checkout -b new"], ["post-checkout OLD OLD 1"]),
    "checkout of a file": (["checkout develop -- theirs.txt"], ["post-checkout OLD OLD 0"]),
    "restore of a file": (["restore --source develop theirs.txt"], ["post-checkout OLD OLD 0"]),
    "worktree add": (["worktree add ../new -b new"], [f"post-checkout {ZEROS} OLD 1"]),
    "worktree remove": (["worktree add ../new -b new", "worktree remove ../new"], []),
    "reset": (["reset --hard develop"], []),
    "cherry-pick": (["cherry-pick develop"], []),
    "revert": (["revert --no-edit HEAD"], []),
    "stash": (["rm --cached mine.txt", "stash"], []),
    "fetch": (["fetch . develop:other"], []),
    "push": (["init --bare ../bare", "push ../bare feature"], ["pre-push ../bare ../bare"]),
    "push of nothing new": (
        ["init --bare ../bare", "push ../bare feature", "push ../bare feature"],
        ["pre-push ../bare ../bare"],
    ),
}


@pytest.mark.parametrize("event", EVENTS)
def test_which_hooks_run(event: str, prepare: Prepare) -> None:
    commands, expected = EVENTS[event]
    checkout, recorder = prepare("linked")
    ids = checkout.git("rev-parse", "feature", "develop", "develop~1").split()
    names = dict(zip(ids, ("OLD", "NEW", "BASE"), strict=True))
    for command in commands:
        recorder.forget()
        checkout.git(*command.split())
    assert recorder.lines(names) == expected


CONFLICTS = {
    "merge": ("merge develop", "commit --no-edit", ["pre-commit"]),
    "rebase": ("rebase develop", "rebase --continue", ["post-rewrite rebase"]),
    "cherry-pick": ("cherry-pick develop", "cherry-pick --continue", ["pre-commit"]),
}


@pytest.mark.parametrize("event", CONFLICTS)
def test_which_hooks_run_after_a_conflict(event: str, prepare: Prepare) -> None:
    start, conclude, expected = CONFLICTS[event]
    checkout, recorder = prepare("linked")
    checkout.write("theirs.txt", "mine too\n")
    checkout.commit("A conflict")
    assert checkout.git_run(*start.split()).returncode == 1
    checkout.write("theirs.txt", "both\n")
    checkout.git("add", "theirs.txt")
    recorder.forget()
    checkout.git(*conclude.split())
    assert recorder.lines() == expected


def test_worktree_add_calls_the_hook_in_the_new_worktree(prepare: Prepare) -> None:
    checkout, recorder = prepare("linked")
    checkout.git("worktree", "add", "../new", "-b", "new")
    call = recorder.one("post-checkout")
    assert call.cwd == f"{checkout.world.root}/new"
    assert not call.git.keys() & {"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"}


def test_clone_runs_no_hook_of_its_origin(prepare: Prepare) -> None:
    checkout, recorder = prepare("linked")
    checkout.git("clone", ".", "../clone")
    assert recorder.lines() == []


# Asking git from inside a hook

CLEAN = "env -u GIT_DIR -u GIT_INDEX_FILE"


def asking_hook(checkout: Checkout, *questions: str) -> Callable[[], list[str]]:
    """A pre-commit hook that asks git; the function yields the last line of each answer."""
    script = "".join(f'({question} 2>&1 | tail -n 1) >>"$RECORD.answers"\n' for question in questions)
    write_hook(checkout, "pre-commit", f"#!/bin/sh\n{script}")
    return lambda: Path(checkout.world.env["RECORD"] + ".answers").read_text().splitlines()


def test_a_linked_hook_that_asks_a_sibling_is_answered_for_itself(prepare: Prepare) -> None:
    checkout, _ = prepare("linked")
    question = "git -C ../StoFlow branch --show-current"
    answers = asking_hook(checkout, question, f"{CLEAN} {question}")
    checkout.git("commit", "--allow-empty", "-m", "x")
    assert answers() == ["feature", "develop"]


def test_a_linked_hook_that_asks_a_clone_is_answered_for_itself(prepare: Prepare) -> None:
    checkout, _ = prepare("linked")
    checkout.world.clone("StoFlow-clone").git("checkout", "--quiet", "-b", "other")
    question = "git -C ../StoFlow-clone branch --show-current"
    answers = asking_hook(checkout, question, f"{CLEAN} {question}")
    checkout.git("commit", "--allow-empty", "-m", "x")
    assert answers() == ["feature", "other"]


def test_a_main_hook_that_asks_a_sibling_looks_for_its_index_there(prepare: Prepare) -> None:
    checkout, _ = prepare("main")
    question = "git -C ../StoFlow-develop ls-files theirs.txt"
    answers = asking_hook(checkout, question, f"{CLEAN} {question}")
    checkout.git("commit", "--allow-empty", "-m", "x")
    assert answers() == ["fatal: .git/index: index file open failed: Not a directory", "theirs.txt"]


@KINDS
@pytest.mark.parametrize("form", ["-a", "-- mine.txt"])
def test_without_its_index_variable_a_hook_reads_the_old_file(form: str, kind: str, prepare: Prepare) -> None:
    checkout, _ = prepare(kind)
    question = "git show :mine.txt"
    answers = asking_hook(checkout, question, f"env -u GIT_INDEX_FILE {question}")
    checkout.write("mine.txt", "edited\n")
    checkout.git("commit", "-m", "x", *form.split())
    assert answers() == ["edited", "mine"]


def test_an_environment_git_dir_takes_the_cwd_for_the_top(prepare: Prepare) -> None:
    """So that even `--show-toplevel` misleads in a linked worktree's hook once it has changed folder."""
    checkout, _ = prepare("linked")
    question = "git -C backend rev-parse --show-toplevel"
    answers = asking_hook(checkout, question, f"{CLEAN} {question}")
    checkout.git("commit", "--allow-empty", "-m", "x")
    assert answers() == [f"{checkout.path}/backend", str(checkout.path)]


# Where hooks live


def test_hooks_live_in_the_common_dir(world: World) -> None:
    linked = world.worktree("StoFlow-feature", "feature")
    assert git_path(linked, "hooks") == git_path(world.main, "hooks") == world.main.path / ".git/hooks"
    assert (linked.path / ".git").is_file()


def test_git_path_is_relative_to_the_cwd(world: World) -> None:
    done = world.main.git_run("rev-parse", "--git-path", "hooks", cwd=world.main.backend)
    assert done.stdout.strip() == "../.git/hooks"


def test_hooks_path_moves_them(prepare: Prepare) -> None:
    checkout, recorder = prepare("linked")
    checkout.git("config", "core.hooksPath", "my hooks")
    assert checkout.git("rev-parse", "--git-path", "hooks").strip() == "my hooks"
    checkout.git("commit", "--allow-empty", "-m", "x")
    assert recorder.calls() == []
    hook = checkout.write("my hooks/pre-commit", RECORDER)
    hook.chmod(0o755)
    checkout.git_run("commit", "--allow-empty", "-m", "x", cwd=checkout.backend)
    assert recorder.lines() == ["pre-commit"]
