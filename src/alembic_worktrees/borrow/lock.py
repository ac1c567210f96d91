"""One upgrade at a time over all checkouts of a repository (DESIGN, rule 10)."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING

from .. import git
from ..messages import WAIT, Message, _
from ..messages.errors import UserError
from .errors import writing

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

    Raises UserError, also where there can be no lock.
    """
    with alone(repository, when_waiting):
        if repository and _is_running(_mark(repository)):
            text = _(
                "A command is at work here that is to see this branch's own migrations only (run --own, or pytest "
                "with our plugin). Nothing was done; run this again when that has ended."
            )
            raise UserError(text)
        yield


def _mark(repository: Repository) -> Path:
    return (git.own_folder(repository.top) or repository.common) / RUNNING


def _is_running(path: Path) -> bool:
    try:
        with path.open("r+b") as mark:
            return not _is_mine(mark)
    except FileNotFoundError:
        return False


def _is_mine(file: IO[bytes]) -> bool:
    """Lock a file if nobody else has, and say whether we have."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def running(repository: Repository) -> Iterator[Callable[[], bool]]:
    """Say that a command is at work for which the copies are out; yield what tells whether no other is, in the end."""
    path = _mark(repository)
    with writing(path):
        mark = path.open("ab")
    with mark:
        fcntl.flock(mark, fcntl.LOCK_SH)
        yield partial(_is_mine, mark)


@contextmanager
def alone(repository: Repository | None, when_waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the repository's lock; it is released also when the process is killed. Outside git there is none."""
    with _locked(repository.common / NAME, when_waiting) if repository else nullcontext():
        yield


def _locked(path: Path, when_waiting: Callable[[], None]) -> IO[bytes]:
    with writing(path):
        file = path.open("ab")
        if not _is_mine(file):
            when_waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
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
