"""Migrations as literals, for what judges them without a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic_worktrees.check.snapshot import Broken, Defined, Snapshot
from alembic_worktrees.migrations.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic_worktrees.check.problems import Problem


def rev(
    id: str,
    *down: str,
    depends: Iterable[str] = (),
    labels: Iterable[str] = (),
    opaque: bool = False,
) -> Revision:
    return Revision(id, down, tuple(depends), tuple(labels), opaque)


def snapshot(*revisions: Revision, broken: Iterable[Broken] = (), borrowed: Iterable[str] = ()) -> Snapshot:
    files = tuple(Defined(f"v/{number}.py", revision) for number, revision in enumerate(revisions))
    return Snapshot(Path("/top"), "back end", files, tuple(broken), frozenset(borrowed))


def ids(problems: Iterable[Problem]) -> list[str]:
    return [problem.id for problem in problems]
