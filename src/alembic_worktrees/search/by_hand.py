"""Which files here has somebody copied by hand? What git does not have here, and another branch has committed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..messages.errors import UserError
from ..migrations.record import Origin, can_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..migrations.inventory import Inventory
    from ..project.project import Project
    from .checkouts import Surroundings

    Contents = Mapping[str, bytes]  # by path from the top of the checkout

_REFS = ("refs/heads/", "refs/remotes/", "refs/tags/")


class _Tip(NamedTuple):
    """A commit of the repository at `top`, by any name, and what to call it."""

    top: Path
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
    found: dict[str, Origin] = {}
    for top, tips in _by_repository(_tips(project, around())):
        found = {**_holders(top, tips, contents), **found}
    known = {path: contents[path] for path in found}
    before = [_Tip(project.root, commit, "", "") for commit in git.past_tips(project.root)] if known else []
    ours = _holders(project.root, before, known)
    return {project.root / path: origin for path, origin in found.items() if path not in ours}


def _untracked(project: Project, inventory: Inventory) -> Contents:
    inside = [location for location in project.versions if location.is_relative_to(project.root)]
    untracked = git.untracked(project.root, inside)
    loose = [one for one in inventory.originals if one.path in untracked] if untracked else []
    committed = git.in_head(project.root, [one.path for one in loose])
    rows = ((os.path.relpath(one.path, project.root), one) for one in loose if one.path not in committed)
    return {path: one.content for path, one in rows if can_record(path)}


def _tips(project: Project, around: Surroundings) -> Iterator[_Tip]:
    """Yield the other checkouts, then all branches and tags, as each is to be called."""
    for checkout in around.others:
        if checkout.worktree:
            commit = (
                f"refs/heads/{checkout.branch}" if checkout.branch else git.commit_id(checkout.path, "HEAD")
            )
            yield _Tip(project.root, commit or "", "checkout", checkout.name)
        elif (checkout.path / ".git").exists():
            yield _Tip(checkout.path, "HEAD", "checkout", checkout.name)
    for name, commit in git.refs(project.root, *_REFS):
        short = next(name.removeprefix(prefix) for prefix in _REFS if name.startswith(prefix))
        yield _Tip(project.root, commit, "ref", short)


def _by_repository(tips: Iterable[_Tip]) -> Iterator[tuple[Path, list[_Tip]]]:
    found: dict[Path, list[_Tip]] = {}
    for tip in tips:
        found.setdefault(tip.top, []).append(tip)
    yield from found.items()


def _holders(top: Path, tips: Sequence[_Tip], contents: Contents) -> dict[str, Origin]:
    """Return which of these files the commits have just so, and the first that has each; of a broken clone, none."""
    asked = [(tip, path) for tip in tips for path in contents]
    try:
        there = git.describe(top, [f"{tip.commit}:{path}" for tip, path in asked])
    except UserError:
        return {}
    held: dict[str, Origin] = {}
    for (tip, path), one in zip(asked, there, strict=True):
        if one and path not in held and git.is_blob(contents[path], one.oid):
            held[path] = Origin(tip.kind, tip.name, None if tip.kind == "checkout" else tip.commit, path)
    return held
