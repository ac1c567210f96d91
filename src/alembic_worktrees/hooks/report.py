"""After a merge, pull, rebase or checkout: what came, is it complete, has it diverged, which originals arrived."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..check.recorded import review_tree
from ..check.review import project_in
from ..check.snapshot import Tree
from ..messages import STEP, WARN, Message, Text, _n
from ..messages.errors import UserError
from ..migrations.notes import read_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..check.problems import Problem
    from ..check.review import Scope
    from ..check.snapshot import Environment


class Event(NamedTuple):
    """What git did: the files were those of `before` (None: there were none here) and are those of `after` now."""

    before: Tree | None
    after: Tree


class Report(NamedTuple):
    """What there is to say; the other falsy parts say nothing."""

    folders: tuple[str, ...]  # of the configs: their settings say in which language
    new: tuple[str, ...]  # paths of the migrations that came
    problems: tuple[Problem, ...]
    arrived: tuple[Message, ...]


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
    problems = review_tree(scope, event.after, sound=known.values())
    return Report(
        folders=tuple(environment.folder for environment in environments),
        new=new,
        # What is only unwise is said once: when it comes.
        problems=tuple(one for one in problems if not one.warning or {*one.files} & {*new}),
        arrived=tuple(message for environment in environments for message in _arrived(scope, environment)),
    )


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
    """Tidy the record, unless there is none, or an upgrade is at it: that one tidies too."""
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
        if free:
            yield from tidy(project, take_inventory(project))


def say(report: Report, tell: Callable[[Message], None]) -> None:
    """Tell what there is to tell; nothing if there is nothing."""
    if report.new:
        names = tuple(os.path.basename(path) for path in report.new)
        tell(
            _n(
                "{n} new migration:\n{files:lines}",
                "{n} new migrations:\n{files:lines}",
                len(names),
                {"files": names},
                STEP,
            )
        )
    for message in report.arrived:
        tell(message)
    for problem in report.problems:
        tell(warning_of(problem))


def warning_of(problem: Problem) -> Message:
    """Return a problem as what to say when it stops nothing."""
    return Message(Text("{message}\n  → {hint}"), {"message": problem.message, "hint": problem.hint}, WARN)
