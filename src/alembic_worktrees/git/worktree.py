"""What does git say of files in a working tree?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..system.process import run
from .ask import TIMEOUT, GitFailed, answer, ask, environment, failed
from .objects import blob_ids, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


MANY = 1000  # names in one call; the system takes 2 MB of them


def ignored_files(folder: Path, pattern: str) -> tuple[str, ...]:
    """Return the files below `folder` that git ignores and that match, relative to it."""
    listed = answer(folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", pattern)
    return tuple(path for path in os.fsdecode(listed).split("\0") if path)


def tracked(folder: Path, paths: Iterable[Path], *, surely: bool = False) -> frozenset[Path]:
    """Return which of `paths` (absolute, below `folder`) git has in its index.

    None are where there is no repository, or a broken one: a neighbour need not be sound. With `surely` that raises
    GitFailed.
    """
    names = {os.path.relpath(path, folder): path for path in paths}
    if not names:
        return frozenset()
    listed = about_names(folder, "ls-files", "-z", names=list(names), surely=surely)
    return frozenset(names[name] for name in listed if name in names)


def untracked(folder: Path, paths: Iterable[Path]) -> frozenset[Path]:
    """Return the files in `paths` (absolute, below `folder`) that the index does not have, ignored ones too."""
    names = [os.path.relpath(path, folder) for path in paths]
    listed = about_names(folder, "ls-files", "-z", "--others", names=names)
    return frozenset(folder / name for name in listed if name)


def in_head(folder: Path, paths: Iterable[Path]) -> frozenset[Path]:
    """Return which of `paths` (absolute, below `folder`) HEAD has, whatever their content."""
    return frozenset(_blobs_in_head(folder, paths))


def _blobs_in_head(folder: Path, paths: Iterable[Path]) -> dict[Path, str]:
    """Return the blob that HEAD has of each of these paths; none where git cannot tell."""
    asked = list(paths)
    try:
        found = describe(folder, [f"HEAD:./{os.path.relpath(path, folder)}" for path in asked])
    except GitFailed:
        return {}
    return {path: one.oid for path, one in zip(asked, found, strict=True) if one}


def about_names(folder: Path, *argv: str, names: Sequence[str], surely: bool = False) -> Iterator[str]:
    """Yield what git answers about these files, a few at a time; where it cannot nothing, or `surely` UserError."""
    for start in range(0, len(names), MANY):
        asked = ("--literal-pathspecs", *argv, "--", *names[start : start + MANY])
        result = ask(folder, *asked, timeout=TIMEOUT)
        if result.status and surely:
            raise failed(folder, "git " + " ".join(argv), result)
        if result.status:
            return
        yield from os.fsdecode(result.out).split("\0")


def committed(folder: Path, contents: Mapping[Path, bytes]) -> frozenset[Path]:
    """Return which of these files (absolute, below `folder`) HEAD has with the same content.

    `git diff` would tell too, but run the filters that the repository configures, and write the index when a file was
    only touched. Of the filters only the one for line ends is respected here.
    """
    blobs = _blobs_in_head(folder, contents)
    return frozenset(path for path, blob in blobs.items() if blob in blob_ids(contents[path]))


def stage(folder: Path, paths: Iterable[Path]) -> None:
    """Put files into the index as they are, also ignored ones."""
    names = [os.path.relpath(path, folder) for path in paths]
    answer(folder, "--literal-pathspecs", "add", "--force", "--", *names)


def write_out(folder: Path, commit: str, there: Path, index: Path) -> None:
    """Write the files of a commit into the empty folder `there`: those that the checkout at `folder` would have.

    `index` is a file to use as git's index; that of the checkout is not touched. Raises GitFailed.
    """
    argv = ["git", "-c", "core.hooksPath=/dev/null", f"--work-tree={there}", "read-tree", "-m", "-u", commit]
    own = {"GIT_INDEX_FILE": str(index), "GIT_LFS_SKIP_SMUDGE": "1"}
    result = run(argv, folder=folder, environment=environment() | own)
    if result.status:
        raise failed(folder, "git read-tree", result)


def ignored(folder: Path, paths: Iterable[Path]) -> frozenset[Path]:
    """Return which of `paths` (absolute, below `folder`) git would ignore; they need not exist."""
    names = {f"./{os.path.relpath(path, folder)}": path for path in paths}  # a `:` in front would be magic
    text = b"".join(os.fsencode(name) + b"\0" for name in names)
    # Without --no-index the names would also be globs over what is tracked: `[az]*.py` would pass for `a.py`.
    result = ask(folder, "check-ignore", "--no-index", "-z", "--stdin", text=text, timeout=TIMEOUT)
    return frozenset(names[name] for name in os.fsdecode(result.out).split("\0") if name in names)
