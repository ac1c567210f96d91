"""Which files here has somebody copied by hand? What git does not have here, and another branch has committed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..messages.errors import UserError
from ..migrations.record import Origin, can_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ..migrations.inventory import Inventory
    from ..project.project import Project
    from .checkouts import Checkout, Surroundings

    Contents = Mapping[str, bytes]  # by path from the top of the checkout


class _Tip(NamedTuple):
    """A commit, by any name, and what to call it."""

    commit: str
    kind: str
    name: str


def copied_by_hand(
    project: Project, inventory: Inventory, around: Callable[[], Surroundings]
) -> dict[Path, Origin]:
    """Return the own files here that are untracked and have, at the same place, the bytes of another's commit.

    None is one that this branch had committed itself: somebody has taken that commit back to change it.
    """
    if project.repository is None:
        return {}
    contents = _untracked(project, inventory)
    if not contents:
        return {}
    others = around().others
    found = _holders(project.root, _tips_here(project, others), contents)
    for clone in (one for one in others if not one.worktree and (one.path / ".git").exists()):
        found = {**_holders(clone.path, [_Tip("HEAD", "checkout", clone.name)], contents), **found}
    known = {path: contents[path] for path in found}
    before = [_Tip(commit, "", "") for commit in git.past_tips(project.root)] if known else []
    ours = _holders(project.root, before, known)
    return {project.root / path: origin for path, origin in found.items() if path not in ours}


def _untracked(project: Project, inventory: Inventory) -> Contents:
    untracked = git.untracked(project.root, map(project.root.joinpath, project.locations.folders))
    loose = [one for one in inventory.originals if one.path in untracked] if untracked else []
    committed = git.in_head(project.root, [one.path for one in loose])
    rows = ((os.path.relpath(one.path, project.root), one) for one in loose if one.path not in committed)
    return {path: one.content for path, one in rows if can_record(path)}


def _tips_here(project: Project, others: Iterable[Checkout]) -> Iterator[_Tip]:
    """Yield the other worktrees, then all branches and tags, as each is to be called."""
    for one in others:
        if one.worktree:
            commit = f"refs/heads/{one.branch}" if one.branch else git.commit_id(one.path, "HEAD")
            yield _Tip(commit or "", "checkout", one.name)
    for name, commit in git.refs(project.root, *git.BRANCHES_AND_TAGS):
        yield _Tip(commit, "ref", name.split("/", 2)[2])


def _holders(top: Path, tips: Iterable[_Tip], contents: Contents) -> dict[str, Origin]:
    """Return which of these files the commits have just so, and the first that has each; of a broken clone, none."""
    asked = [(tip, path) for tip in tips for path in contents]
    try:
        there = git.describe(top, [f"{tip.commit}:{path}" for tip, path in asked])
    except UserError:
        return {}
    held: dict[str, Origin] = {}
    for (tip, path), one in zip(asked, there, strict=True):
        if one and path not in held and one.oid in git.blob_ids(contents[path]):
            held[path] = Origin(tip.kind, tip.name, None if tip.kind == "checkout" else tip.commit, path)
    return held
