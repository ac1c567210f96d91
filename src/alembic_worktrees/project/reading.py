"""How is it configured? A folder's config files → Project, without importing Alembic."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from .. import git
from ..messages import _
from ..messages.errors import UserError
from ..system.reading import EVERYWHERE, NotReadable, allowed_roots, read_plain
from . import flask
from .config import MAIN, other_environments, parse_config
from .errors import ConfigUnreadable, ScriptsMissing, not_configured
from .locations import Ground, script_folder, starting_folder, version_folders
from .project import Project, locations_in_git

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .config import AlembicConfig
    from .project import ConfigFiles, Locations


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


def read_project(root: Path, folder: Path, files: ConfigFiles, repository: git.Repository | None) -> Project:
    """Read the project in `folder` of the checkout at `root`.

    Raises NoConfig, ConfigUnreadable, ScriptsMissing or PackageMissing.
    """
    project = read_if_any(root, folder, files, repository)
    if project is None:
        raise not_configured(folder)
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


def _seen_from(place: Path, folder: Path, files: ConfigFiles) -> ConfigFiles:
    ini, toml = (os.path.relpath(folder / name, place) for name in files[:2])
    return files._replace(ini=ini, toml=toml)


def _named_from(place: Path, folder: Path, files: ConfigFiles) -> ConfigFiles:
    seen = _seen_from(place, folder, files)
    pairs = zip(files.argv[::2], files.argv[1::2], strict=True)
    others = [word for pair in pairs if pair[0] != "-c" for word in pair]
    return seen._replace(argv=("-c", seen.ini, *others))


def lying_in(root: Path, repository: git.Repository | None, like: Project) -> Project | None:
    """Return what lies in the checkout at `root` where `like` lies in its own; None where no env.py is there."""
    places = (like.folder, like.scripts, *like.versions)
    if not all(place.is_relative_to(like.root) for place in places):
        return None
    folder, scripts, *versions = (root / place.relative_to(like.root) for place in places)
    theirs = like._replace(root=root, folder=folder, scripts=scripts, versions=tuple(versions))
    theirs = theirs._replace(repository=repository, allowed_roots=allowed_roots(root))
    return theirs if theirs.may_read(scripts) and (scripts / "env.py").is_file() else None


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
    return locations_in_git(root, version_folders(config, place, ground), config)
