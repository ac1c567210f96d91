"""Which commits are there, and what has been in them?"""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from .ask import TIMEOUT, answer, ask, failed, line_of
from .objects import describe
from .repository import branch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ..system.process import Result


# For `git log` about paths as they are, whatever the user has configured.
_PLAIN = ("--literal-pathspecs", "-c", "log.follow=false", "-c", "diff.orderFile=/dev/null")
_COMMIT = "%H%x00%an <%ae>%x00%ci"  # the fields of Commit
BRANCHES_AND_TAGS = ("refs/heads/", "refs/remotes/", "refs/tags/")
WALK = 5.0  # seconds for a walk through all history that we can do without
# What `git fast-import` says when another writer was there first, or is just there.
_OVERTAKEN = (b"Not updating", b"but expected", b"reference already exists", b".lock': File exists")


class Tip(NamedTuple):
    """A ref, by its full name, and the commit that it leads to."""

    name: str
    commit: str


class Commit(NamedTuple):
    """Who made a commit, and when."""

    commit: str
    author: str
    date: str


def refs(folder: Path, *patterns: str) -> tuple[Tip, ...]:
    """Return where the refs that match lead to; a tag is followed to its commit."""
    fields = "%(refname)%00%(objectname)%00%(*objectname)"
    lines = answer(folder, "for-each-ref", f"--format={fields}", *patterns).split(b"\n")
    rows = (os.fsdecode(line).split("\0") for line in lines if line)
    return tuple(Tip(name, peeled or commit) for name, commit, peeled in rows)


def stashes(folder: Path) -> tuple[str, ...]:
    """Return the commit of every stash, newest first: `stash@{0}`, `stash@{1}` and so on."""
    return tuple(ask(folder, "rev-list", "--walk-reflogs", "refs/stash", "--").out.decode().split())


def stashed_files(folder: Path) -> frozenset[Path]:
    """Return the untracked files that `git stash pop` would bring back; it refuses to where there is one."""
    parts = describe(folder, [f"{stash}^3" for stash in stashes(folder)])
    text = "".join(f"{one.oid}\n" for one in parts if one).encode()
    argv = ("diff-tree", "--stdin", "--root", "-r", "-z", "--name-only", "--no-commit-id")
    listed = answer(folder, *argv, text=text) if text else b""
    return frozenset(folder / name for name in os.fsdecode(listed).split("\0") if name)


def past_tips(folder: Path) -> tuple[str, ...]:
    """Return the commits that the branch here has pointed to, or HEAD where it is detached; the newest first."""
    name = branch(folder)
    listed = ask(folder, "rev-list", "--walk-reflogs", f"refs/heads/{name}" if name else "HEAD", "--")
    return tuple(listed.out.decode().split())


def reflog_commits(folder: Path) -> tuple[str, ...]:
    """Return every commit that a reflog of any worktree names, newest first."""
    listed = ask(folder, "rev-list", "--no-walk=sorted", "--reflog")  # fails where there are none
    return tuple(listed.out.decode().split())


class CutShort(Exception):
    """Git took too long; what it had told until then has been handed on."""


def unreachable_commits(folder: Path, timeout: float) -> Iterator[str]:
    """Yield the commits that nothing leads to any more and `git gc` has not removed yet, newest first.

    Raises CutShort after what git told within `timeout` seconds.
    """
    argv = ("fsck", "--unreachable", "--connectivity-only", "--no-progress")
    listed = ask(folder, *argv, timeout=timeout)
    found = re.findall(rb"^unreachable commit ([0-9a-f]+\n)", listed.out, re.MULTILINE)
    if found:
        text = b"".join(found)
        yield from answer(folder, "rev-list", "--no-walk=sorted", "--stdin", text=text).decode().split()
    _must_be_whole(listed)


def _must_be_whole(listed: Result) -> None:
    if listed.status == -signal.SIGKILL:
        raise CutShort


class Change(NamedTuple):
    """A commit that gave the file at `path` another content: the blob before and the one after, "" for no file."""

    commit: str
    path: str
    before: str
    after: str


def past_files(
    folder: Path, paths: Iterable[str], without: str, timeout: float
) -> Iterator[tuple[str, str, str]]:
    """Yield (commit, blob, path) of every version of every file that history has in `paths`, newest first.

    `paths` are paths from the top of the checkout; refs that match `without` are left out. Where history ends
    before its time, in a clone without all trees, so do the rows. Raises CutShort after what git told within
    `timeout` seconds.
    """
    for change in _changes(folder, paths, f"--exclude={without}", "--all", "--reflog", timeout=timeout):
        if change.after:
            yield change.commit, change.after, change.path


def changes(folder: Path, paths: Iterable[str], without: str) -> Iterator[Change]:
    """Yield how the files in `paths` changed on the refs but those that match `without`, newest first.

    A merge is held against each of its parents. What git does not tell within `TIMEOUT` is missing at the end.
    """
    with suppress(CutShort):
        yield from _changes(folder, paths, f"--exclude={without}", "--all", timeout=TIMEOUT)


