"""What is a project? The Alembic environment of a checkout, and the files that configure it."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..system.reading import EVERYWHERE
from . import flask
from .config import INI, MAIN, TOML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .. import git
    from .config import AlembicConfig

USUAL_FOLDER = "backend"


class ConfigFiles(NamedTuple):
    """The files that configure Alembic, relative to the folder it runs in, and the words that name them to it."""

    ini: str = INI
    toml: str = TOML
    section: str = MAIN
    argv: tuple[str, ...] = ()
    by_flask: bool = False  # Flask-Migrate takes the folder of the ini, whatever script_location says


class Project(NamedTuple):
    """An Alembic environment inside a checkout. All paths are absolute."""

    root: Path  # the top of the checkout
    folder: Path  # where the `alembic` command is run, or `flask`
    files: ConfigFiles
    config: AlembicConfig
    scripts: Path  # where env.py lies
    versions: tuple[Path, ...]
    repository: git.Repository | None  # None outside git
    allowed_roots: tuple[str, ...] = EVERYWHERE  # of a neighbour: nothing outside of it is read

    @property
    def locations(self) -> Locations:
        """Its version locations as git knows them."""
        return locations_in_git(self.root, self.versions, self.config)

    def may_read(self, folder: Path) -> bool:
        """Whether what lies in this folder may be read."""
        return os.path.join(os.path.realpath(folder), "").startswith(self.allowed_roots)

    def command(self, *argv: str) -> str:
        """Return what a user types in this folder for Alembic to do the same."""
        import shlex

        from .interpreter import command, interpreters
        from .settings import settings_of

        settings, place = settings_of(self.root, self.folder), (self.folder, self.root, self.repository)
        if argv[0] == "upgrade" and (words := settings.upgrade_argv(argv[1])):
            return shlex.join(words)
        if settings.config:
            python = settings.python or [next(interpreters(*place, os.environ))]
            return shlex.join([*python, "-c", _by_function(settings.config), *argv])
        name, words = "alembic", (*self.files.argv, *argv)
        if self.config.by_flask:
            name, words = "flask", flask.words(argv, self.scripts, self.folder, self.files.argv)
        launched = settings.python if settings.python and settings.python[1:] else None
        program = (*launched, "-m", name) if launched else (command(name, *place, os.environ),)
        return shlex.join([*program, *words])


def _by_function(function: str) -> str:
    """Return code that does what the `alembic` command does, with the config that a function makes."""
    module, _, name = function.partition(":")
    line = f"CommandLine().run_cmd({name}(), CommandLine().parser.parse_args())"
    return f"from alembic.config import CommandLine; from {module} import {name.partition('.')[0]}; {line}"


class Locations(NamedTuple):
    """Version locations as paths from the top of the checkout, for files that lie in git; none is outside of it."""

    folders: tuple[str, ...]
    recursive: bool
    sourceless: bool = False


def locations_in_git(root: Path, versions: Sequence[Path], config: AlembicConfig) -> Locations:
    """Return these version locations as git knows them; those outside of the checkout at `root` are left out."""
    folders = tuple(path.relative_to(root).as_posix() for path in versions if path.is_relative_to(root))
    for name in folders:
        os.fsencode(name)  # where the locale cannot name it, git would be asked for another folder
    return Locations(folders, config.recursive, config.sourceless)


def config_files(
    configs: Sequence[str], section: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> ConfigFiles:
    """Choose the files as the `alembic` command does: `-c` beats ALEMBIC_CONFIG beats the usual names.

    `arguments` are the values of `-x`. Source: alembic.config.CommandLine._inis_from_config, 1.20.
    """
    ini, toml = INI, TOML
    for name in configs or [environment.get("ALEMBIC_CONFIG") or INI]:
        if os.path.basename(name) == TOML:
            toml = name
        else:
            ini = name
    argv = [word for name in configs for word in ("-c", name)]
    argv += [word for value in arguments for word in ("-x", value)]
    argv += ["-n", section] if section != MAIN else []
    return ConfigFiles(ini, toml, section, tuple(argv))


def movable(files: ConfigFiles, root: Path, folder: Path) -> ConfigFiles:
    """Make absolute paths into this checkout relative to `folder`: a neighbour is configured by its own files."""

    def move(name: str) -> str:
        inside = os.path.isabs(name) and Path(os.path.realpath(name)).is_relative_to(root)
        return os.path.relpath(os.path.realpath(name), folder) if inside else name

    return files._replace(
        ini=move(files.ini),
        toml=move(files.toml),
        argv=tuple(move(word) if before == "-c" else word for before, word in pairwise(("", *files.argv))),
    )
