"""One upgrade at a time over all checkouts of a repository (DESIGN, rule 10)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..messages.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..git.repository import Repository

NAME = "alembic-worktrees.lock"


@contextmanager
def only_one(repository: Repository | None, when_waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the repository's lock; it is released also when the process is killed. Outside git there is none."""
    if repository is None:
        yield
        return
    from filelock import FileLock, Timeout

    path = repository.common / NAME
    lock = FileLock(path)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            when_waiting()
            lock.acquire()
    except OSError as error:
        raise UserError("cannot-write", path=path, reason=error.strerror) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def if_free(repository: Repository | None) -> Iterator[bool]:
    """Hold the lock if nobody else does, and say whether we do; never waits."""
    if repository is None:
        yield True
        return
    from filelock import FileLock, Timeout

    lock = FileLock(repository.common / NAME)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
