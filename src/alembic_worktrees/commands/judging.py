"""`check`, `protect` and `report`: they judge, and change nothing but the record of borrowed files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DONE, NOT_DONE, Refusal, Usage
from ..messages import Message
from ..project import ConfigFiles, config_files, find_project
from ..review import (
    Scope,
    find_scope,
    projects,
    review_commit,
    review_database,
    review_files,
    review_index,
    review_merge,
    review_project,
)
from ..settings import FILE, load_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping

    from ..check import Problem
    from ..printer import Printer

PATIENCE = 2.0  # seconds that a hook waits for a database


def check(options: argparse.Namespace, printer: Printer) -> int:
    """Print every problem on standard output; status 1 if there is one."""
    _must_make_sense(options)
    files = config_files(options.config, options.name, (), os.environ)
    scope = find_scope(options.directory, Path.cwd(), files)
    problems = tuple(_problems(options, scope, files))
    if scope and problems:
        printer.speak(scope.language())
    if options.json:
        printer.document({"problems": [_row(problem, printer) for problem in problems]})
    else:
        for problem in problems:
            printer.data(*printer.phrase(_line(problem)).split("\n"))
    unjudged = {"package-missing", "compiled"} if options.staged else {}  # a hook only says so
    return NOT_DONE if any(problem.id not in unjudged for problem in problems) else DONE


def _must_make_sense(options: argparse.Namespace) -> None:
    if options.onto and not options.ref:
        raise Usage("onto-without-ref")
    if options.database and (options.staged or options.ref):
        raise Usage("database-with-git")


def _problems(options: argparse.Namespace, scope: Scope | None, files: ConfigFiles) -> Iterator[Problem]:
    commit = options.ref or (_pushed(os.environ) if options.staged else None)
    if scope is None:
        yield from _outside_git(options, files)
    elif options.onto:
        yield from review_merge(scope, options.ref, options.onto)
    elif commit:
        yield from review_commit(scope, commit)
    elif options.staged:
        yield from review_index(scope)
    else:
        yield from review_files(scope)
        if options.database:
            yield from review_database(scope, os.environ, verbose=options.verbose)


def _pushed(environment: Mapping[str, str]) -> str | None:
    """Return the commit that is being pushed, where pre-commit runs us before a push.

    Where the remote has nothing yet, pre-commit names the branch alone.
    """
    names = ("PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH")
    pushing = "PRE_COMMIT_REMOTE_NAME" in environment
    return next(filter(None, map(environment.get, names)), None) if pushing else None


def _outside_git(options: argparse.Namespace, files: ConfigFiles) -> Iterable[Problem]:
    if options.staged or options.ref:
        raise Refusal("not-a-repository", folder=Path.cwd())
    project = find_project(options.directory, here=Path.cwd(), home=None, files=files)
    return review_project(project, load_settings(project.folder / FILE))


def _line(problem: Problem) -> Message:
    return Message(
        "check-line",
        {"files": problem.files, "id": problem.id, "message": problem.message, "hint": problem.hint},
    )


def _row(problem: Problem, printer: Printer) -> dict[str, object]:
    return {
        "id": problem.id,
        "revision": problem.revision,
        "message": printer.phrase(problem.message),
        "hint": printer.phrase(problem.hint),
        "files": list(problem.files),
    }


def protect(options: argparse.Namespace, printer: Printer) -> int:
    """Refuse a commit that rewrites a published migration, unless SKIP names us, as for pre-commit."""
    from ..protect import rewritten

    if "alembic-protect" in os.environ.get("SKIP", "").split(","):
        return DONE
    files = config_files(options.config, options.name, (), os.environ)
    scope = find_scope(options.directory, Path.cwd(), files)
    rows = tuple(rewritten(scope)) if scope else ()
    if scope and rows:
        printer.speak(scope.language())
        named = tuple(Message(f"protected-{row.how}", {"path": row.path}) for row in rows)
        branches = tuple(dict.fromkeys(row.published for row in rows))
        raise Refusal("protected", branches=branches, rows=named, paths=tuple(row.path for row in rows))
    return DONE


def report(options: argparse.Namespace, printer: Printer) -> int:
    """Say what a merge, rebase or checkout brought. Never fails: git has done its work already."""
    try:
        _report(options, printer)
    except Refusal as refusal:
        printer.tell(Message(refusal.key, refusal.values))
    except Exception as error:
        from ..runner import mask

        printer.tell(Message("report-failed", {"error": mask(f"{type(error).__name__}: {error}")}))
    return DONE


def _report(options: argparse.Namespace, printer: Printer) -> None:
    from ..report import make_report, say, told, what_happened

    files = config_files(options.config, options.name, (), os.environ)
    scope = find_scope(None, Path.cwd(), files)
    event = what_happened(told(options.words, os.environ), scope) if scope else None
    if scope and event:
        printer.speak(scope.language())
        say(make_report(scope, event, projects(scope, placed=True)), printer.tell)
        if options.database:
            _report_database(scope, printer)


def _report_database(scope: Scope, printer: Printer) -> None:
    try:
        for problem in review_database(scope, os.environ, PATIENCE):
            printer.tell(Message("report-problem", {"message": problem.message, "hint": problem.hint}))
    except TimeoutError:
        printer.tell(Message("database-silent", {"seconds": int(PATIENCE)}))
    except Refusal as refusal:
        if refusal.key not in {"probe-failed", "database-down"}:
            raise
        printer.tell(Message("database-refused", {"reason": refusal.values["reason"]}))
