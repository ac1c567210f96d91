"""Which copy? Candidates for one revision → in the order in which they are to be taken (DESIGN, rule 8). Pure."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING

from ..git.objects import blob_ids
from ..migrations.graph import reached_from
from .sources import ARCHIVED, BORROWED_HERE, Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence, Set

    from ..git.history import Change

    Meaning = tuple[str, frozenset[str], frozenset[str], frozenset[str], bytes]
    Ages = dict[bytes, tuple[int, float]]


def meaning(candidate: Candidate) -> Meaning:
    """Return what Alembic needs of a migration that has been applied: those that agree in it are the same for us.

    Of one that computes any of it nobody knows before it runs: it agrees with its own bytes only.
    """
    id, parents, depends_on, labels, opaque = candidate.revision
    own = candidate.content if opaque else b""
    return id, frozenset(parents), frozenset(depends_on), frozenset(labels), own


def rank(candidates: Sequence[Candidate], history: Callable[[], History]) -> list[Candidate]:
    """Return the candidates, what is to be taken first in front; `history` is asked if nothing else decides.

    In front is what the archive has, for those bytes were applied; then the version that came later, what is
    trusted more, what was taken before, the newest commit.
    """
    archived = {one.content for one in candidates if one.trust == ARCHIVED}
    held = [one for one in candidates if one.trust == BORROWED_HERE]
    decided = bool(archived) and len(set(map(meaning, candidates))) == 1
    contents = {one.content for one in candidates}
    paths = {os.path.join(one.location, one.relative_path) for one in candidates}
    ages: Ages = {} if decided or len(contents) == 1 else history().ages(paths, contents)

    def order(one: Candidate) -> tuple[bool, int, int, bool, float]:
        later, commits = ages.get(one.content, (0, 0))
        return one.content not in archived, later, one.trust, not _was_taken(one, held), commits

    return sorted(candidates, key=order)


def _was_taken(candidate: Candidate, held: Collection[Candidate]) -> bool:
    return any(
        one.content == candidate.content or one.origin[:2] == candidate.origin[:2]  # its kind and name
        for one in held
    )


class History:
    """How files came to be what they are, as git shows it: which blob took the place of which."""

    def __init__(self, changes: Iterable[Change]) -> None:
        """Learn from all `changes`, the newest of which is the first."""
        groups = enumerate(groupby(changes, lambda change: change.commit))
        self._rows = [(number, change) for number, (_, group) in groups for change in group]

    def ages(self, paths: Iterable[str], contents: Set[bytes]) -> Ages:
        """Return of each content how many of the others came after it, and how many commits after it was made.

        A file may have been moved from one of the `paths` to another.
        """
        places = set(map(os.path.normpath, paths))
        rows = [row for row in self._rows if row[1].path in places]
        after, made = self._after(rows), {change.after: number for number, change in reversed(rows)}
        blobs = {content: blob_ids(content) for content in contents}
        later = {
            content: reached_from(ids, lambda blob: after.get(blob, ())) for content, ids in blobs.items()
        }
        return {
            one: (
                sum(bool(blobs[other] & later[one]) and not blobs[one] & later[other] for other in blobs),
                min((made[blob] for blob in ids if blob in made), default=float("inf")),
            )
            for one, ids in blobs.items()
        }

    def _after(self, rows: Sequence[tuple[int, Change]]) -> dict[str, set[str]]:
        """Return what took the place of each blob, at its path or, in one commit, at another."""
        after: dict[str, set[str]] = {}
        for _, group in groupby(rows, lambda row: row[0]):
            changes = [change for _, change in group]
            moved_to = {change.after for change in changes if not change.before}
            for change in changes:
                if change.before:
                    after.setdefault(change.before, set()).update(
                        {change.after} if change.after else moved_to
                    )
        return after
