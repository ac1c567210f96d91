"""One upgrade at a time over all checkouts of a repository (DESIGN, rule 10)."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ..messages import WAIT, Message, _
from .errors import CannotWrite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..git.repository import Repository

NAME = "alembic-worktrees.lock"
WAITING = Message(_("Another checkout is upgrading; waiting for it to finish."), mark=WAIT)


@contextmanager
def only_one(repository: Repository | None, when_waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the repository's lock; it is released also when the process is killed. Outside git there is none.

    Raises CannotWrite where there can be no lock.
    """
    with ExitStack() as held:
        if repository:
            _lock(repository.common / NAME, when_waiting, held)
        yield


def _lock(path: Path, when_waiting: Callable[[], None], held: ExitStack) -> None:
    try:
        file = held.enter_context(path.open("ab"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            when_waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        raise CannotWrite(path, error.strerror) from error


@contextmanager
def if_free(repository: Repository | None) -> Iterator[bool]:
    """Hold the lock if nobody else does, and say whether we do; never waits."""
    with ExitStack() as held:
        try:
            held.enter_context(only_one(repository, _give_up))
            free = True
        except CannotWrite:
            free = False
        yield free


def _give_up() -> None:
    raise BlockingIOError
