"""Was this index judged before, and found good? The answer to most commits, which touch no migration.

After `check --staged` has found no problem, the evidence is kept in git's folder of this worktree: all that the
verdict was derived from. The next check gathers the evidence again, and if it is the same, so is the verdict.

Why that can never be wrong. What the index has is listed by git with the id of each content. The settings stand in the
evidence as they are. Another version of this tool or of Python is other evidence. A verdict that needed more,
the folders on disk to find a package in for example, is not kept. Whether a file is valid Python to its end is
asked only of one that HEAD does not have; so a kept verdict counts only while HEAD has all of them.

This module imports nothing: to load `process.py` alone takes longer than the whole answer.
"""

from __future__ import annotations

import os
import sys

from . import __version__

TYPE_CHECKING = False  # typing takes its time too
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "alembic-worktrees.good"
CONFIGS = ("alembic.ini", "pyproject.toml")
SETTINGS = "pyproject.toml"

# These make the command judge something else, or by another config.
DISTURBING = ("ALEMBIC_CONFIG", "PRE_COMMIT_REMOTE_NAME")


def stands(here: str, environment: Mapping[str, str]) -> bool:
    """Whether the index of the checkout around `here` is sure to be judged good; else it has to be judged."""
    if any(name in environment for name in DISTURBING):
        return False
    root = _top(here)
    try:
        with open(_kept(root), "rb") as file:
            places = os.fsdecode(file.readline().rstrip(b"\n")).split("\0")
            same = file.read() == evidence(root, places)
        return same and _git(root, "diff-index", "--cached", "--quiet", "HEAD", *_specs(places)) is not None
    except OSError:
        return False


def keep(root: str, places: Sequence[str], good: bytes) -> None:
    """Note the evidence of a good verdict; where that cannot be written, it is not noted."""
    try:
        with open(_kept(root), "wb") as file:
            file.write(os.fsencode("\0".join(places)) + b"\n" + good)
    except OSError:
        return


def evidence(root: str, places: Sequence[str]) -> bytes | None:
    """Return all that a verdict on the index of the checkout at `root` is derived from; None if it cannot be had.

    `places` are the version locations of all projects, from the top of the checkout.
    """
    listed = _git(root, "ls-files", "-z", "--stage", "--full-name", *_specs(places))
    if listed is None:
        return None
    configs = (row for row in listed.split(b"\0") if row.endswith((b".ini", b".toml")))
    folders = {"", *(os.path.dirname(os.fsdecode(row.partition(b"\t")[2])) for row in configs)}
    try:
        settings = [_content(os.path.join(root, folder, SETTINGS)) for folder in sorted(folders)]
    except OSError:
        return None
    return b"\n".join([__version__.encode(), sys.version.encode(), os.fsencode(root), *settings, listed])


def _specs(places: Sequence[str]) -> list[str]:
    """Return the words that make git speak of all configs and all migrations."""
    configs = [f":(top,glob)**/{name}" for name in CONFIGS]
    folders = [f":(top,literal){place}" if place != "." else ":(top)" for place in places]
    return ["--", *configs, *folders]


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return b"+" + file.read()
    except FileNotFoundError:
        return b"-"


def _top(here: str) -> str:
    """Return the nearest folder above that looks like the top of a checkout; the evidence tells whether it is."""
    while here != os.sep and not os.path.lexists(os.path.join(here, ".git")):
        here = os.path.dirname(here)
    return here


def _kept(root: str) -> str:
    """Return the file of this worktree in git's folder. Raises OSError if `root` is no top of a checkout."""
    git = os.path.join(root, ".git")
    if not os.path.isdir(git):
        with open(git, "rb") as file:  # a linked worktree's: "gitdir: FOLDER"
            git = os.path.join(root, os.fsdecode(file.read().rstrip(b"\n").partition(b"gitdir: ")[2]))
    return os.path.join(git, NAME)


def _git(root: str, *words: str) -> bytes | None:
    """Return what git answers in the environment that a hook gives us, None if it fails."""
    reader, writer = os.pipe()
    silent = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
    argv = ["git", "-C", root, *words]
    process = os.posix_spawnp(
        "git", argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1), silent]
    )
    os.close(writer)
    with open(reader, "rb") as answer:
        text = answer.read()
    return None if os.waitpid(process, 0)[1] else text
