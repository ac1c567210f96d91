"""Why can it not be done? Plan → the one Refusal that matters most, with its cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .advice import not_found
from .errors import Refusal
from .messages import Message, one_line, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .graph import Node
    from .inventory import Inventory
    from .plan import Difference, Plan, Unapplied
    from .project import Project
    from .search import Search
    from .sources import Candidate


def obstacle(project: Project, inventory: Inventory, plan: Plan, search: Search) -> Refusal | None:
    """Return why the plan cannot be carried out, None if it can."""
    if duplicates := inventory.own_graph.duplicates:
        return _duplicate(*next(iter(duplicates.items())))
    if plan.ties:
        return _tie(plan.ties[0])
    if plan.gaps:
        stepped = (*inventory.stepped, *search.stepped)
        return not_found(project, search.surroundings, plan.gaps, stepped)
    if plan.unapplied:
        return _not_applied(plan.unapplied[0])
    return None


def overlap(project: Project, plan: Plan, *, databases: int) -> Refusal | None:
    """Return why Alembic would refuse to upgrade once the plan is carried out, None if it would not."""
    if not plan.overlapping:
        return None
    if databases > 1:  # `stamp` would give each of them the rows of all
        return Refusal("rows-overlap-somewhere", rows=plan.overlapping)
    rows = (row for row in plan.applied if row not in plan.overlapping)
    stamp = project.command("stamp", "--purge", *rows)  # works only where all files are
    return Refusal("rows-overlap", rows=plan.overlapping, folder=project.folder, stamp=stamp)


def way_back(project: Project, target: str) -> str:
    """Return what a user types to go back to a revision that the database has left behind."""
    return project.command("downgrade", target)


def choice(candidate: Candidate) -> Message:
    """Return a candidate as one to choose: where it lies, and the option that takes it."""
    return Message("choose", {"path": _place(candidate), "origin": candidate.origin.name})


def _duplicate(revision: str, nodes: Sequence[Node]) -> Refusal:
    files = tuple(node.path for node in nodes)
    return Refusal("duplicate-here", revision=revision, files=files, remove=f"rm {quoted(files[-1])}")


def _tie(difference: Difference) -> Refusal:
    import difflib

    first = difference.others[0]
    second = next(one for one in difference.others if one.content != first.content)
    names = [one_line(_place(one)) for one in (first, second)]
    diff = difflib.unified_diff(_lines(first), _lines(second), names[0], names[1], lineterm="")
    choices = tuple(choice(candidate) for candidate in difference.others)
    return Refusal("tie", revision=difference.revision, diff="\n".join(diff), candidates=choices)


def _lines(candidate: Candidate) -> list[str]:
    return candidate.content.decode("utf-8", "backslashreplace").splitlines()


def _place(candidate: Candidate) -> str:
    between = "/" if candidate.path else ":"
    return f"{candidate.origin.name}{between}{candidate.origin.path}"


def _not_applied(unapplied: Unapplied) -> Refusal:
    origin = unapplied.candidate.origin.name
    return Refusal(
        "parent-not-applied", revision=unapplied.revision, needed_by=unapplied.needed_by, origin=origin
    )
