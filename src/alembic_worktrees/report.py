"""After a merge, pull, rebase or checkout: what came, is it complete, has it diverged, which originals arrived."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from . import git
from .borrow import tidy
from .inventory import take_inventory
from .lock import if_free
from .messages import Message
from .review import Scope, review_commit
from .trees import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .check import Problem
    from .project import Project


class Event(NamedTuple):
    """What git did: HEAD was at `before` (None: there was nothing to compare with) and is at `after` now."""

    before: str | None
    after: str


class Report(NamedTuple):
    """What there is to say; falsy parts say nothing."""

    new: tuple[str, ...]  # paths of the migrations that came
    problems: tuple[Problem, ...]
    arrived: tuple[Message, ...]


def what_happened(
    hook: str, words: Sequence[str], environment: Mapping[str, str], scope: Scope
) -> Event | None:
    """Return what git did, told by the hook's name and arguments or by pre-commit's variables; None if nothing.

    During a rebase nothing is said: post-rewrite comes at its end. Source: githooks(5), FACTS "git".
    """
    after = git.commit_id(scope.root, "HEAD")
    if after is None or git.is_rebasing(scope.root):
        return None
    if hook == "post-checkout":
        old, _, flag = _checkout_words(words, environment)
        if flag != "1" or old == after:
            return None
        return Event(old if old.strip("0") and git.commit_id(scope.root, old) else None, after)
    if hook == "post-rewrite" and _rewriter(words, environment) == "amend":
        return None
    return Event(git.commit_id(scope.root, "ORIG_HEAD"), after)


def _checkout_words(words: Sequence[str], environment: Mapping[str, str]) -> tuple[str, str, str]:
    names = ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_CHECKOUT_TYPE")
    old, new, flag = words[:3] if len(words) >= len(names) else (environment.get(name, "") for name in names)
    return old, new, flag


def _rewriter(words: Sequence[str], environment: Mapping[str, str]) -> str:
    return words[0] if words else environment.get("PRE_COMMIT_REWRITE_COMMAND", "")


def make_report(scope: Scope, event: Event, projects: Sequence[Project]) -> Report:
    """Look at what is recorded now, and tidy the records of what git has brought."""
    return Report(
        new=tuple(_new_migrations(scope, event)),
        problems=tuple(review_commit(scope, event.after)),
        arrived=tuple(message for project in projects for message in _arrived(project)),
    )


def _new_migrations(scope: Scope, event: Event) -> Iterator[str]:
    if event.before is None:
        return
    before, after = Tree(scope.root, event.before), Tree(scope.root, event.after)
    for _, places in after.projects(scope.files, scope.folder):
        yield from (path for path in after.migrations(places) if path not in before.blobs)


def _arrived(project: Project) -> Iterator[Message]:
    """Tidy the record, unless an upgrade is at it: that one tidies too."""
    with if_free(project) as free:
        inventory = take_inventory(project) if free else None
        if inventory and inventory.arrived:
            tidy(inventory)
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
