"""What can go wrong, as values: the base of all errors that are for the user, and the exit statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .message import BAD, Message, Text, _

if TYPE_CHECKING:
    from pathlib import Path

DONE = 0
NOT_DONE = 1
WRONG_USAGE = 2
OUR_BUG = 3
INTERRUPTED = 130

# What is suggested to be called with a folder; the command line has the word for what the user did call.
CALL = "alembic-worktrees upgrade"


class UserError(Exception):
    """Something that the user must know and can mend: a text, and the `values` that fill it.

    What the program acts upon is a class of its own. `status` is the exit status it leads to.
    """

    status = NOT_DONE

    def __init__(self, text: Text, /, **values: object) -> None:
        super().__init__(text, values)
        self.text = text
        self.values = values

    @property
    def message(self) -> Message:
        """What is to be said."""
        return Message(self.text, self.values, BAD)


class Interrupted(UserError):
    """^C, with what was done before: exit status 130."""

    status = INTERRUPTED


class Usage(UserError):
    """The command's words are off: exit status 2."""

    status = WRONG_USAGE


class FolderMissing(UserError):
    """There is no folder of this name."""

    def __init__(self, folder: Path) -> None:
        text = _(
            "There is no folder {folder}. Name the folder that has alembic.ini, for example: "
            "{call:text} backend"
        )
        super().__init__(text, folder=folder, call=CALL)
