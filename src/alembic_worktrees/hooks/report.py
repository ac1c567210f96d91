"""After a merge, pull, rebase or checkout: what came, is it complete, has it diverged, which originals arrived."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..check.recorded import review_tree
from ..check.review import project_in
from ..check.rules import stranded
from ..check.snapshot import Tree
from ..messages import STEP, WARN, Message, Text, _n
from ..messages.errors import UserError
from ..messages.message import FEW
from ..migrations.notes import read_notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..check.problems import Problem
    from ..check.review import Scope
    from ..check.snapshot import Environment


class Event(NamedTuple):
    """What git did: the files were those of `before` (None: there were none here) and are those of `after` now."""

    before: Tree | None
    after: Tree


class Report(NamedTuple):
    """What there is to say; nothing if there is nothing. The settings in `folders` choose the language."""

    folders: tuple[str, ...]
    messages: tuple[Message, ...]


def what_happened(told: Sequence[str], scope: Scope) -> Event | None:
    """Return what git did, from the name of the hook and what git told it; None if nothing.

    A rebase is told of at its end, by post-rewrite; one that has nothing to apply ends with post-checkout.
    Source: githooks(5), FACTS "git".
    """
    if told[0] != "post-rewrite" and git.is_rebasing(scope.root):
        return None
    match told:
        case "post-checkout", before, after, flag:
            return _event(scope, before) if flag == "1" and before != after else None
        case "post-rewrite", "amend":
            return None
        case "post-merge", "1":  # a squash: HEAD stays, what came lies in the index
            return Event(_tree(scope.root, "HEAD"), Tree(scope.root, None, in_hook=scope.in_hook))
    return _event(scope, "ORIG_HEAD")


def _event(scope: Scope, before: str) -> Event | None:
    after = _tree(scope.root, "HEAD")
    known = _tree(scope.root, before) if before.strip("0") else None
    return Event(known, after) if after else None


def _tree(root: Path, commit: str) -> Tree | None:
    try:
        return Tree(root, commit)
    except git.CommitMissing:
        return None


def make_report(scope: Scope, event: Event) -> Report:
    """Look at what is recorded now, and tidy the records of what git has brought."""
    known = (event.before or event.after).blobs
    environments = tuple(event.after.projects(scope.files, scope.folder))
    new = tuple(_new_migrations(environments, event.after, known))
    said = [_came(new)] if new else []
    for environment in environments:
        said += _arrived(scope, environment)
    for problem in review_tree(scope, event.after, sound=known.values()):
        # What is only unwise is said once: when it comes.
        if not problem.warning or not set(new).isdisjoint(problem.files):
            said.append(_warning(problem))
    return Report(tuple(environment.folder for environment in environments), tuple(said))


def _came(new: Sequence[str]) -> Message:
    names = tuple(map(os.path.basename, new[:FEW]))
    return _n(
        "{n} new migration:\n{files:lines}",
        "{n} new migrations:\n{files:lines}",
        len(new),
        {"files": names if len(new) <= FEW else (*names, "…")},
        STEP,
    )


def _warning(problem: Problem) -> Message:
    return Message(Text("{message}\n  → {hint}"), {"message": problem.message, "hint": problem.hint}, WARN)


def _new_migrations(
    environments: Iterable[Environment], tree: Tree, known: Mapping[str, str]
) -> Iterator[str]:
    """Yield what was not there before, be it changed or under another name."""
    blobs = set(known.values())
    for environment in environments:
        for path, blob in tree.migrations(environment.locations).items():
            if path not in known and blob not in blobs:
                yield path


def _arrived(scope: Scope, environment: Environment) -> Iterator[Message]:
    """Tidy the record, and name what a checkout left without its parents.

    Not where nothing is borrowed, nor where an upgrade is at it: that one tidies too.
    """
    try:
        project = project_in(scope, environment.folder, environment.files)
    except UserError:  # a config that is used from another folder, by `alembic -c`
        return
    if not read_notes(project).rows:
        return
    from ..borrow.apply import tidy
    from ..borrow.lock import if_free
    from ..migrations.inventory import take_inventory

    with if_free(project.repository) as free:
        if not free:
            return
        inventory = take_inventory(project)
        yield from tidy(project, inventory)
    named = {"folder": project.folder, "words": project.files.argv}
    yield from map(_warning, stranded(inventory.graph, frozenset(inventory.origins), named))
