"""Nobody rewrites what others have: a commit must not delete or edit a migration that is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..check.snapshot import Tree
from ..messages import Message, _
from ..messages.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..check.review import Scope


class Rewritten(NamedTuple):
    """A migration of the branch `published` that the index changes, or deletes, and what to say of it."""

    published: str
    path: str
    message: Message


def rewritten(scope: Scope) -> Iterator[Rewritten]:
    """Yield the published migrations that the coming commit would rewrite.

    The setting `published` of each project names the branch; without it the remote's default branch counts.
    What HEAD rewrote before is not this commit's doing. Raises UserError.
    """
    if git.commit_id(scope.root, "HEAD") is None:
        return
    index, head = Tree(scope.root, None, in_hook=scope.in_hook), Tree(scope.root, "HEAD")
    for folder in dict.fromkeys(one.folder for one in head.projects(scope.files, scope.folder)):
        if branch := _published(scope, folder):
            there = Tree(scope.root, branch)
            for environment in there.projects(scope.files, folder):
                yield from _compare(branch, there.migrations(environment.locations), head, index)


def _published(scope: Scope, folder: str) -> str | None:
    setting = scope.settings(folder).published
    branch = setting or git.published_branch(scope.root)
    known = branch and git.commit_id(scope.root, branch)
    if setting and not known:
        text = _(
            "The setting published names {branch}, which this repository does not have. Get it "
            "with git fetch, or correct published under [tool.alembic-worktrees] in pyproject.toml"
        )
        raise UserError(text, branch=setting)
    return branch if known else None  # origin/HEAD may lead to a branch that is gone


def _compare(branch: str, published: Mapping[str, str], head: Tree, index: Tree) -> Iterator[Rewritten]:
    kept = set(index.blobs.values())
    changed = {
        path: (blob, after)
        for path, blob in published.items()
        if path in head.blobs and (after := index.blobs.get(path)) not in (blob, head.blobs[path])
    }
    contents = git.small_contents(index.root, (blob for pair in changed.values() for blob in pair if blob))
    for path, (before, after) in changed.items():
        if after and not _read_alike(contents.get(before), contents.get(after)):
            yield Rewritten(branch, path, Message(_("{path} (edited)"), {"path": path}))
        elif not after and before not in kept:  # else it was moved
            yield Rewritten(branch, path, Message(_("{path} (deleted)"), {"path": path}))


def _read_alike(before: bytes | None, after: bytes | None) -> bool:
    """Whether only a formatter tells two files apart; of one that is too large nobody can tell."""
    if before is None or after is None:
        return False
    from ..migrations.likeness import are_the_same_code  # which loads `ast`

    return are_the_same_code(before, after)
