"""`check`, `protect` and `report`: they judge, and change nothing but the record of borrowed files."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ... import PROGRAM
from ...check.recorded import Review, joined, merging, review_commit, review_index, review_push
from ...check.review import Scope, find_scope, review_database, review_files, review_project
from ...messages.errors import DONE, NOT_DONE, Usage, UserError
from ...messages.message import Message
from ...project.project import ConfigFiles, config_files, find_project
from ...project.settings import FILE, load_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping

    from ...check.rules import Problem
    from ..printer import Printer

    Push = tuple[str, str | None]  # the commit, and where the branch stands on the remote


def check(options: argparse.Namespace, printer: Printer) -> int:
    """Print every problem on standard output; status 1 if there is one that is more than a warning."""
    _must_make_sense(options)
    hook = options.staged or options.pushed
    if hook and _is_skipped("alembic-check"):
        return DONE
    files = config_files(options.config, options.name, (), os.environ)
    scope = find_scope(options.directory, Path.cwd(), files)
    with _passable(printer, _way_past(options, scope) if hook else None):
        found = _review(options, scope, files)
        if scope and found != Review():
            printer.speak(scope.language())
        _show(options, found, printer)
        if all(problem.warning for problem in found.problems):
            return DONE
        if hook and not options.json:
            printer.tell(_way_past(options, scope))
        return NOT_DONE


def _must_make_sense(options: argparse.Namespace) -> None:
    if options.since and not options.ref:
        raise Usage("since-without-ref")
    if options.database and (options.staged or options.pushed or options.ref):
        raise Usage("database-with-git")


def _is_skipped(hook: str) -> bool:
    """Whether the user says for this once, as for pre-commit, that he does not want the hook."""
    return hook in os.environ.get("SKIP", "").split(",")


@contextmanager
def _passable(printer: Printer, way_past: Message | None) -> Iterator[None]:
    """Say how to get past a hook that refuses, whatever for."""
    try:
        yield
    except UserError as error:
        if way_past is None:
            raise
        printer.tell(Message(error.key, error.values))
        raise UserError(way_past.key, **way_past.values) from error


def _way_past(options: argparse.Namespace, scope: Scope | None) -> Message:
    if options.pushed or _is_pushing(os.environ):
        return Message("past-check-push")
    return Message("past-check-merge" if scope and merging(scope) else "past-check")


def _review(options: argparse.Namespace, scope: Scope | None, files: ConfigFiles) -> Review:
    since = [options.since] if options.since else []
    if scope is None:
        return Review(tuple(_outside_git(options, files)))
    if options.ref:
        return review_commit(scope, options.ref, since)
    if options.pushed or options.staged:
        return _in_hook(options, scope)
    return Review(tuple(_here(options, scope)))


def _in_hook(options: argparse.Namespace, scope: Scope) -> Review:
    """Judge what is coming; pre-commit has one entry for all hooks, and tells by variables what is pushed."""
    pushes = _told_by_git() if options.pushed else _told_by_pre_commit(os.environ)
    if pushes is None:
        return review_index(scope)
    reviews = [review_push(scope, commit, remote) for commit, remote in pushes]
    return joined(reviews)


def _told_by_git() -> Iterable[Push]:
    """Return what is pushed, from the lines that git writes to a pre-push hook; at a terminal HEAD is meant."""
    if sys.stdin.isatty():
        return [("HEAD", None)]
    rows = (line.split(" ") for line in sys.stdin.read().splitlines())
    return [(row[1], row[3]) for row in rows if len(row) == 4 and row[1].strip("0")]


def _told_by_pre_commit(environment: Mapping[str, str]) -> Iterable[Push] | None:
    """Return what is pushed. Where the remote has nothing yet, pre-commit names the branch alone."""
    names = ("PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH")
    commit = next(filter(None, map(environment.get, names)), None)
    return [(commit, environment.get("PRE_COMMIT_FROM_REF"))] if commit and _is_pushing(environment) else None


def _is_pushing(environment: Mapping[str, str]) -> bool:
    return "PRE_COMMIT_REMOTE_NAME" in environment


def _here(options: argparse.Namespace, scope: Scope) -> Iterator[Problem]:
    yield from review_files(scope)
    if options.database:
        yield from review_database(scope, os.environ, verbose=options.verbose)


def _outside_git(options: argparse.Namespace, files: ConfigFiles) -> Iterable[Problem]:
    if options.staged or options.pushed or options.ref:
        raise UserError("not-a-repository", folder=Path.cwd())
    project = find_project(options.directory, here=Path.cwd(), home=None, files=files)
    return review_project(project, load_settings(project.folder / FILE))


def _show(options: argparse.Namespace, found: Review, printer: Printer) -> None:
    if options.json:
        printer.document({"problems": [_row(problem, printer) for problem in found.problems]})
    else:
        for problem in found.problems:
            printer.data(*printer.phrase(line_of(problem)).split("\n"))
    sys.stdout.flush()  # what is told comes after it, also where git makes one of the two streams
    if found.before:
        ids = tuple(dict.fromkeys(problem.id for problem in found.before))
        values = {"problems": found.before, "ids": ids, "command": _again(options)}
        printer.tell(Message("were-before", values))


def _again(options: argparse.Namespace) -> str:
    """Return the call that judges the whole of it."""
    import shlex

    argv = [options.directory] if options.directory else []
    argv += config_files(options.config, options.name, (), os.environ).argv
    argv += ["--ref", options.ref] if options.ref else []
    return shlex.join([PROGRAM, "check", *argv])


def line_of(problem: Problem) -> Message:
    """Return what to say of a problem: what, where, and the cure."""
    return Message(
        "check-warning" if problem.warning else "check-line",
        {"files": problem.files, "id": problem.id, "message": problem.message, "hint": problem.hint},
    )


def _row(problem: Problem, printer: Printer) -> dict[str, object]:
    return {
        "id": problem.id,
        "revision": problem.revision,
        "message": printer.phrase(problem.message),
        "hint": printer.phrase(problem.hint),
        "files": list(problem.files),
        **({"warning": True} if problem.warning else {}),
    }
