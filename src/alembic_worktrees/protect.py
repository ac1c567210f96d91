"""Nobody rewrites what others have: a commit must not delete or edit a migration that is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import git
from .errors import Refusal
from .trees import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .review import Scope


class Rewritten(NamedTuple):
    """A published migration that the index deletes or changes: `how` is deleted or edited."""

    path: str
    how: str


def rewritten(scope: Scope, published: str | None = None) -> tuple[str, tuple[Rewritten, ...]]:
    """Return the published branch, and which of its migrations the coming commit would rewrite.

    `published` is the setting; without it the remote's default branch counts. A file that HEAD changed before
    is not this commit's doing. Raises Refusal("published-missing") if the setting names no commit.
    """
    branch = published or git.published_branch(scope.root)
    if branch is None:
        return "", ()
    commit = git.commit_id(scope.root, branch)
    if commit is None:
        raise Refusal("published-missing", branch=branch)
    index, there = Tree(scope.root, None, in_hook=scope.in_hook), Tree(scope.root, commit)
    head = git.commit_id(scope.root, "HEAD")
    before = Tree(scope.root, head).blobs if head else {}
    rows = [
        row
        for _, places in there.projects(scope.files, scope.folder)
        for row in _compare(there.migrations(places), before, index.blobs)
    ]
    return branch, tuple(rows)


def _compare(
    published: Mapping[str, str], before: Mapping[str, str], index: Mapping[str, str]
) -> list[Rewritten]:
    moved = set(index.values())
    return [
        Rewritten(path, "edited" if path in index else "deleted")
        for path, blob in published.items()
        if path in before
        and index.get(path) not in (blob, before[path])
        and not (path not in index and blob in moved)  # only its place is new
    ]
