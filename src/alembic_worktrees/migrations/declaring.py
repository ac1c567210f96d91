"""How does a file declare a migration? Values → the lines that Alembic reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .revision import Revision


def literal(ids: Sequence[str]) -> str:
    """Return parents, or others that are named, as a migration spells them."""
    return repr(ids[0] if len(ids) == 1 else tuple(ids) or None)


def declaration(revision: Revision) -> str:
    """Return what a file says of its migration, in lines."""
    return f"""\
revision = {literal([revision.id])}
down_revision = {literal(revision.down_revisions)}
branch_labels = {literal(revision.branch_labels)}
depends_on = {literal(revision.depends_on)}
"""
