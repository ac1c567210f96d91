"""Reading files that others wrote: bounded, never following a link out, never waiting on a pipe."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024  # the largest of 287 real migrations has 60 KB


class NotReadable(Exception):
    """A path is not a plain, readable file of sensible size; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_plain(path: Path | str, root: Path) -> bytes:
    """Return the bytes of a regular file whose real place is inside `root`.

    Raises NotReadable: "outside" (a link leads out of `root`), "not-a-file" (folder, pipe, device),
    "too-large", "gone" (dangling link, vanished) or "denied".
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return _read_linked(path, root)
    return _read_handle(handle)


def _read_linked(path: Path | str, root: Path) -> bytes:
    real = os.path.realpath(path)
    if real != os.path.abspath(path) and os.path.commonpath(
        [real, os.path.realpath(root)]
    ) != os.path.realpath(root):
        raise NotReadable("outside")
    try:
        return _read_handle(os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except FileNotFoundError as error:
        raise NotReadable("gone") from error
    except OSError as error:
        raise NotReadable("denied") from error


def _read_handle(handle: int) -> bytes:
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise NotReadable("not-a-file")
        if about.st_size > MAX_BYTES:
            raise NotReadable("too-large")
        content = os.read(handle, about.st_size + 1)
        if len(content) != about.st_size:  # it changes at this moment, or it is a file of /proc
            while len(content) <= MAX_BYTES and (more := os.read(handle, MAX_BYTES)):
                content += more
    finally:
        os.close(handle)
    if len(content) > MAX_BYTES:
        raise NotReadable("too-large")
    return content


def walk(folder: Path, *, recursive: bool) -> Iterator[str]:
    """Yield the paths below `folder` of all that is not a folder, as Alembic lists them: "a.py", "sub/b.py".

    Folders are entered only if `recursive`, never through a link; `__pycache__` never.
    """
    for below, entry in entries(folder, recursive=recursive):
        if not entry.is_dir(follow_symlinks=False):
            yield below


def entries(folder: Path, *, recursive: bool) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield the same paths, each with what the folder says of it; also those of folders that are not entered."""
    pending = [""]
    while pending:
        below = pending.pop()
        try:
            found = sorted(os.scandir(folder / below), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        folders = []
        for entry in found:
            if not recursive or not entry.is_dir(follow_symlinks=False):
                yield below + entry.name, entry
            elif entry.name != "__pycache__":
                folders.append(f"{below}{entry.name}/")
        pending += reversed(folders)
