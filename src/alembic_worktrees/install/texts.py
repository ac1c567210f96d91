"""What is said when files are written by `init` and when they are taken out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import STEP, WARN, Message, _
from ..messages.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


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
