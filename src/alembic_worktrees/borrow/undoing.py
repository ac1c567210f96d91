"""Would an own migration be applied that takes back what others have applied? (DESIGN, rule 14)."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from .. import git
from ..messages import _
from .errors import Objection

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from ..migrations.inventory import Inventory, Migration
    from ..project.project import Project


def undoing_others(
    project: Project,
    inventory: Inventory,
    pending: Set[str],
    loaded: Mapping[str, Migration],
    borrowed: Mapping[str, str],
) -> Objection | None:
    """Return which own migration would take back, once it is applied, what others have applied; None if none would.

    `loaded` is what Alembic loads here, `borrowed` says of what is not own from where it was.
    """
    own = {one.revision.id: one for one in inventory.originals}
    others = {id: loaded[id] for id in borrowed if id in loaded and id not in own}
    fresh = inventory.branch_graph.order(pending & own.keys()) if others else ()
    if not fresh:
        return None
    from ..migrations.docstring import first_line  # they load `ast`
    from ..migrations.operations import Foreign, undone

    paths = {id: os.path.relpath(one.path, project.root) for id, one in others.items()}
    foreign = [Foreign(one.revision, one.content, borrowed[id], paths[id]) for id, one in others.items()]
    for id in fresh:
        new, rest = own[id], [one.content for one in own.values() if one.revision.id != id]
        if found := undone(new.content, rest, lambda: foreign, partial(git.has_had, project.root)):
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
                revision=id,
                undone=tuple(one.message for one in found),
                path=new.path,
                folder=project.folder,
                words=project.files.argv,
                title=first_line(new.content) or "MESSAGE",
            )
    return None
