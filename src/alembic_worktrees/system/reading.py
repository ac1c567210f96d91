"""Reading files that others wrote: of sensible size, never following a link out, never waiting on a pipe."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024  # the largest of 287 real migrations has 60 KB
EVERYWHERE = ("/",)  # the allowed roots of what is ours: Alembic would read it too


class NotReadable(Exception):
    """A path is not a plain, readable file of sensible size; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_sound(path: str) -> bool:
    """Tell whether git would check out a file of this path: no `..`, nothing absolute, nothing in a `.git`."""
    return not {part.lower() for part in path.split("/")} & {"", ".", "..", ".git"}


def allowed_roots(*folders: Path) -> tuple[str, ...]:
    """Return what the real path of a file begins with if it lies in one of these folders."""
    return tuple(os.path.join(os.path.realpath(folder), "") for folder in folders)


def read_plain(path: Path | str, roots: tuple[str, ...]) -> bytes:
    """Return the bytes of a regular file that lies in one of the allowed roots, whatever links lead to it.

    Raises NotReadable: "outside" (a link leads out), "not-a-file" (folder, pipe, device), "too-large",
    "gone" (dangling link, vanished) or "denied".
    """
    real = os.path.realpath(path)
    if not real.startswith(roots):
        raise NotReadable("outside")
    return read_directly(real)


def read_directly(path: str) -> bytes:
    """Do what `read_plain` does for a path that has been looked at: only a link as its last part is still refused."""
    try:
        about = os.lstat(path)
        if not stat.S_ISREG(about.st_mode):  # not even opened: that alone can wait, or set off a device
            raise NotReadable("not-a-file")
        if about.st_size > MAX_BYTES:
            raise NotReadable("too-large")
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(handle, about.st_size)
        finally:
            os.close(handle)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotReadable("gone") from error
    except OSError as error:
        raise NotReadable("denied") from error


def entries(folder: Path, *, recursive: bool, caches: bool = False) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (path below `folder`, entry) of all that is not a folder, as Alembic lists it: "a.py", "sub/b.py".

    Folders are entered only if `recursive`, never through a link; a `__pycache__` only with `caches`.
    """
    pending = [""]
    while pending:
        above = pending.pop()
        try:
            with os.scandir(folder / above) as listed:
                found = sorted(listed, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        folders = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
        yield from ((above + entry.name, entry) for entry in found if entry.name not in folders)
        entered = [name for name in folders if (caches if name == "__pycache__" else recursive)]
        pending += [f"{above}{name}/" for name in reversed(entered)]
