"""What can go wrong, as values: the one error class for the user's errors, and the exit statuses."""

from __future__ import annotations

DONE = 0
NOT_DONE = 1
WRONG_USAGE = 2
OUR_BUG = 3
INTERRUPTED = 130

# What is suggested to be called with a folder; the command line has the word for what the user did call.
CALL = "alembic-worktrees upgrade"


class UserError(Exception):
    """Something that the user must know and can mend.

    `key` names a text of `messages.py`, `values` fill it. `status` is the exit status it leads to.
    """

    status = NOT_DONE

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values


class Interrupted(UserError):
    """^C, with what was done before: exit status 130."""

    status = INTERRUPTED


class Usage(UserError):
    """The command's words are off: exit status 2."""

    status = WRONG_USAGE
