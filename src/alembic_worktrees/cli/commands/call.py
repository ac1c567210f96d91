"""A call of a command that is about one Alembic project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ... import PROGRAM
from ...install.shim import HOME
from ...messages import WARN, Message, _
from ...messages.quoting import word
from ...migrations.revision import is_migration_name
from ...project.finding import find_project
from ...project.project import config_files
from ...project.settings import settings_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from ...borrow.preview import Page
    from ...check.review import Scope
    from ...migrations.inventory import Skipped
    from ...project.project import ConfigFiles, Project
    from ...project.settings import Settings
    from ..printer import Printer

SHUT = {"foreign-owner", "denied", "failing", "cut-short", "compiled"}


class Call(NamedTuple):
    """One call of a command: its options, and what they are about."""

    options: argparse.Namespace
    project: Project
    settings: Settings
    printer: Printer

    def tell_detail(self, message: Message) -> None:
        """Say what is of interest only with -v."""
        if self.options.verbose:
            self.printer.tell(message)

    def show(self, pages: Iterable[Page], *, data: bool = False) -> None:
        """Show files to be read, each after what is to be known of it."""
        for page in pages:
            self.printer.tell(page.about, data=data)
            self.printer.show(page.text, page.language, data=data)

    def tell_skipped(self, skipped: Sequence[Skipped]) -> None:
        """Name what was skipped: a folder that could not or may not be looked at always, the rest with -v."""
        for one in dict.fromkeys(skipped):
            shut = one.reason in SHUT and not is_migration_name(one.path.name)
            if self.options.verbose or shut:
                self.printer.tell(one.message)


def files_of(options: argparse.Namespace, arguments: Sequence[str] = ()) -> ConfigFiles:
    """Return the config that the options name, else the environment, else the usual one; `arguments` are of -x."""
    return config_files(options.config, options.name, arguments, os.environ)


def scope_of(options: argparse.Namespace) -> Scope | None:
    """Return what a command is about that judges: a project, or all of a checkout; None outside git."""
    from ...check.review import find_scope

    return find_scope(options.directory, Path.cwd(), files_of(options))


def our_command(options: argparse.Namespace, name: str, *argv: str) -> str:
    """Return one of our commands for the project that the user named, to be pasted."""
    asking = name in {"upgrade", "copy", "rebase", "rollback"}
    files = files_of(options, getattr(options, "arguments", ()) if asking else ())
    ours = " ".join(map(word, [PROGRAM, name, *argv, *files.argv]))
    return f"cd {word(options.directory)} && {ours}" if options.directory else ours


def _folders_below(project: Project) -> tuple[Path, ...]:
    """Return which folders in the version locations have migrations, if the locations themselves have none."""
    if project.config.recursive or any(_migrations_in(project, "*")):
        return ()
    return tuple(sorted({path.parent for path in _migrations_in(project, "*/*")}))


def _migrations_in(project: Project, pattern: str) -> Iterator[Path]:
    found = (path for location in project.versions for path in location.glob(pattern))
    return (path for path in found if is_migration_name(path.name))


def open_call(options: argparse.Namespace, printer: Printer) -> Call:
    """Find the project that the options mean, and read its settings; from here the printer speaks its language.

    Raises UserError as `find_project` and `settings_of` do.
    """
    files = files_of(options, getattr(options, "arguments", ()))
    home = os.environ.get(HOME)
    here = Path.cwd()
    project = find_project(options.directory, here=here, home=Path(home) if home else None, files=files)
    settings = settings_of(project.root, project.folder)
    printer.speak(settings.language)
    if options.directory is None and home and not here.is_relative_to(project.root):
        text = _(
            "{here} is in no Alembic project; this is about {folder}, where the functions were "
            "sourced from last."
        )
        printer.tell(Message(text, {"here": here, "folder": project.folder}, WARN))
    if below := _folders_below(project):
        text = _(
            "No migration lies in {locations:list}, but some lie in {below:list}. If env.py chooses among those, "
            "name its choice in the Alembic config too: version_locations = …"
        )
        printer.tell(Message(text, {"locations": project.versions, "below": below}, WARN))
    return Call(options, project, settings, printer)
