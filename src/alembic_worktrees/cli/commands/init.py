"""`init`."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from ... import git
from ...borrow.lock import WAITING
from ...check.review import find_scope, projects
from ...install.changes import Change, Target, apply, to_remove
from ...install.database_url import offer
from ...install.extras import Home
from ...install.installation import plan_installation, plan_removal, with_settings
from ...install.purge import Remains, find_remains, take
from ...messages import OK, STEP, WARN, Message, _, _n
from ...messages.errors import DONE, Usage, UserError
from ...messages.speaker import language
from ...project.config import MAIN
from ...project.errors import NoConfig
from ...project.project import config_files
from ...project.settings import settings_of
from ...search.checkouts import look_around
from .call import Call, open_call, our_command, scope_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from ...project.project import Project
    from ..printer import Printer

REMOTE = "origin"


def init(options: argparse.Namespace, printer: Printer) -> int:
    """Show what is to be written, ask, write; run again it changes nothing."""
    if options.purge and not options.remove:
        text = _("--purge takes out more than --remove does, and goes with it: {command}")
        raise Usage(text, command=_again(options, "--remove"))
    if options.remove:
        return _remove(options, printer)
    call = _open(options, printer)
    home = _home(call)
    printer.tell(*_wrong_already(home.target.root))
    installation = plan_installation(home, options.extras)
    lines = _database_url(call)
    if (installation.changes or lines) and not (options.yes or options.dry_run) and _is_to_share(call):
        lines += f'share = "{REMOTE}"\n'
    if lines:
        installation = with_settings(installation, call.project, lines)
    steps = tuple(map(_described, installation.changes))
    _show(steps, installation.notes, options, printer)
    if not steps:
        printer.tell(Message(_("Nothing is left to write."), mark=OK))
    elif _may(options, printer, Message(_("Write this? [y/N] "), mark=WARN)):
        apply(installation.changes, home.target)
        text = _("Done. Commit the new files, then in a worktree: source scripts/alembic-utils.sh")
        printer.tell(Message(text, mark=OK))
    return DONE


def _is_to_share(call: Call) -> bool:
    """Ask whether a team shares its database, and say what it means to share the archive too."""
    if call.settings.share or not git.has_remote(call.project.root, REMOTE):
        return False
    text = _(
        "Does a team share this database, each with a clone of its own? Then what is applied can be shared over "
        "{remote}: whoever reads that can read it, unmerged work too.\n"
        "Share it? [y/N] "
    )
    return call.printer.ask(Message(text, {"remote": REMOTE}, WARN))


def _database_url(call: Call) -> str:
    """Return the lines with which the settings lead to the database that env.py leads to; "" if none are known."""
    lines = offer(call.project, call.settings, os.environ)
    if lines:
        text = _(
            "env.py leads to the database that this setting names, so where nothing is missing no "
            "Alembic has to be started:\n{lines:text}"
        )
        call.printer.tell(Message(text, {"lines": textwrap.indent(lines.rstrip(), "  ")}, STEP))
    return lines


def _wrong_already(root: Path) -> Iterator[Message]:
    """Yield what the hooks will find here, and that they stop nobody for it."""
    from ...check.recorded import review_tree
    from ...check.snapshot import Tree
    from .check import line_of

    scope = find_scope(None, root, config_files((), MAIN, (), os.environ))
    found = review_tree(scope, Tree(root, None)) if scope else ()
    yield from map(line_of, found)
    if found:
        yield _n(
            "{n} thing is wrong here already. The hooks will not stop a commit for that, only for what it makes "
            "worse.",
            "{n} things are wrong here already. The hooks will not stop a commit for that, only for what it makes "
            "worse.",
            len(found),
            mark=WARN,
        )


def _remove(options: argparse.Namespace, printer: Printer) -> int:
    """Show what is to be taken out, ask, take it out; say what stays."""
    target = _target(Path.cwd() / (options.directory or ""))
    printer.speak(settings_of(target.root, target.root).language)
    installation, remains = plan_removal(target), find_remains(target)
    steps = [*map(_described, installation.changes), *(remains.steps() if options.purge else ())]
    notes = (*installation.notes, *(remains.warnings() if options.purge else _stays(options, remains)))
    _show(steps, notes, options, printer)
    if not steps:
        printer.tell(Message(_("Nothing to remove."), mark=OK))
    elif _may(options, printer, Message(_("Remove this? [y/N] "), mark=WARN)):
        if options.purge:
            take(remains, target, lambda: printer.tell(WAITING))
        apply(installation.changes, target)
        printer.tell(Message(_("Removed."), mark=OK))
    return DONE


def _stays(options: argparse.Namespace, remains: Remains) -> Iterator[Message]:
    if what := tuple(remains.stays()):
        text = _("This stays:\n{what:lines}\n  To take it out too: {command}")
        yield Message(text, {"what": what, "command": _again(options, "--purge")}, WARN)


def _may(options: argparse.Namespace, printer: Printer, question: Message) -> bool:
    """Whether it is to be done: not in a dry run. Raises UserError without a yes."""
    if options.dry_run:
        return False
    if not options.yes and not printer.ask(question):
        text = _("Nothing was written. To do it without being asked: {command}")
        raise UserError(text, command=_again(options, "--yes"))
    return True


def _again(options: argparse.Namespace, more: str) -> str:
    """Return the same call with one more word."""
    given = ["--with", ",".join(options.extras)] if options.extras else []
    given += [f"--{name}" for name in ("remove", "purge") if getattr(options, name)]
    return our_command(options, "init", *given, more)


def _target(folder: Path) -> Target:
    repository = git.locate(folder)
    if repository is None:
        raise _no_git(folder)
    top = repository.top
    return Target(top, repository.common, git.hooks_folder(top), git.hooks_path(top))


def _no_git(folder: Path) -> UserError:
    text = _(
        "{folder} is not in a git repository. To write the shell file alone: "
        "alembic-worktrees shim --shell bash > scripts/alembic-utils.sh"
    )
    return UserError(text, folder=folder)


def _open(options: argparse.Namespace, printer: Printer) -> Call:
    """Open the project that is named, else the usual one, else any: only --with has to know which is meant."""
    found: tuple[Project, ...] = ()
    if options.directory is None:
        scope = scope_of(options)
        found = projects(scope, placed=True) if scope else ()
    try:
        call = open_call(options, printer)
    except NoConfig:
        if not found or (len(found) > 1 and options.extras):
            raise
        options.directory = str((found[0].folder / found[0].files.ini).parent)
        options.name = found[0].files.section
        call = open_call(options, printer)
    for project in found or (call.project,):
        about = {"folder": project.folder, "words": project.files.argv}
        printer.tell(Message(_("Alembic project: {folder}{words:options}"), about, STEP))
    return call


def _home(call: Call) -> Home:
    project, published = call.project, call.settings.published
    if project.repository is None:
        raise _no_git(project.root)
    main = look_around(project, call.settings.search).main
    default = git.default_branch(project.root)
    branch = default or main.branch or "main"
    remote = f"origin/{branch}"
    return Home(
        _target(project.root),
        project.folder,
        project.scripts / "env.py",
        branch,
        remote if git.commit_id(project.root, f"refs/remotes/{remote}") else None,
        silent_origin=git.has_remote(project.root, "origin") and not default and not published,
        language=language(call.settings.language, os.environ),
        diverged=call.settings.diverged,
    )


def _show(
    steps: Iterable[Message], notes: Iterable[Message], options: argparse.Namespace, printer: Printer
) -> None:
    """Say what is to be done; for a dry run that is the data that was asked for."""
    with printer.paged():
        printer.tell(*steps, data=options.dry_run)
        printer.tell(*notes)


def _described(change: Change) -> Message:
    if change.before is None:
        return Message(_("To write: {path}"), {"path": change.path}, STEP)
    if change.after is None:
        return to_remove(change.path)
    return Message(_("To change: {path}\n{diff:text}"), {"path": change.path, "diff": _diff(change)}, STEP)


def _diff(change: Change) -> str:
    import difflib

    from ...runner.masking import mask

    before, after = (change.before or "").splitlines(), (change.after or "").splitlines()
    lines = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
    return mask("\n".join("  " + line for line in lines))
