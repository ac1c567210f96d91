"""Where do the locations of a config lie? AlembicConfig → folders. A package is found as Python would, not imported."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from ..messages import _
from .errors import PackageMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .config import AlembicConfig


class Ground(NamedTuple):
    """Where a package is looked for: on disk, or in what git has. It gets more costly from top to bottom."""

    roots: tuple[Path, ...] = ()
    """The tops of the checkout: packages lie there, or in `src`."""
    has_folder: Callable[[Path], bool] = os.path.isdir
    has_file: Callable[[Path], bool] = os.path.isfile
    ending_in: Callable[[str], Iterable[Path]] = lambda _tail: ()
    """Return the folders that git knows and whose path ends so."""
    installed: Callable[[str, Sequence[str]], Path | None] = lambda _package, _rest: None
    """Return where the project's own Python finds a package, and the path below it."""


HERE = Ground()


def starting_folder(config: AlembicConfig, folder: Path, root: Path, ini: str, ground: Ground = HERE) -> Path:
    """Return where `alembic` is run with the config in `folder`: there, or as `alembic -c` further up.

    Further up, in the checkout at `root`, is the nearest folder from which the scripts are found, if it has no `ini` of
    its own.
    """
    location = config.script_location
    if _is_resource(location) or ground.has_folder(folder / location):
        return folder
    for above in folder.parents:
        if not above.is_relative_to(root) or ground.has_file(above / ini):
            break
        if ground.has_file(above / location / "env.py"):
            return above
    return folder


def script_folder(config: AlembicConfig, folder: Path, ground: Ground = HERE) -> Path:
    """Return the folder of env.py, absolute; ``folder`` is where Alembic runs.

    Raises PackageMissing if it is a ``package:path`` that is nowhere.
    """
    found = _locate(config.script_location, config, folder, ground)
    if _is_resource(config.script_location) and not ground.has_folder(found):
        raise _missing(config.script_location, folder)
    return found


def version_folders(config: AlembicConfig, folder: Path, ground: Ground = HERE) -> tuple[Path, ...]:
    """Return the version locations, absolute and in Alembic's order, whether they exist or not.

    Raises PackageMissing.
    """
    if not config.version_locations:
        return (script_folder(config, folder, ground) / "versions",)
    return tuple(_locate(location, config, folder, ground) for location in config.version_locations)


def _is_resource(location: str) -> bool:
    return ":" in location and not Path(location).is_absolute()


def _locate(location: str, config: AlembicConfig, folder: Path, ground: Ground) -> Path:
    """Turn a location into an absolute path, as ``alembic.util.coerce_resource_to_filename`` does."""
    if not _is_resource(location):
        return _absolute(folder, location)
    package, *rest = location.split(":")
    parts = package.split(".")
    if not all(parts) or os.sep in package:
        raise _missing(location, folder)
    near = _find_package(parts, _search_path(config, folder, ground.roots), ground)
    target = near and _absolute(near, *rest)
    if target and ground.has_folder(target):
        return target
    found = _far(package, rest, ground) or target
    if found is None:
        raise _missing(location, folder)
    return found


def _missing(location: str, folder: Path) -> PackageMissing:
    package = location.partition(":")[0]
    text = _(
        "The Alembic config in {folder} says {location}, but no package {package} with this "
        "folder is found: not here, nor by this project's Python. See it with: cd {folder:q} && "
        "alembic heads\n"
        "  Install the project (pip install --editable .), or set prepend_sys_path in the config, "
        "or write the location as a path: %(here)s/…"
    )
    return PackageMissing(text, folder=folder, location=location, package=package)


def _absolute(*parts: str | Path) -> Path:
    """Join and normalise, leaving symbolic links as they are, unless ``..`` follows one."""
    joined = Path(*parts)
    normal = Path(os.path.abspath(joined))
    if os.pardir not in joined.parts or not os.path.exists(joined):
        return normal
    # `link/..` is the parent of what the link leads to: there the normalised path is another folder.
    real = os.path.realpath(joined)
    return normal if os.path.realpath(normal) == real else Path(real)


def _search_path(config: AlembicConfig, folder: Path, roots: Sequence[Path]) -> Iterator[Path]:
    """Where the project's own packages may be: what it puts on sys.path, then the usual layouts."""
    for entry in config.prepend_sys_path:
        yield folder / entry
    for root in (folder, *roots):
        yield root
        yield root / "src"


def _find_package(parts: Sequence[str], search_path: Iterator[Path], ground: Ground) -> Path | None:
    """Return the folder of a package; one with an ``__init__.py`` beats a mere folder.

    The order is that of the import system: a namespace package counts only if no entry has a regular one.
    """
    # os.path answers False where pathlib raises: a name that is too long, a folder that is not ours to read.
    found = [base for base in search_path if ground.has_folder(base.joinpath(*parts))]
    regular = [base for base in found if ground.has_file(base / parts[0] / "__init__.py")]
    return next((base.joinpath(*parts) for base in (*regular, *found)), None)


def _far(package: str, rest: Sequence[str], ground: Ground) -> Path | None:
    """Return the one folder in git that ends in this path; where there are several, or none, ask Python."""
    tail = PurePosixPath(*package.split("."), *rest)
    known = [path for path in ground.ending_in(str(tail)) if ground.has_folder(path)]
    if len(known) == 1:
        return known[0]
    found = ground.installed(package, rest)
    return found if found and ground.has_folder(found) else None
