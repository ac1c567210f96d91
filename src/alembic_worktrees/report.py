"""After a merge, pull, rebase or checkout: what came, is it complete, has it diverged, which originals arrived."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from . import git
from .borrow import mended, tidy
from .inventory import take_inventory
from .lock import if_free
from .messages import Message
from .recorded import review_tree
from .trees import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .check import Problem
    from .project import Project
    from .review import Scope


VARIABLES = {
    "post-checkout": ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_CHECKOUT_TYPE"),
    "post-merge": ("PRE_COMMIT_IS_SQUASH_MERGE",),
    "post-rewrite": ("PRE_COMMIT_REWRITE_COMMAND",),
}


class Event(NamedTuple):
    """What git did: the files were those of `before` (None: there were none here) and are those of `after` now."""

    before: Tree | None
    after: Tree


class Report(NamedTuple):
    """What there is to say; falsy parts say nothing."""

    new: tuple[str, ...]  # paths of the migrations that came
    problems: tuple[Problem, ...]
    arrived: tuple[Message, ...]


def told(words: Sequence[str], environment: Mapping[str, str]) -> Sequence[str]:
    """Return the name of the hook and what git told it; pre-commit hands that on in variables, and no name."""
    named = (hook for hook, names in VARIABLES.items() if names[-1] in environment)
    hook, *arguments = words or [next(named, "post-merge")]
    names = VARIABLES.get(hook, ())
    return hook, *(
        arguments if len(arguments) == len(names) else (environment.get(name, "") for name in names)
    )


def what_happened(told: Sequence[str], scope: Scope) -> Event | None:
    """Return what git did, from the name of the hook and what git told it; None if nothing.

    A rebase is told of at its end, by post-rewrite; one that has nothing to apply ends with post-checkout.
    Source: githooks(5), FACTS "git".
    """
    head = git.commit_id(scope.root, "HEAD")
    if head is None or (told[0] != "post-rewrite" and git.is_rebasing(scope.root)):
        return None
    match told:
        case "post-checkout", before, _, flag:
            return _event(scope, before, head) if flag == "1" and before != head else None
        case "post-rewrite", "amend":
            return None
        case "post-merge", "1":  # a squash: HEAD stays, what came lies in the index
            return Event(Tree(scope.root, head), Tree(scope.root, None, in_hook=scope.in_hook))
    return _event(scope, "ORIG_HEAD", head)


def _event(scope: Scope, before: str, after: str) -> Event:
    known = before.strip("0") and git.commit_id(scope.root, before)
    return Event(Tree(scope.root, known) if known else None, Tree(scope.root, after))


def make_report(scope: Scope, event: Event, projects: Sequence[Project]) -> Report:
    """Look at what is recorded now, and tidy the records of what git has brought."""
    known = (event.before or event.after).blobs
    return Report(
        new=tuple(_new_migrations(scope, event.after, known)),
        problems=tuple(review_tree(scope, event.after, sound=known.values())),
        arrived=tuple(message for project in projects for message in _arrived(project)),
    )


def _new_migrations(scope: Scope, tree: Tree, known: Mapping[str, str]) -> Iterator[str]:
    """Yield what was not there before, be it changed or under another name."""
    blobs = set(known.values())
    for environment in tree.projects(scope.files, scope.folder):
        for path, blob in tree.migrations(environment.places).items():
            if path not in known and blob not in blobs:
                yield path


def _arrived(project: Project) -> Iterator[Message]:
    """Tidy the record, unless an upgrade is at it: that one tidies too."""
    with if_free(project.repository) as free:
        inventory = take_inventory(project) if free else None
        if inventory and (inventory.arrived or not inventory.whole):
            tidy(project, inventory)
            yield from mended(inventory)
            for row in inventory.arrived:
                yield Message("arrived", {"revision": row.entry.revision, "path": row.migration.path})


def say(report: Report, tell: Callable[[Message], None]) -> None:
    """Tell what there is to tell; nothing if there is nothing."""
    if report.new:
        names = tuple(os.path.basename(path) for path in report.new)
        tell(Message("report-new", {"files": names}))
    for message in report.arrived:
        tell(message)
    for problem in report.problems:
        tell(Message("report-problem", {"message": problem.message, "hint": problem.hint}))
