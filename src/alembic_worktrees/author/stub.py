"""An empty migration under the id of one that is lost, for a branch to carry: what follows it can be loaded again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import git
from ..borrow.apply import create
from ..borrow.lock import only_one
from ..borrow.obstacles import not_here
from ..messages import _
from ..messages.errors import UserError
from ..migrations.declaring import declaration
from ..migrations.inventory import take_inventory
from ..migrations.revision import Revision, illegal_characters
from ..search.search import THOROUGH, Search

if TYPE_CHECKING:
    from pathlib import Path

    from ..project.project import Project
    from ..project.settings import Settings

# It takes what `downgrade` and `upgrade` are given where there are several databases
_TEXT = '''\
"""stand-in for a lost migration, which it does not repeat"""

{declaration}

def upgrade(*_engines):
    pass


def downgrade(*_engines):
    pass
'''


def write_stub(project: Project, settings: Settings, revision: str, parent: str) -> Path:
    """Write and stage an empty migration of this id beside its parent. Raises UserError, also where it is not lost."""
    with only_one(project.repository, lambda: None):
        inventory = take_inventory(project)
        search = Search(project, settings, here_too=True, timeout=THOROUGH)
        for one in search.find(revision):
            text = _(
                "{revision} is not lost: {place}. Nothing was written.\n"
                "  To make a borrowed one this branch's own: alembic-worktrees adopt {revision:q}"
            )
            raise UserError(text, revision=revision, place=one.where)
        if parent not in inventory.branch_graph.nodes:
            raise not_here(parent, inventory.branch_graph)
        if not revision or illegal_characters(revision):
            raise UserError(_("{revision} cannot be the id of a migration."), revision=revision)
        beside = next(one.path for one in inventory.own if one.revision.id == parent)
        path = beside.with_name(f"{re.sub(r'[^a-zA-Z0-9_]', '_', revision)}_stand_in.py")
        declared = declaration(Revision(revision, (parent,), (), ()))
        create(path, _TEXT.format(declaration=declared).encode())
        if project.repository:
            git.stage(project.root, [path])
        return path
