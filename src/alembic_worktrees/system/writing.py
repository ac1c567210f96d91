"""Writing a file as a whole: killed at any moment, there is the old one or the new one, never a part of one."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TEMPORARY = ".alembic-worktrees-"  # Alembic loads only *.py; git is told by the record to ignore these


@contextmanager
def temporary(folder: Path, content: bytes, *, mode: int | None = None) -> Iterator[Path]:
    """Have `content` on disk under another name, and nothing of it afterwards; `mode`: not that of a new file."""
    with _written(folder, content, mode) as path:
        sync(path)
        yield path


@contextmanager
def temporaries(files: Iterable[tuple[Path, bytes]]) -> Iterator[list[Path]]:
    """Do what `temporary` does, for each (folder, content).

    All are written before the first is waited for: the journal that is written for one holds the others too.
    """
    with ExitStack() as stack:
        paths = [stack.enter_context(_written(folder, content)) for folder, content in files]
        for path in paths:
            sync(path)
        yield paths


@contextmanager
def _written(folder: Path, content: bytes, mode: int | None = None) -> Iterator[Path]:
    import tempfile

    handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=folder)
    try:
        with open(handle, "wb") as file:
            os.fchmod(handle, 0o666 & ~umask() if mode is None else mode)
            file.write(content)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def remove_leftovers(folder: Path, *, recursive: bool = False) -> None:
    """Remove the temporary files of a run that was killed; `recursive`: also those in folders further down."""
    for path in folder.glob(f"**/{TEMPORARY}*" if recursive else f"{TEMPORARY}*"):
        path.unlink(missing_ok=True)


def umask() -> int:
    """Return what this process takes from the permissions of new files."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def overwrite(path: Path, content: bytes) -> None:
    """Replace a file as a whole, or make it."""
    with temporary(path.parent, content) as whole:
        whole.replace(path)


def make_folder(folder: Path, undo: ExitStack) -> None:
    """Make a folder and those above it that are missing; `undo` removes them again."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir()
        undo.callback(missing.rmdir)


def sync(path: Path) -> None:
    """Have the bytes of a file, or the names in a folder, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
