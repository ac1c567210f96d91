"""What can be wrong with migrations, as values: each problem's stable id, what it says, and its cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..messages import Message, Text, _

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WARNINGS = {"id-prefix"}  # Alembic looks for the whole id first

_UPGRADE = Text("alembic-worktrees upgrade {folder:q}{words:options}")
_CORRECT = _("Correct the file")
_RENAME = _("Rename the revision, here and where it is referred to")
# What each says, and its cure
_PROBLEMS = {
    "parent-missing": (
        _("{refers}, which is nowhere: Alembic fails with KeyError"),
        _("Correct down_revision, or bring back the file of {revision}"),
    ),
    "depends-missing": (
        _("{refers}, which is nowhere: Alembic fails with KeyError"),
        _("Correct depends_on, or bring back the file of {revision}"),
    ),
    "borrowed-stranded": (
        _(
            "{needed_by:list} is only borrowed here and needs {revision}, which is not here any more: "
            "Alembic fails with KeyError"
        ),
        _UPGRADE,
    ),
    "duplicate-revision": (
        _("{revision} is defined by {count}; Alembic takes them for heads of their own"),
        _("Keep one and remove the others, for example: {remove}"),
    ),
    "borrowed-staged": (
        _(
            "{revisions:list} is only borrowed here (from {origins:list}), and is staged: it "
            "would be recorded as this branch's own"
        ),
        _(
            "To leave it out: git rm --cached {files:top} && {there}alembic-worktrees copy\n"
            "  → To record it all the same: {there}alembic-worktrees adopt {revisions:words}"
        ),
    ),
    "undoes-others": (
        _("{revision} takes back what others have done:\n{undone:lines}"),
        _(
            "To write it anew, with this branch's own changes alone: {remove} && alembic-worktrees "
            "revision {folder:q}{words:options} --autogenerate -m {title:q}"
        ),
    ),
    "cycle": (
        _("These revisions follow each other in a circle: {cycle:list}"),
        _("Correct down_revision or depends_on in one of them"),
    ),
    "self-loop": (
        _("{revision} follows itself"),
        _("Correct its down_revision or depends_on"),
    ),
    "duplicate-label": (
        _("The branch label {label} is used by {owners:list}; Alembic allows one"),
        _("Change branch_labels in one of them"),
    ),
    "no-revision": (
        _("Alembic loads every .py file there, and this one has no revision"),
        _("Move it to another folder, or give it a revision"),
    ),
    "unreadable": (
        _("It cannot be read: {reason} {detail}"),
        _CORRECT,
    ),
    "compiled": (
        _("not judged: Alembic loads it (sourceless = true), and what it declares is compiled"),
        _("Put its source beside it: then that is loaded, and read"),
    ),
    "config-unreadable": (
        _("It cannot be read as Alembic reads it: {reason}"),
        _CORRECT,
    ),
    "package-missing": (
        _(
            "not judged: the Alembic config says {location}, and no package {package} with "
            "this folder is found"
        ),
        _(
            "Install the project (pip install --editable .), set prepend_sys_path, or write "
            "the location as a path"
        ),
    ),
    "illegal-id": (
        _("Alembic does not allow {characters} in an id: {revision}"),
        _RENAME,
    ),
    "id-too-long": (
        _("{revision} has {length} characters; the version table holds {longest}"),
        _RENAME,
    ),
    "id-prefix": (
        _(
            "{longer} begins with {revision}: where {revision} is missing, Alembic silently "
            "takes {longer} for it"
        ),
        _("Rename the one that is not yet applied anywhere"),
    ),
    "diverged-heads": (
        _("The history has diverged into {count}: {heads:list}"),
        Text("{join}"),
    ),
    "applied-missing": (
        _("The database has {revision}, which this checkout lacks"),
        _UPGRADE,
    ),
    "not-applied": (
        _("The database does not have {waiting:list} yet"),
        _UPGRADE,
    ),
}
# The cures of heads that have diverged, by the setting
JOIN = {
    "merge": _(
        'alembic-worktrees merge {folder:q}{words:options} -m "merge heads", then commit the new file\n'
        "  → Without a merge migration: cd {folder:q} && alembic-worktrees rebase{words:options}"
    ),
    "rebase": _("cd {folder:q} && alembic-worktrees rebase{words:options}, then commit the file"),
}
REFERS = {
    "parent": _("{needed_by:list} follows {revision}"),
    "depends": _("{needed_by:list} depends on {revision}"),
}
# What is said of it where it lies all the same; the cure is what brings it.
_LYING = {
    "borrowed": _("{refers}, which is only borrowed here (from {origin}) and will not be recorded"),
    "unrecorded": _("{refers}, which lies here but is not recorded: {path}"),
    "elsewhere": _("{refers}, which lies in {origin} but not here: {path}"),
    "unsearched": _(
        "{refers}, which was not found; git took too long, so not all of its history was searched"
    ),
}


class Problem(NamedTuple):
    """One thing that is wrong: `id` is stable, `hint` is the cure."""

    id: str
    revision: str | None
    message: Message
    hint: Message
    files: tuple[str, ...]
    marks: frozenset[tuple[str, ...]] = frozenset()
    """What it is, whatever else is in the commit: who follows which missing revision, for example."""
    warning: bool = False
    """Whether it is only unwise, or only not known."""

    def was_in(self, before: Sequence[Problem]) -> bool:
        """Whether all of it was there before. Heads that have diverged may grow, but not become more."""
        if self.id == "diverged-heads":
            alike = [old for old in before if old.id == self.id and old.marks & self.marks]
            return any(len(old.files) >= len(self.files) for old in alike)
        return self.marks <= {mark for old in before for mark in old.marks}


class Found(NamedTuple):
    """Where a revision lies that the snapshot lacks: `how` is borrowed, unrecorded or elsewhere; `cure` brings it.

    "unsearched" is where it was not found, but not all was searched.
    """

    how: str
    origin: str
    path: str
    cure: Message


def problem(
    id: str,
    revision: str | None,
    files: Sequence[str],
    about: Iterable[tuple[str, ...]] | None = None,
    **values: object,
) -> Problem:
    """Return the problem `id`, whose texts are filled with `values`; `about` tells it from others of its kind."""
    filled = {"revision": revision, "files": tuple(files), **values}
    marks = frozenset((id, *one) for one in (zip(files) if about is None else about))
    message, cure = (Message(text, filled) for text in _PROBLEMS[id])
    return Problem(id, revision, message, cure, tuple(files), marks, id in WARNINGS)


def lying(missing: Problem, found: Found) -> Problem:
    """Return what is to be said of a revision that is missing here, and lies in that place."""
    id = f"{missing.id.partition('-')[0]}-{found.how}"
    message = Message(_LYING[found.how], {**missing.message.values, **found._asdict()})
    return missing._replace(id=id, message=message, hint=found.cure)
