"""`check`, `protect` and `report`: they judge, and change nothing but the record of borrowed files."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...check.recorded import Review, joined, merging, review_commit, review_index, review_push
from ...check.review import projects, review_database, review_files, review_project
from ...messages import WARN, Message, _, _n
from ...messages.errors import DONE, NOT_DONE, Usage, UserError
from ...project.finding import find_project
from ...project.settings import settings_of
from .call import files_of, our_command, scope_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ...check.problems import Problem
    from ...check.review import Scope
    from ...project.project import Project
    from ...project.settings import Settings
    from ..printer import Printer

    Push = tuple[str, str | None]  # the commit, and where the branch stands on the remote

PUSHING = "PRE_COMMIT_REMOTE_NAME"  # set by pre-commit in a hook that git calls before a push


def check(options: argparse.Namespace, printer: Printer) -> int:
    """Print every problem on standard output; status 1 if there is one that is more than a warning."""
    _must_make_sense(options)
    hook = options.staged or options.pushed
    if hook and _is_skipped("alembic-check"):
        return DONE
    scope = scope_of(options)
    work = partial(_judge, options, scope, printer, hook=hook)
    return _passable(printer, _way_past(options, scope), work) if hook else work()


def _judge(options: argparse.Namespace, scope: Scope | None, printer: Printer, *, hook: bool) -> int:
    found = _review(options, scope, printer)
    if scope and found != Review():
        printer.speak(scope.language())
    _show(options, found, printer)
    if all(problem.warning for problem in found.problems):
        return DONE
    if hook and not options.json:
        printer.tell(_way_past(options, scope))
    return NOT_DONE


def _must_make_sense(options: argparse.Namespace) -> None:
    if (options.onto or options.since) and not options.ref:
        text = _("{option} goes with --ref: alembic-worktrees check --ref HEAD {option} origin/main")
        raise Usage(text, option="--onto" if options.onto else "--since")
    if (options.database or options.models) and (options.staged or options.pushed or options.ref):
        text = _("--database and --models ask the database; leave out --staged, --pushed and --ref")
        raise Usage(text)


def _is_skipped(hook: str) -> bool:
    """Whether the user says for this once, as for pre-commit, that he does not want the hook."""
    return hook in os.environ.get("SKIP", "").split(",")


def _passable(printer: Printer, way_past: Message, work: Callable[[], int]) -> int:
    """Do a hook's work and return its status; where it fails, whatever for, say how to get past it."""
    try:
        return work()
    except UserError as error:
        printer.tell(error.message)
        printer.tell(way_past)
        return NOT_DONE


def _way_past(options: argparse.Namespace, scope: Scope | None) -> Message:
    if options.pushed or PUSHING in os.environ:
        text = _("To push it as it is, for once: SKIP=alembic-check git push …, or git push --no-verify …")
    elif scope and merging(scope):
        text = _(
            "The merge waits for you. Once that is mended, add it and go on: git commit --no-edit\n"
            "  To give the merge up: git merge --abort\n"
            "  To commit it as it is, for once: SKIP=alembic-check git commit --no-edit"
        )
    else:
        text = _(
            "To commit it as it is, for once: SKIP=alembic-check git commit …, or git commit --no-verify …"
        )
    return Message(text)


def _review(options: argparse.Namespace, scope: Scope | None, printer: Printer) -> Review:
    if scope is None:
        return Review(tuple(_outside_git(options, printer)))
    since = [options.since] if options.since else []
    if options.ref:
        return review_commit(scope, options.ref, options.onto, since)
    if options.pushed or options.staged:
        return _in_hook(options, scope)
    return Review(tuple(_here(options, scope, printer)))


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
    commit = environment.get("PRE_COMMIT_TO_REF") or environment.get("PRE_COMMIT_LOCAL_BRANCH")
    pushing = PUSHING in environment
    return [(commit, environment.get("PRE_COMMIT_FROM_REF"))] if commit and pushing else None


