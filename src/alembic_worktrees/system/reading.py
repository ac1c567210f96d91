"""Reading files that others wrote: bounded, never following a link out, never waiting on a pipe."""

from __future__ import annotations

import os
import stat
import sys
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024  # the largest of 287 real migrations has 60 KB
MAX_CONFIG_BYTES = 1024 * 1024
# What one neighbour may make us read. Alembic itself takes minutes to load a tenth of so many migrations.
MAX_ENTRIES = 50_000
MAX_TOTAL_BYTES = 256 * 1024 * 1024

_OPENING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_OPENING_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class NotReadable(Exception):
    """A path is not a plain, readable file of sensible size; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_sound(path: str) -> bool:
    """Tell whether git would check out a file of this path: no `..`, nothing absolute, nothing in a `.git`."""
    return not {part.lower() for part in path.split("/")} & {"", ".", "..", ".git"}


def allowed_roots(*folders: Path) -> tuple[str, ...]:
    """Return what the real path of a file begins with if it lies in one of these folders, as the kernel names them."""
    return tuple(os.path.join(place, "") for folder in folders if (place := _real_folder(folder)))


def read_plain(path: Path | str, inside: tuple[str, ...], *, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes of a regular file that lies within the fence `inside`, whatever links lead to it.

    What counts is where the file lies that was opened, not what its path led to a moment before.
    Raises NotReadable: "outside" (a link leads out), "not-a-file" (folder, pipe, device), "too-large",
    "gone" (dangling link, vanished) or "denied".
    """
    try:
        real = _followed(path, inside)
        handle = os.open(real, _OPENING)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotReadable("gone") from error
    except OSError as error:
        raise NotReadable("denied") from error
    if not _place(handle, real).startswith(inside):
        os.close(handle)
        raise NotReadable("outside")
    return _read_and_close(handle, limit)


class Folder:
    """A folder that is held open: what is read of it lies in it, whatever its path may lead to meanwhile."""

    def __init__(self, path: str, inside: tuple[str, ...]) -> None:
        """Open a folder that lies within the fence `inside`. Raises NotReadable: "outside", "gone" or "denied"."""
        self._path = path
        self._inside = inside
        try:
            self._handle = os.open(path, _OPENING_FOLDER)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotReadable("gone") from error
        except OSError as error:
            raise NotReadable("denied") from error
        if not os.path.join(_place(self._handle, path), "").startswith(inside):
            self.close()
            raise NotReadable("outside")

    def close(self) -> None:
        """Hold it no more."""
        os.close(self._handle)

    def read(self, name: str, *, plain: bool) -> bytes:
        """Return the bytes of a file in it as `read_plain` does; `plain` if the folder says that it is a plain file."""
        if not plain:
            return read_plain(os.path.join(self._path, name), self._inside)
        try:
            handle = os.open(name, _OPENING, dir_fd=self._handle)
        except FileNotFoundError as error:
            raise NotReadable("gone") from error
        except OSError as error:
            raise NotReadable("denied") from error
        return _read_and_close(handle, MAX_BYTES)


def _followed(path: Path | str, inside: tuple[str, ...]) -> str:
    """Return where a link leads; what is no file is not even opened, for that alone can set off a device."""
    real = str(path)
    mode = os.lstat(real).st_mode
    if stat.S_ISLNK(mode):
        real = os.path.realpath(path)
        if not real.startswith(inside):
            raise NotReadable("outside")
        mode = os.lstat(real).st_mode
    if not stat.S_ISREG(mode):
        leads_to_itself = stat.S_ISLNK(mode)
        raise NotReadable("denied" if leads_to_itself else "not-a-file")
    return real


def _read_and_close(handle: int, limit: int) -> bytes:
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise NotReadable("not-a-file")
        if about.st_size > limit:
            raise NotReadable("too-large")
        return _read_whole(handle, about.st_size, limit)
    except OSError as error:
        raise NotReadable("denied") from error
    finally:
        os.close(handle)


def _read_whole(handle: int, size: int, limit: int) -> bytes:
    content = os.read(handle, size + 1)
    if len(content) == size:  # less than was asked for: this is the end
        return content
    while piece := os.read(handle, limit + 1 - len(content)):  # it is being written to
        content += piece
        if len(content) > limit:
            raise NotReadable("too-large")
    return content


def _real_folder(folder: Path) -> str | None:
    try:
        handle = os.open(folder, _OPENING_FOLDER)
    except OSError:
        return None
    try:
        return _place(handle, str(folder))
    finally:
        os.close(handle)


def _place(handle: int, path: str) -> str:
    """Return where the file lies that is open: nobody can turn that into another one meanwhile."""
    if sys.platform == "darwin":
        import fcntl

        return os.fsdecode(fcntl.fcntl(handle, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    except OSError:  # no /proc: as good as can be had
        return os.path.realpath(path)


def walk(folder: Path, *, recursive: bool, limit: int | None = None) -> Iterator[str]:
    """Yield the paths below `folder` of all that is not a folder, as Alembic lists them: "a.py", "sub/b.py".

    Folders are entered only if `recursive`, never through a link; `__pycache__` never.
    Raises NotReadable("too-many") if there are more than `limit` entries in all, folders too.
    """
    for relative_path, entry in entries(folder, recursive=recursive, limit=limit):
        if not entry.is_dir(follow_symlinks=False):
            yield relative_path


def entries(
    folder: Path, *, recursive: bool, limit: int | None = None, caches: bool = False
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield the same paths, each with what the folder says of it; also those of folders that are not entered.

    With `caches` also what lies in a `__pycache__`.
    """
    pending, left = [""], limit
    while pending:
        relative_path = pending.pop()
        try:
            with os.scandir(folder / relative_path) as listed:
                found = list(listed if left is None else islice(listed, left + 1))
        except (FileNotFoundError, NotADirectoryError):
            continue
        if left is not None:
            left -= len(found)
            if left < 0:
                raise NotReadable("too-many")
        folders: list[str] = []
        for entry in sorted(found, key=lambda entry: entry.name):
            entered = caches if entry.name == "__pycache__" else recursive
            if not entry.is_dir(follow_symlinks=False) or not (entered or recursive):
                yield relative_path + entry.name, entry
            elif entered:
                folders.append(f"{relative_path}{entry.name}/")
        pending += reversed(folders)
