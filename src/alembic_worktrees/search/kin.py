"""Whose clone is it? Our project, and a folder that looks like a clone of it → whether it is one (DESIGN, rule 8)."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from .. import git
from ..migrations.inventory import contents
from ..migrations.revision import Unreadable, read_file
from ..system.reading import NotReadable

if TYPE_CHECKING:
    from ..project.project import Project


class Kinship:
    """What our project is known by. Nothing is read before somebody looks like kin; what costs most is asked last."""

    def __init__(self, project: Project) -> None:
        """Compare others with `project`."""
        self._project = project

    def holds(self, other: Project) -> bool:
        """Whether `other` has a base migration with our bytes, or shares a root commit with us.

        A shallow clone has other roots, and outside git there are none.
        """
        if self._has_our_base(other):
            return True
        git_tells = self._project.repository is not None and os.path.lexists(other.root / ".git")
        return git_tells and not self._roots.isdisjoint(git.roots(other.root))

    @cached_property
    def _roots(self) -> frozenset[str]:
        return git.roots(self._project.root)

    @cached_property
    def _bases(self) -> frozenset[bytes]:
        return frozenset(content for name, content in contents(self._project) if _is_base(name, content))

    def _has_our_base(self, other: Project) -> bool:
        try:
            return any(content in self._bases for _, content in contents(other))
        except (NotReadable, OSError):  # it could not be looked at either
            return False


def _is_base(name: str, content: bytes) -> bool:
    try:
        revision = read_file(content, name).revision
    except Unreadable:
        return False
    return not revision.down_revisions and not revision.opaque
