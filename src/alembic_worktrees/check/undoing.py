"""Does a commit take back what others made? A snapshot and what is new in it → Problems (DESIGN, rule 14)."""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING

from .. import git
from ..messages.errors import UserError
from ..migrations.docstring import first_line
from ..migrations.operations import Foreign, undone
from .problems import problem
from .rules import removal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from ..project.project import Project
    from ..project.settings import Settings
    from .problems import Problem
    from .snapshot import Snapshot


def undoing(
    snapshot: Snapshot,
    new: Collection[str],
    contents: Mapping[str, bytes],
    locate: Callable[[], Project],
    settings: Settings,
) -> Iterator[Problem]:
    """Yield a problem for each of the `new` files that takes back what others did.

    `contents` are those of this branch's own files, by path. `locate` returns the project in the working tree; where
    it refuses there are no others.
    """
    own = {one.revision.id for one in snapshot.files if one.path in contents}
    foreign = cache(partial(_foreign, locate, settings, own))
    for path, revision in snapshot.files:
        if path in new and path in contents:
            others = [content for other, content in contents.items() if other != path]
            found = undone(contents[path], others, foreign, partial(git.has_had, snapshot.root))
            if found:
                yield problem(
                    "undoes-others",
                    revision.id,
                    [path],
                    undone=tuple(one.message for one in found),
                    remove=removal(path, snapshot),
                    title=first_line(contents[path]) or "MESSAGE",
                    **snapshot.named,
                )


def _foreign(locate: Callable[[], Project], settings: Settings, own: Collection[str]) -> tuple[Foreign, ...]:
    from ..migrations.inventory import take_inventory
    from ..search.search import Search

    try:
        project = locate()
        inventory = take_inventory(project)
        search = Search(project, settings, borrowed=(*inventory.borrowed, *inventory.edited))
        return tuple(
            Foreign(one.revision, one.content, one.origin.name, os.path.join(one.location, one.relative_path))
            for one in search.foreign(own)
        )
    except UserError:  # what the index has may have no project in the working tree
        return ()
