"""Why can it not be done? Plan → the one UserError that matters most, with its cure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..messages import Message, _
from ..messages.errors import UserError
from ..messages.quoting import quoted
from ..migrations.graph import Graph, Node
from .advice import not_found
from .errors import Objection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from ..migrations.inventory import Inventory, Migration
    from ..project.project import Project
    from ..search.search import Search
    from ..search.sources import Candidate
    from .plan import Plan, Unapplied

_ASSIGNED = re.compile(r"down_revision\b[^=]*=[ \t]*")


def obstacle(project: Project, inventory: Inventory, plan: Plan, search: Search) -> UserError | None:
    """Return why the plan cannot be carried out, None if it can."""
    if duplicates := inventory.own_graph.duplicates:
        return _duplicate(*next(iter(duplicates.items())))
    if plan.gaps:
        skipped = (*inventory.skipped, *search.skipped)
        return not_found(project, search.surroundings, plan.gaps, skipped)
    if plan.unapplied:
        return _not_applied(plan.unapplied[0])
    return None


def overlap(project: Project, plan: Plan, *, databases: int) -> UserError | None:
    """Return why Alembic would refuse to upgrade once the plan is carried out, None if it would not."""
    if not plan.overlapping:
        return None
    if databases > 1:  # `stamp` would give each of them the rows of all
        text = _(
            "One of the databases has {rows:list} as a row of its own, but by the files here "
            "another applied migration comes after it, so Alembic refuses: the parents of an "
            "applied migration were changed.\n"
            "  If all of them did run there, delete that row from its version table."
        )
        return UserError(text, rows=plan.overlapping)
    rows = (row for row in plan.applied if row not in plan.overlapping)
    stamp = project.command("stamp", "--purge", *rows)  # works only where all files are
    text = _(
        "The database has {rows:list} as a row of its own, but by the files here another applied "
        "migration comes after it, so Alembic refuses: the parents of an applied migration were "
        "changed.\n"
        "  If all of them did run, let the rows say so: cd {folder:q} && {stamp}"
    )
    return UserError(text, rows=plan.overlapping, folder=project.folder, stamp=stamp)


def way_back(project: Project, target: str) -> str:
    """Return what a user types to go back to a revision that the database has left behind."""
    return project.command("downgrade", target)


def on_borrowed(
    inventory: Inventory, whole: Graph, pending: Set[str], borrowed: Mapping[str, str]
) -> Objection | None:
    """Return which own migration would be applied although its parent is only borrowed, None if none would.

    `whole` is the graph of own and borrowed ones, `borrowed` says from where each was.
    """
    own = inventory.branch_graph
    for id in own.order(pending & own.nodes.keys()):
        parents = own.nodes[id].revision.down_revisions
        if lent := [parent for parent in parents if parent in borrowed]:
            migration = next(one for one in inventory.own if one.revision.id == id)
            text = _(
                "{revision} is not applied yet, and follows {parents:list}, which is only "
                "borrowed here, from {origins:list}. Once it is applied, the database goes by "
                "that parent. The database was not changed.\n"
                "  Give it an own parent first, in {path}, line {number}:\n"
                "    {before}\n"
                "  → {after}\n"
                "  If that parent is meant, because git will bring it: alembic-worktrees "
                "upgrade --on-borrowed"
            )
            return Objection(
                "on-borrowed",
                text,
                revision=id,
                parents=tuple(lent),
                origins=tuple(dict.fromkeys(borrowed[parent] for parent in lent)),
                path=migration.path,
                **_own_parent(migration, _footing(own, whole, lent), lent),
            )
    return None


def _footing(own: Graph, whole: Graph, lent: Sequence[str]) -> tuple[str, ...]:
    """Return the head of what on this branch needs nothing borrowed; of several those that `lent` comes after."""
    firm: dict[str, Node] = {}
    for id in own.order(own.nodes):
        if all(parent in firm for parent in own.parents(id)):
            firm[id] = own.nodes[id]
    heads = Graph(firm.values()).real_heads
    if len(heads) < 2:
        return heads
    above = whole.closure(lent).known
    return Graph(node for id, node in firm.items() if id in above).real_heads


def _own_parent(migration: Migration, footing: Sequence[str], lent: Sequence[str]) -> dict[str, object]:
    """Return the line that names the parents, and how it reads with own ones in place of those `lent`."""
    kept = [parent for parent in migration.revision.down_revisions if parent not in lent]
    number, line, start = _line(migration.content)
    return {"number": number, "before": line, "after": f"{start}{literal(kept or footing)}"}


def _line(content: bytes) -> tuple[int, str, str]:
    """Return where `down_revision` is assigned, that line, and what of it stands before the value."""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if found := _ASSIGNED.match(line):
            return number, line, found[0]
    return 1, "down_revision = …", "down_revision = "


def literal(parents: Sequence[str]) -> str:
    """Return parents as a migration spells them."""
    return repr(parents[0] if len(parents) == 1 else tuple(parents) or None)


def choice(candidate: Candidate) -> Message:
    """Return a candidate as one to choose: where it lies, and the option that takes it."""
    text = _("{path} (to choose it: --from {origin:q})")
    return Message(text, {"path": _place(candidate), "origin": candidate.origin.name})


def _duplicate(revision: str, nodes: Sequence[Node]) -> UserError:
    files = tuple(node.path for node in nodes)
    text = _(
        "Two files of this checkout define {revision}; Alembic cannot tell them apart:\n"
        "{files:lines}\n"
        "  Keep one and remove the other, for example: {remove}"
    )
    return UserError(text, revision=revision, files=files, remove=f"rm {quoted(files[-1])}")


def _place(candidate: Candidate) -> str:
    between = "/" if candidate.path else ":"
    return f"{candidate.origin.name}{between}{candidate.origin.path}"


def _not_applied(unapplied: Unapplied) -> UserError:
    origin = unapplied.candidate.origin.name
    text = _(
        "{needed_by:list} in this checkout needs {revision}, which lies in {origin} but which "
        "the database has not applied, so it is not borrowed.\n"
        "  Get it with git (merge or rebase onto the branch of {origin}), or apply it in "
        "{origin} first."
    )
    return UserError(text, revision=unapplied.revision, needed_by=unapplied.needed_by, origin=origin)
