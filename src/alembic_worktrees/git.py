"""Small verbs for git: one question each, NUL-separated where git offers it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .errors import Refusal
from .process import Result, run

if TYPE_CHECKING:
    from collections.abc import Iterable

# What ties git to one repository: `git rev-parse --local-env-vars` (2.39) without the configuration, which may be
# the user's own, and with what receive-pack adds.
REPOSITORY_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)


class Repository(NamedTuple):
    """A git working tree: its top folder and the folder that all its worktrees share."""

    top: Path
    common: Path


class Worktree(NamedTuple):
    """One row of `git worktree list`; `branch` is None when HEAD is detached."""

    path: Path
    branch: str | None
    bare: bool


def environment() -> dict[str, str]:
    """Our environment without what a hook's git put there: the folder alone says which repository is meant."""
    kept = {name: value for name, value in os.environ.items() if name not in REPOSITORY_VARIABLES}
    return kept | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def ask(folder: Path, *words: str, text: bytes = b"") -> Result:
    """Run git in `folder`, whatever repository a surrounding hook is about (DESIGN, rule 9)."""
    return run(["git", *words], folder=folder, environment=environment(), text=text)


def answer(folder: Path, *words: str, text: bytes = b"") -> bytes:
    """Like `ask`, for questions that cannot fail in a sound repository. Raises Refusal("git-failed")."""
    result = ask(folder, *words, text=text)
    if result.status:
        raise Refusal("git-failed", command="git " + " ".join(words), folder=folder, words=_words(result))
    return result.out


def locate(folder: Path) -> Repository | None:
    """Return the working tree that `folder` is in; None outside git, or without git.

    Raises Refusal("git-failed") when git finds a repository but refuses it (another owner, corruption).
    """
    try:
        result = ask(folder, "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir")
    except Refusal as refusal:
        if refusal.key == "program-missing":
            return None
        raise
    if result.status:
        if b"not a git repository" in result.err or b"must be run in a work tree" in result.err:
            return None
        raise Refusal("git-failed", command="git rev-parse", folder=folder, words=_words(result))
    top, common = os.fsdecode(result.out).rstrip("\n").split("\n")
    return Repository(Path(top), Path(common))


def worktrees(folder: Path) -> tuple[Worktree, ...]:
    """Return every worktree of the repository, the main one first."""
    result = ask(folder, "worktree", "list", "--porcelain", "-z")
    if result.status:  # before git 2.36 there is no -z
        lines = os.fsdecode(answer(folder, "worktree", "list", "--porcelain")).split("\n")
    else:
        lines = os.fsdecode(result.out).split("\0")
    return tuple(_parse_worktrees(lines))


def _parse_worktrees(lines: Iterable[str]) -> Iterable[Worktree]:
    path, branch, bare = "", None, False
    for line in lines:
        word, _, value = line.partition(" ")
        if word == "worktree":
            path, branch, bare = value, None, False
        elif word == "branch":
            branch = value.removeprefix("refs/heads/")
        elif word == "bare":
            bare = True
        elif not line and path:
            yield Worktree(Path(path), branch, bare)
            path = ""


def branch(folder: Path) -> str | None:
    """Return the branch that is checked out, None when HEAD is detached."""
    result = ask(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    return os.fsdecode(result.out).strip() or None


def default_branch(folder: Path) -> str | None:
    """Return the remote's default branch without the remote's name, None if no remote tells."""
    result = ask(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    return os.fsdecode(result.out).strip().removeprefix("origin/") or None


def has_remote(folder: Path) -> bool:
    """Tell whether there is a remote called origin."""
    return ask(folder, "config", "--get", "remote.origin.url").status == 0


def tracked(folder: Path, paths: Iterable[Path]) -> frozenset[Path]:
    """Return which of `paths` (absolute, below `folder`) git has in its index."""
    names = {os.path.relpath(path, folder): path for path in paths}
    if not names:
        return frozenset()
    listed = answer(folder, "--literal-pathspecs", "ls-files", "-z", "--", *names)
    return frozenset(names[name] for name in os.fsdecode(listed).split("\0") if name in names)


def committed(folder: Path, paths: Iterable[Path]) -> frozenset[Path]:
    """Return which of `paths` (absolute, below `folder`) stand in HEAD just as they are on disk."""
    known = tracked(folder, paths)
    if not known:
        return known
    names = {os.path.relpath(path, folder): path for path in known}
    result = ask(
        folder, "--literal-pathspecs", "diff", "--name-only", "-z", "--relative", "HEAD", "--", *names
    )
    if result.status:  # no commit yet
        return frozenset()
    return known - {names[name] for name in os.fsdecode(result.out).split("\0") if name in names}


def ignored(folder: Path, paths: Iterable[Path]) -> frozenset[Path]:
    """Return which of `paths` (absolute, below `folder`) git would ignore; they need not exist."""
    names = {os.path.relpath(path, folder): path for path in paths}
    text = b"".join(os.fsencode(name) + b"\0" for name in names)
    result = ask(folder, "check-ignore", "-z", "--stdin", text=text)
    return frozenset(names[name] for name in os.fsdecode(result.out).split("\0") if name in names)


def _words(result: Result) -> str:
    return os.fsdecode(result.err).strip()
