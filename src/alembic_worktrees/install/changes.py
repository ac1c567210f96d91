"""A file as it is and as it is to be → written: each as a whole, all of them or none."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..messages import STEP, WARN, Message, _
from ..messages.errors import UserError
from ..system.writing import make_folder, remove_leftovers, temporary, umask

if TYPE_CHECKING:
    from collections.abc import Collection


class Target(NamedTuple):
    """A checkout, and where its repository keeps what all checkouts share."""

    root: Path
    common: Path
    hooks: Path  # the folder that git runs hooks from
    hooks_path: str | None  # the setting core.hooksPath

    def has(self, path: Path) -> bool:
        """Whether a path is inside of it."""
        return path.is_relative_to(self.root) or path.is_relative_to(self.common)


class Change(NamedTuple):
    """A file as it is and as it is to be; None where there is none."""

    path: Path
    before: str | None
    after: str | None
    executable: bool = False


Part = Change | Message


def apply(changes: Collection[Change], target: Target) -> None:
    """Write the changes, each file as a whole, once all of them are on disk under other names.

    Raises UserError if a file is no longer what was shown, or cannot be written.
    """
    for change in changes:
        if read(change.path) != change.before:
            raise changed(change.path)
    try:
        _write([change for change in changes if change.after is not None])
        for change in changes:
            if change.after is None:
                change.path.unlink()
                _remove_empty_folders(change.path.parent, target)
    except OSError as error:
        raise cannot_write(error) from error


def _write(changes: Collection[Change]) -> None:
    for folder in {change.path.parent for change in changes}:
        remove_leftovers(folder)
    with ExitStack() as undo, ExitStack() as temporary_files:
        whole = []
        for change in changes:
            make_folder(change.path.parent, undo)
            written = temporary(change.path.parent, as_bytes(change.after or ""), mode=_mode(change))
            whole.append((temporary_files.enter_context(written), change.path))
        undo.pop_all()  # from here on, what is in place stays: each file is whole, and init can be run again
        for path, name in whole:
            path.replace(name)


def _mode(change: Change) -> int:
    if change.before is not None:
        return change.path.stat().st_mode & 0o7777
    return (0o777 if change.executable else 0o666) & ~umask()


def _remove_empty_folders(folder: Path, target: Target) -> None:
    """Remove folders that nothing is left in, up to the checkout's top; none of git's own."""
    with suppress(OSError):  # not empty
        while target.root in folder.parents and not folder.is_relative_to(target.common):
            folder.rmdir()
            folder = folder.parent


def read(path: Path) -> str | None:
    """Return the text of a file, every byte of it to be had back; None if there is none."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        text = _("Cannot read {path}: {reason}. Allow reading it, or move it, then run init again.")
        raise UserError(text, path=path, reason=error.strerror) from error


def as_bytes(text: str) -> bytes:
    """Return the bytes that a text was read from."""
    return text.encode("utf-8", "surrogateescape")


def real(path: Path) -> Path:
    """Return where a link leads: it stays a link."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


# What is said when files are written, and when they are taken out again


def to_remove(path: Path) -> Message:
    """Say that a file is to be removed."""
    return Message(_("To remove: {path}"), {"path": path}, STEP)


def kept(path: Path) -> Message:
    """Say that a file stays."""
    return Message(_("Left unchanged, not written by alembic-worktrees: {path}"), {"path": path}, WARN)


def by_hand(path: Path, text: str) -> Message:
    """Say what only a person can write into a file."""
    return Message(_("Add this to {path} by hand:\n{text:text}"), {"path": path, "text": text}, WARN)


def changed(path: Path) -> UserError:
    """Say that what is there is no longer what was shown."""
    text = _("{path} has changed meanwhile; nothing was written. Run init again.")
    return UserError(text, path=path)


def cannot_write(error: OSError) -> UserError:
    """Say which file could not be written."""
    text = _(
        "Cannot write {path}: {reason}. No file is half written. Free space or allow "
        "writing there, then run init again."
    )
    return UserError(text, path=error.filename, reason=error.strerror)
