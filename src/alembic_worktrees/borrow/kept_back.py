"""Which own migration is not to be applied as it is, and why? What is to run → the Objection, with its cures."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from .. import git
from ..messages import _
from ..migrations.graph import Graph
from .errors import Objection
from .obstacles import rebase_command

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from ..messages import Message
    from ..migrations.inventory import Migration
    from ..project.project import Project
    from .situation import Situation


def on_borrowed(situation: Situation, pending: Set[str]) -> Objection | None:
    """Return which own migration of these would be applied although its parent is only borrowed, None if none."""
    own, owners = situation.inventory.branch_graph, situation.owners
    for id in own.order(pending & own.nodes.keys()):
        parents = own.nodes[id].revision.down_revisions
        if lent := tuple(parent for parent in parents if parent in owners):
            text = _(
                "{revision} is not applied yet, and follows {parents:list}, which is only "
                "borrowed here, from {origins:list}. Once it is applied, the database goes by "
                "that parent. The database was not changed.\n"
                "  Give it an own parent first: {rebase}\n"
                "  If that parent is meant, because git will bring it: alembic-worktrees "
                "upgrade --on-borrowed"
            )
            return Objection(
                "on-borrowed",
                text,
                revision=id,
                parents=lent,
                origins=tuple(dict.fromkeys(owners[parent] for parent in lent)),
                rebase=rebase_command(situation.project, id, _footing(situation, lent)),
            )
    return None


def _footing(situation: Situation, lent: Sequence[str]) -> tuple[str, ...]:
    """Return the head of what on this branch needs nothing borrowed; of several those that `lent` comes after."""
    firm = situation.inventory.branch_graph.firm
    if len(firm.real_heads) < 2:
        return firm.real_heads
    above = situation.graph.closure(lent).known
    return Graph(node for id, node in firm.nodes.items() if id in above).real_heads


def undoing_others(situation: Situation, pending: Set[str]) -> Objection | None:
    """Return which own migration of these would take back what others have applied, None if none (DESIGN, rule 14)."""
    own = {one.revision.id: one for one in situation.inventory.originals}
    others = situation.owners.keys() - own.keys()
    fresh = situation.inventory.branch_graph.order(pending & own.keys()) if others else ()
    if not fresh:
        return None
    from ..migrations.operations import Foreign, undone  # which loads `ast`

    foreign = [
        Foreign(
            one.revision, one.content, situation.owners[id], os.path.relpath(one.path, situation.project.root)
        )
        for id, one in situation.loaded.items()
        if id in others
    ]
    has_had = partial(git.has_had, situation.project.root)
    for id in fresh:
        rest = [one.content for one in own.values() if one.revision.id != id]
        if found := undone(own[id].content, rest, lambda: foreign, has_had):
            return _undoing(situation.project, own[id], tuple(one.message for one in found))
    return None


def _undoing(project: Project, one: Migration, undone: tuple[Message, ...]) -> Objection:
    from ..migrations.docstring import first_line

    text = _(
        "{revision} is not applied yet, and takes back what others have done in this "
        "database, which was not changed:\n"
        "{undone:lines}\n"
        "  To write it anew, with this branch's own changes alone: rm {path:q} && "
        "alembic-worktrees revision {folder:q}{words:options} --autogenerate -m {title:q}\n"
        "  If just that is meant: alembic-worktrees upgrade --yes-drop"
    )
    return Objection(
        "undoes-others",
        text,
        revision=one.revision.id,
        undone=undone,
        path=one.path,
        folder=project.folder,
        words=project.files.argv,
        title=first_line(one.content) or "MESSAGE",
    )
