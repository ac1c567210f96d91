"""One upgrade at a time over all checkouts of a repository (DESIGN, rule 10)."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING

from .. import git
from ..messages import WAIT, Message, _
from ..messages.errors import UserError
from .errors import CannotWrite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import IO

    from ..git.repository import Repository

NAME = "alembic-worktrees.lock"
RUNNING = "alembic-worktrees.running"  # in git's folder of a worktree, locked while its copies are out
WAITING = Message(_("Another checkout is upgrading; waiting for it to finish."), mark=WAIT)


@contextmanager
def only_one(repository: Repository | None, when_waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the repository's lock, unless the copies are out here for a command that is at work.

    Raises CannotWrite where there can be no lock, or UserError.
    """
    with alone(repository, when_waiting):
        if repository and _is_running(repository.top):
            text = _(
                "A command is at work here that is to see this branch's own migrations only (run --own, or pytest "
                "with our plugin). Nothing was done; run this again when that has ended."
            )
            raise UserError(text)
        yield


def _is_running(top: Path) -> bool:
    own = git.own_folder(top)
    try:
        with (own or top).joinpath(RUNNING).open("r+b") as mark:
            return not _is_last(mark)
    except FileNotFoundError:
        return False


def _is_last(mark: IO[bytes]) -> bool:
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def running(repository: Repository) -> Iterator[Callable[[], bool]]:
    """Say that a command is at work for which the copies are out; yield what tells whether no other is, in the end."""
    path = (git.own_folder(repository.top) or repository.common) / RUNNING
    try:
        mark = path.open("ab")
    except OSError as error:
        raise CannotWrite(path, error.strerror) from error
    with mark:
        fcntl.flock(mark, fcntl.LOCK_SH)
        yield partial(_is_last, mark)


@contextmanager
def alone(repository: Repository | None, when_waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the repository's lock; it is released also when the process is killed. Outside git there is none."""
    with _locked(repository.common / NAME, when_waiting) if repository else nullcontext():
        yield


def _locked(path: Path, when_waiting: Callable[[], None]) -> IO[bytes]:
    try:
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            when_waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        raise CannotWrite(path, error.strerror) from error
    return file


@contextmanager
def if_free(repository: Repository | None) -> Iterator[bool]:
    """Hold the lock if nobody else does, and say whether we do; never waits."""
    free = False
    with ExitStack() as held:
        with suppress(UserError):
            held.enter_context(only_one(repository, _give_up))
            free = True
        yield free


def _give_up() -> None:
    raise BlockingIOError
