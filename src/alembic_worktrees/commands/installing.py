"""`init`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .. import git
from ..checkouts import look_around
from ..errors import DONE, Refusal
from ..install import Change, Home, Installation, apply, plan_installation, plan_removal
from ..messages import Message, language
from .call import Call, open_call

if TYPE_CHECKING:
    import argparse

    from ..printer import Printer


def init(options: argparse.Namespace, printer: Printer) -> int:
    """Show what is to be written, ask, write; run again it changes nothing."""
    call = _open(options, printer)
    home = _home(call)
    installation = plan_removal(home) if options.remove else plan_installation(home, options.extras)
    _show(installation, printer)
    if installation.changes and not options.dry_run:
        if not options.yes and not printer.ask(Message("init-ask")):
            raise Refusal("init-needs-yes")
        apply(installation)
        printer.tell(Message("init-removed" if options.remove else "init-done"))
    return DONE


def _open(options: argparse.Namespace, printer: Printer) -> Call:
    """Take the project that is named, else the usual one, else the only one of the checkout."""
    try:
        return open_call(options, printer)
    except Refusal as refusal:
        found = refusal.values.get("found", ())
        if refusal.key != "no-config-but" or not isinstance(found, tuple) or len(found) != 1:
            raise
        options.directory = str(found[0])
        return open_call(options, printer)


def _home(call: Call) -> Home:
    project = call.project
    if project.repository is None:
        raise Refusal("init-no-git", folder=project.root)
    main = look_around(project, call.settings.search).main
    default = git.default_branch(project.root) or main.branch or "main"
    return Home(
        project,
        project.root,
        git.hooks_folder(project.root),
        default,
        git.has_remote(project.root),
        language(call.settings.language, os.environ),
    )


def _show(installation: Installation, printer: Printer) -> None:
    for change in installation.changes:
        printer.tell(_described(change))
    for note in installation.notes:
        printer.tell(note)
    if not installation.changes:
        printer.tell(Message("init-nothing"))


def _described(change: Change) -> Message:
    if change.before is None:
        return Message("init-create", {"path": change.path})
    if change.after is None:
        return Message("init-delete", {"path": change.path})
    return Message("init-change", {"path": change.path, "diff": _diff(change)})


def _diff(change: Change) -> str:
    import difflib

    before, after = (change.before or "").splitlines(), (change.after or "").splitlines()
    lines = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
    return "\n".join("  " + line for line in lines)
