"""What `status` shows of each checkout and each database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..migrations.record import Origin
    from ..search.archive import Application


class BorrowedFile(NamedTuple):
    """A borrowed file; `edited` if it was changed since."""

    revision: str
    origin: str
    path: str  # from the top of the checkout
    edited: bool
    staged: bool = False  # so that the next commit would record it


class Row(NamedTuple):
    """How one checkout stands. What depends on the database is None if that did not answer, or is not this one's."""

    name: str
    path: str
    branch: str | None  # None: detached, or no worktree of this repository
    here: bool
    has_project: bool
    heads: tuple[str, ...]  # of its own files
    borrowed: tuple[BorrowedFile, ...]
    lacks: tuple[str, ...] | None  # applied, and no file here
    waiting: tuple[str, ...] | None  # own, and not applied


class Head(NamedTuple):
    """A row of a version table, and who defines it; with no owner it was applied by nobody any more."""

    revision: str
    owners: tuple[str, ...]
    borrowers: tuple[str, ...]
    remembered: Origin | None  # where git still has it, if no checkout owns it
    application: Application | None = None  # who applied it, where the archive is shared
    abandoned: bool = False  # nor a branch, nor a tag
    since: str | None = None  # when an abandoned one was seen last


class Rows(NamedTuple):
    """A version table; `database` is named without user or password."""

    database: str
    heads: tuple[Head, ...]
