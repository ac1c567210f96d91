"""Where? DIR → Project: the Alembic environment of a checkout, found without importing Alembic."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from itertools import chain, pairwise
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from .. import git
from ..messages import _
from ..messages.errors import CALL, FolderMissing, UserError
from ..system.reading import EVERYWHERE, NotReadable, allowed_roots, read_plain
from . import flask
from .config import INI, MAIN, TOML, other_environments, parse_config
from .errors import ConfigUnreadable, NoConfig, ScriptsMissing
from .locations import Ground, script_folder, starting_folder, version_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

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
        return _locations(self.root, self.versions, self.config)

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


def find_project(directory: str | None, *, here: Path, home: Path | None, files: ConfigFiles) -> Project:
    """Return the project that the user means.

    `directory` is what the user named, else None: then `backend`, `here`, and the parents of `here` are tried, then
    the same from `home`, the folder that the shell file was sourced from, and last the only one of the checkout. In
    each of them `migrations` is tried too, for Flask-Migrate.
    Raises FolderMissing, NoConfig or ConfigUnreadable.
    """
    if directory is not None:
        folder = here / directory
        if not folder.is_dir():
            raise FolderMissing(folder)
        return _first_project([folder, folder / USUAL_FOLDER], files) or _no_config(folder, files)
    starts = [here, *([home] if home and home.is_dir() else [])]
    near = chain.from_iterable(map(_usual_locations, starts))
    return _first_project(near, files) or _only_project(here, files) or _no_config(here, files)


def find_folder(scripts: Path, places: Iterable[Path], files: ConfigFiles) -> Path | None:
    """Return in which of these places Alembic is run for env.py to be that in `scripts`; None if in none."""
    for place in places:
        with suppress(UserError):
            project = find_project(str(place), here=place, home=None, files=files)
            if project.scripts.resolve() == scripts:
                return project.folder
    return None


def _usual_locations(here: Path) -> Iterator[Path]:
    here = here.resolve()
    yield here / USUAL_FOLDER
    yield here
    repository = git.locate(here)
    if repository:
        for parent in here.parents:
            if not parent.is_relative_to(repository.top):
                return
            yield parent
            yield parent / USUAL_FOLDER


def _first_project(folders: Iterable[Path], files: ConfigFiles) -> Project | None:
    for folder in (folder for near in folders for folder in (near, near / flask.USUAL_FOLDER)):
        if folder.is_dir() and has_config(folder, files):
            real = folder.resolve()
            repository = git.locate(real)
            root = repository.top if repository else _root_outside_git(real)
            return read_project(root, real, movable(files, root, real), repository)
    return None


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


def _root_outside_git(folder: Path) -> Path:
    return folder.parent if folder.name == USUAL_FOLDER else folder


def _only_project(here: Path, files: ConfigFiles) -> Project | None:
    folders = _configured_folders(here)
    return _first_project(folders, files) if len(folders) == 1 else None


def _no_config(folder: Path, files: ConfigFiles) -> NoReturn:
    found = _configured_folders(folder)
    for place in (folder, *(found if len(found) == 1 else ())):
        if sections := _sections(place, files):
            text = _(
                "The Alembic config in {folder} says where the scripts are only in its sections {sections:list}. "
                "Name one: add -n {first:q} to the command."
            )
            raise NoConfig(text, folder=place, sections=sections, first=sections[0])
    if found:
        text = _(
            "No Alembic project in {folder}, but this checkout has one in:\n"
            "{found:lines}\n"
            "  Name it: {call:text} {first:q}"
        )
        raise NoConfig(text, folder=folder, found=found, first=found[0], call=CALL)
    raise _not_configured(folder)


def _sections(folder: Path, files: ConfigFiles) -> tuple[str, ...]:
    return tuple(one.section for one in environments_in(folder, files) if one.section != files.section)


def _not_configured(folder: Path) -> NoConfig:
    text = _(
        "No Alembic project in {folder}: there is no alembic.ini with a script_location, "
        "nor [tool.alembic] in pyproject.toml. Name its folder, for example: {call:text} "
        "backend"
    )
    return NoConfig(text, folder=folder, call=CALL)


def _configured_folders(folder: Path) -> tuple[Path, ...]:
    repository = git.locate(folder)
    if repository is None:
        return ()
    configs = (repository.top / name for name in git.listed(repository.top, f":(glob)**/{INI}"))
    return tuple(sorted(config.parent for config in configs if config.is_file()))


def has_config(folder: Path, files: ConfigFiles) -> bool:
    """Tell whether `folder` configures Alembic; a config that cannot be read counts: it is to be reported."""
    try:
        return _parse(folder, files, EVERYWHERE) is not None
    except UserError:
        return True


def environments(ini: str | None, files: ConfigFiles) -> tuple[ConfigFiles, ...]:
    """Return what names each environment of an ini to a command: all of them, unless `files` name one.

    Raises ConfigUnreadable.
    """
    others = other_environments(ini) if ini is not None and files.section == MAIN else ()
    return (
        files,
        *(files._replace(section=other, argv=(*files.argv, "-n", other)) for other in others),
    )


def environments_in(folder: Path, files: ConfigFiles) -> tuple[ConfigFiles, ...]:
    """Return what names each environment that `folder` configures; a config that cannot be read counts as one."""
    try:
        named = environments(_text(folder / files.ini, EVERYWHERE), files)
    except UserError:
        named = (files,)
    return tuple(one for one in named if has_config(folder, one))


def _parse(folder: Path, files: ConfigFiles, roots: tuple[str, ...]) -> AlembicConfig | None:
    ini, toml = (
        _text(folder / name, EVERYWHERE if os.path.isabs(name) else roots) for name in (files.ini, files.toml)
    )
    if ini is not None and flask.is_by_migrate((folder / files.ini).with_name("env.py"), roots):
        files = files._replace(by_flask=True)
    return _parse_texts(ini, toml, folder, files, os.path.isfile)


def _parse_texts(
    ini: str | None, toml: str | None, folder: Path, files: ConfigFiles, has_file: Callable[[Path], bool]
) -> AlembicConfig | None:
    ini_here, here = ((folder / name).parent for name in (files.ini, files.toml))
    config = parse_config(
        ini, toml, str(ini_here), str(here), files.section, env_beside=lambda: has_file(ini_here / "env.py")
    )
    if config and files.by_flask:
        return config._replace(script_location=str(ini_here), by_flask=True)
    return config


def _text(path: Path, roots: tuple[str, ...]) -> str | None:
    try:
        return read_plain(path, roots).decode("utf-8")
    except NotReadable as error:
        if error.reason in {"gone", "not-a-file"}:
            return None
        raise ConfigUnreadable(path, error.reason) from error
    except UnicodeDecodeError as error:
        raise ConfigUnreadable(path, str(error)) from error


def read_project(root: Path, folder: Path, files: ConfigFiles, repository: git.Repository | None) -> Project:
    """Read the project in `folder` of the checkout at `root`.

    Raises NoConfig, ConfigUnreadable, ScriptsMissing or PackageMissing.
    """
    project = read_if_any(root, folder, files, repository)
    if project is None:
        raise _not_configured(folder)
    return project


def read_if_any(
    root: Path,
    folder: Path,
    files: ConfigFiles,
    repository: git.Repository | None,
    like: Project | None = None,
) -> Project | None:
    """Read the project as `read_project` does; None if `folder` does not configure Alembic.

    `like` is ours if this is a neighbour's: nothing outside of its checkout is read then.
    """
    roots = allowed_roots(root) if like else EVERYWHERE
    try:
        config = _parse(folder, files, roots)
    except ConfigUnreadable as error:
        path = folder / str(error.values["path"])
        raise ConfigUnreadable(path, str(error.values["reason"])) from error
    if config is None:
        return None
    if config.by_flask and not like:
        place = flask.starting_folder(root, (folder / files.ini).parent, os.environ)
        if place != folder:
            return read_if_any(
                root, place, _seen_from(place, folder, files)._replace(by_flask=True), repository
            )
    ground = ground_at(root, folder, like)
    if (place := starting_folder(config, folder, root, files.ini, ground)) != folder:
        return read_if_any(root, place, _named_from(place, folder, files), repository, like)
    scripts = script_folder(config, folder, ground)
    versions = tuple(dict.fromkeys(version_folders(config, folder, ground)))
    if not scripts.is_dir():
        from .interpreter import command

        starter = command("alembic", folder, root, repository, os.environ)
        text = _(
            "The Alembic config in {folder} says script_location = {location}, but there is no "
            "such folder. Correct script_location, or create it with: cd {folder:q} && "
            "{starter:q} init {location:q}"
        )
        raise ScriptsMissing(text, folder=folder, location=config.script_location, starter=starter)
    return Project(root, folder, files, config, scripts, versions, repository, roots)


def _seen_from(place: Path, folder: Path, files: ConfigFiles) -> ConfigFiles:
    ini, toml = (os.path.relpath(folder / name, place) for name in files[:2])
    return files._replace(ini=ini, toml=toml)


def _named_from(place: Path, folder: Path, files: ConfigFiles) -> ConfigFiles:
    seen = _seen_from(place, folder, files)
    pairs = zip(files.argv[::2], files.argv[1::2], strict=True)
    others = [word for pair in pairs if pair[0] != "-c" for word in pair]
    return seen._replace(argv=("-c", seen.ini, *others))


def ground_at(root: Path, folder: Path, like: Project | None = None) -> Ground:
    """Return where packages of the project in `folder` are looked for: what lies in the checkout at `root`.

    Last the project's Python is asked. That of a neighbour is not run: what is `like` it lies in the same place.
    """
    return Ground(
        (root,),
        ending_in=lambda tail: [root / relative_path for relative_path in git.folders_ending_in(root, tail)],
        installed=partial(_as_in, like, root) if like else partial(_installed, root, folder),
    )


def _installed(root: Path, folder: Path, package: str, rest: Sequence[str]) -> Path | None:
    from .interpreter import find_package

    return find_package(folder, root, package, rest)


def _as_in(like: Project, root: Path, package: str, rest: Sequence[str]) -> Path | None:
    """Return what lies in the checkout at `root` where ours has its scripts, if that is called so."""
    location = Path(os.path.relpath(like.scripts, like.root))
    tail = PurePosixPath(*package.split("."), *rest).parts
    return root / location if location.parts[-len(tail) :] == tail else None


class Locations(NamedTuple):
    """Version locations as paths from the top of the checkout, for files that lie in git; none is outside of it."""

    folders: tuple[str, ...]
    recursive: bool
    sourceless: bool = False


def read_locations(
    ini: str | None, toml: str | None, folder: Path, root: Path, files: ConfigFiles, ground: Ground
) -> Locations | None:
    """Return where the migrations of a config in `folder` lie, from its texts; None if it is no Alembic config.

    Locations outside of the checkout at `root` are left out. Raises ConfigUnreadable or PackageMissing.
    """
    config = _parse_texts(ini, toml, folder, files, ground.has_file)
    if config is None:
        return None
    place = starting_folder(config, folder, root, files.ini, ground)
    return _locations(root, version_folders(config, place, ground), config)


def _locations(root: Path, versions: Sequence[Path], config: AlembicConfig) -> Locations:
    folders = tuple(path.relative_to(root).as_posix() for path in versions if path.is_relative_to(root))
    for name in folders:
        os.fsencode(name)  # where the locale cannot name it, git would be asked for another folder
    return Locations(folders, config.recursive, config.sourceless)