def _changes(folder: Path, paths: Iterable[str], *which: str, timeout: float) -> Iterator[Change]:
    form = ("--raw", "--no-abbrev", "--no-renames", "--no-mailmap", "-z", "--format=%x01%H")
    if not (paths := list(paths)):
        return
    argv = (*_PLAIN, "log", *which, "--full-history", "-m", *form, "--", *paths)
    listed = ask(folder, *argv, timeout=timeout)
    commit = ""
    fields = iter(os.fsdecode(listed.out[: listed.out.rfind(b"\0") + 1]).split("\0"))
    for field in fields:
        line = field.lstrip("\n")
        if line.startswith("\x01"):
            commit = line[1:]
        elif line.startswith(":") and (path := next(fields, "")):
            _, _, before, after, _ = line.split(" ")
            yield Change(commit, path, before.strip("0") and before, after.strip("0") and after)
    _must_be_whole(listed)


def last_commit(folder: Path, commit: str, path: str) -> Commit | None:
    """Return the last commit up to `commit` that touched `path`, from the top of the checkout at `folder`."""
    form = ("-1", "--no-mailmap", f"--format={_COMMIT}")
    listed = ask(folder, *_PLAIN, "log", *form, commit, "--", path, timeout=TIMEOUT)
    fields = listed.out.decode("utf-8", "replace").rstrip("\n").split("\0")
    return Commit(*fields) if len(fields) == 3 else None


def last_commits(folder: Path, commit: str) -> dict[str, Commit]:
    """Return of each path that the history of `commit` has had the last commit that wrote it."""
    form = ("--no-mailmap", "--no-renames", "--diff-filter=AM", "--name-only", "-z")
    listed = answer(folder, *_PLAIN, "log", *form, f"--format=%x01{_COMMIT}", commit, "--")
    found: dict[str, Commit] = {}
    fields = iter(os.fsdecode(listed).split("\0"))
    for field in fields:
        if field.startswith("\x01"):
            last = Commit(field[1:], next(fields), next(fields))
        elif field:
            found.setdefault(field.removeprefix("\n"), last)
    return found


def last_touching(folder: Path, commit: str, paths: Sequence[Path]) -> str | None:
    """Return the newest commit, from `commit` back along first parents, that changed one of these (absolute) paths."""
    argv = (*_PLAIN, "log", "--first-parent", "-1", "--format=%H", commit)
    return line_of(ask(folder, *argv, "--", *(os.path.relpath(path, folder) for path in paths)))


def has_had(folder: Path, path: str) -> bool:
    """Tell whether HEAD's history has a file at `path`, also one that was removed; not so if that takes too long."""
    listed = ask(folder, *_PLAIN, "log", "-1", "--format=%H", "HEAD", "--", path, timeout=WALK)
    return bool(listed.out)


def merge_base(folder: Path, one: str, other: str) -> str | None:
    """Return the best common ancestor of two commits, None if there is none here (a shallow clone)."""
    return line_of(ask(folder, "merge-base", one, other))


def unpublished(folder: Path, commit: str, known: Iterable[str]) -> tuple[bool, tuple[str, ...]]:
    """Tell whether `commit` brings anything that no remote has, nor `known` have; and what that is built upon."""
    argv = ("rev-list", "--boundary", commit, "--not", "--remotes", *known)
    listed = answer(folder, *argv).decode().split()
    below = [row[1:] for row in listed if row.startswith("-")]
    latest = answer(folder, "merge-base", "--independent", *below) if below else b""
    return bool(listed), tuple(latest.decode().split())


def commit_id(folder: Path, name: str) -> str | None:
    """Return the id of the commit that `name` names, None if it names none."""
    result = ask(folder, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    return None if result.status else result.out.decode().strip()


def roots(folder: Path) -> frozenset[str]:
    """Return the commits without a parent that HEAD comes from; none where git cannot tell, or not in time."""
    result = ask(folder, "rev-list", "--max-parents=0", "HEAD", "--", timeout=WALK)
    return frozenset(() if result.status else result.out.decode().split())


def committer(folder: Path) -> bytes | None:
    """Return "NAME <EMAIL>", by whom git would record a commit made here; None if it would refuse for want of that."""
    found = ask(folder, "var", "GIT_COMMITTER_IDENT")
    return None if found.status else found.out.rsplit(b" ", 2)[0]  # then comes the time


def import_commit(folder: Path, stream: bytes) -> bool:
    """Let `git fast-import` make a commit and move its ref; False if another writer moved the ref meanwhile.

    A stream that breaks off changes nothing. Raises GitFailed if it cannot be written at all.
    """
    result = ask(folder, "fast-import", "--quiet", "--date-format=raw", "--done", text=stream + b"done\n")
    if result.status and not any(argv in result.err for argv in _OVERTAKEN):
        raise failed(folder, "git fast-import", result)
    return not result.status
