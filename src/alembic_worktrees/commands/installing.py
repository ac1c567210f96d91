"""`init`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from .. import git
from ..checkouts import look_around
from ..errors import DONE, Refusal
from ..extras import Home, Place
from ..install import Change, Installation, apply, plan_installation, plan_removal
from ..messages import Message, language
from ..options import PROGRAM
from ..project import config_files
from ..review import find_scope, projects
from ..settings import FILE, load_settings
from .call import Call, open_call

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer
    from ..project import Project


def init(options: argparse.Namespace, printer: Printer) -> int:
    """Show what is to be written, ask, write; run again it changes nothing."""
    if options.remove:
        place = _place(Path.cwd() / (options.directory or ""))
        printer.speak(load_settings(place.root / FILE).language)
        installation = plan_removal(place)
    else:
        home = _home(_open(options, printer))
        place = home.place
        installation = plan_installation(home, options.extras)
    _show(installation, options, printer)
    if installation.changes and not options.dry_run:
        if not options.yes and not printer.ask(Message("init-ask")):
            raise Refusal("init-needs-yes", command=_again(options))
        apply(installation, place)
        printer.tell(Message("init-removed" if options.remove else "init-done"))
    return DONE


def _again(options: argparse.Namespace) -> str:
    """Return the same call with the yes in it."""
    words = [PROGRAM, "init", *([options.directory] if options.directory else [])]
    words += ["--with", ",".join(options.extras)] if options.extras else []
    return shlex.join([*words, *(["--remove"] if options.remove else []), "--yes"])


def _place(folder: Path) -> Place:
    repository = git.locate(folder)
    if repository is None:
        raise Refusal("init-no-git", folder=folder)
    top = repository.top
    return Place(top, repository.common, git.hooks_folder(top), git.hooks_path(top))


def _open(options: argparse.Namespace, printer: Printer) -> Call:
    """Open the project that is named, else the usual one, else any: only --with has to know which is meant."""
    found: tuple[Project, ...] = ()
    if options.directory is None:
        scope = find_scope(None, Path.cwd(), config_files(options.config, options.name, (), os.environ))
        found = projects(scope, placed=True) if scope else ()
    try:
        call = open_call(options, printer)
    except Refusal as refusal:
        if not found or not refusal.key.startswith("no-config"):
            raise
        if len(found) > 1 and options.extras:
            folders = tuple(project.folder for project in found)
            command = shlex.join([PROGRAM, "init", os.path.relpath(folders[0])])
            raise Refusal("init-which", found=folders, command=command) from None
        options.directory = str(found[0].folder)
        call = open_call(options, printer)
    for project in found or (call.project,):
        printer.tell(Message("init-project", {"folder": project.folder}))
    return call


def _home(call: Call) -> Home:
    project, published = call.project, call.settings.published
    if project.repository is None:
        raise Refusal("init-no-git", folder=project.root)
    main = look_around(project, call.settings.search).main
    default = git.default_branch(project.root)
    branch = default or main.branch or "main"
    remote = f"origin/{branch}"
    return Home(
        _place(project.root),
        project.folder,
        branch,
        remote if git.commit_id(project.root, f"refs/remotes/{remote}") else None,
        silent_origin=git.has_remote(project.root) and not default and not published,
        language=language(call.settings.language, os.environ),
    )


def _show(installation: Installation, options: argparse.Namespace, printer: Printer) -> None:
    """Say what is to be done; for a dry run that is the data that was asked for."""
    for change in installation.changes:
        if options.dry_run:
            printer.data(*printer.phrase(_described(change)).split("\n"))
        else:
            printer.tell(_described(change))
    for note in installation.notes:
        printer.tell(note)
    if not installation.changes:
        printer.tell(Message("init-nothing-left" if options.remove else "init-nothing"))


def _described(change: Change) -> Message:
    if change.before is None:
        return Message("init-create", {"path": change.path})
    if change.after is None:
        return Message("init-delete", {"path": change.path})
    return Message("init-change", {"path": change.path, "diff": _diff(change)})


def _diff(change: Change) -> str:
    import difflib

    from ..runner import mask

    before, after = (change.before or "").splitlines(), (change.after or "").splitlines()
    lines = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
    return mask("\n".join("  " + line for line in lines))