def _here(options: argparse.Namespace, scope: Scope, printer: Printer) -> Iterator[Problem]:
    yield from review_files(scope)
    if options.database:
        yield from review_database(scope, os.environ, verbose=options.verbose)
    for project in projects(scope) if options.models else ():
        settings = scope.settings(os.path.relpath(project.folder, scope.root))
        yield from _models(options, project, settings, printer)


def _models(
    options: argparse.Namespace, project: Project, settings: Settings, printer: Printer
) -> Iterator[Problem]:
    from ...author.compare import Author
    from ...author.models import review_models

    yield from review_models(Author(project, settings, os.environ, printer.tell, options.verbose))


def _outside_git(options: argparse.Namespace, printer: Printer) -> Iterator[Problem]:
    if options.staged or options.pushed or options.ref:
        text = _(
            "{folder} is not in a git repository, so there is no index and no commit to check. To "
            "check the files: alembic-worktrees check"
        )
        raise UserError(text, folder=Path.cwd())
    project = find_project(options.directory, here=Path.cwd(), home=None, files=files_of(options))
    settings = settings_of(project.root, project.folder)
    yield from review_project(project, settings)
    if options.models:
        yield from _models(options, project, settings, printer)


def _show(options: argparse.Namespace, found: Review, printer: Printer) -> None:
    if options.json:
        printer.document({"problems": [_row(problem, printer) for problem in found.problems]})
    else:
        printer.tell(*map(line_of, found.problems), data=True)
    if found.before:
        ids = tuple(dict.fromkeys(problem.id for problem in found.before))
        whole = ["--ref", options.ref] if options.ref else []
        printer.tell(
            _n(
                "{n} problem was there before and stops nothing now: {ids:list}. See: {command}",
                "{n} problems were there before and stop nothing now: {ids:list}. See: {command}",
                len(found.before),
                {"ids": ids, "command": our_command(options, "check", *whole)},
            )
        )


def line_of(problem: Problem) -> Message:
    """Return what to say of a problem: what, where, and the cure."""
    text = _("{id}: {message}\n{files:lines}\n  → {hint}")
    if problem.warning:
        text = _("{id} (only a warning): {message}\n{files:lines}\n  → {hint}")
    return Message(
        text,
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


def protect(options: argparse.Namespace, printer: Printer) -> int:
    """Refuse a commit that rewrites a published migration, unless SKIP names us, as for pre-commit."""
    if _is_skipped("alembic-protect"):
        return DONE
    scope = scope_of(options)
    past = _("  To commit it anyway: SKIP=alembic-protect git commit …, or git commit --no-verify …")
    return _passable(printer, Message(past), partial(_protect, scope, printer)) if scope else DONE


def _protect(scope: Scope, printer: Printer) -> int:
    from ...hooks.protect import rewritten

    rows = tuple(rewritten(scope))
    if not rows:
        return DONE
    printer.speak(scope.language())
    branches = tuple(dict.fromkeys(row.published for row in rows))
    named, paths = tuple(row.message for row in rows), tuple(row.path for row in rows)
    text = _(
        "{branches:list} already has these migrations, and others may have applied them:\n"
        "{rows:lines}\n"
        "  Write a new migration instead. To undo the change: git restore --staged "
        "--worktree {paths:top}"
    )
    raise UserError(text, branches=branches, rows=named, paths=paths)


def report(options: argparse.Namespace, printer: Printer) -> int:
    """Say what a merge, rebase or checkout brought. Never fails: git has done its work already."""
    try:
        _report(options, printer)
    except UserError as error:
        printer.tell(error.message)
    except Exception as error:
        from ...runner.masking import mask

        text = _(
            "alembic-worktrees could not look at the migrations ({error}). To see why: alembic-worktrees check"
        )
        printer.tell(Message(text, {"error": mask(f"{type(error).__name__}: {error}")}, WARN))
    return DONE


def _report(options: argparse.Namespace, printer: Printer) -> None:
    from ...hooks.report import make_report, what_happened
    from ...hooks.touched import told

    scope = scope_of(options)
    event = what_happened(told(options.argv, os.environ), scope) if scope else None
    if scope and event:
        found = make_report(scope, event)
        printer.speak(scope.language(found.folders))
        printer.tell(*found.messages)
