"""Which interpreter has the project's packages? Project and settings → candidates, best first (DESIGN)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .. import git
from ..messages.errors import UserError
from ..system.process import run
from .settings import settings_of
from .worktrees import families

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

VENV_FOLDERS = (".venv", "venv")
TIMEOUT = 10.0  # seconds for a Python to start


def interpreters(
    folder: Path, root: Path, repository: git.Repository | None, environment: Mapping[str, str]
) -> Iterator[str]:
    """Yield the path of each interpreter that may have the packages of the project in `folder`, each once, best first.

    `root` is the top of its checkout.
    """
    seen: set[str] = set()
    for path in _in_order(folder, root, repository, environment):
        if path not in seen and os.access(path, os.X_OK) and os.path.isfile(path):
            seen.add(path)
            yield path


# Nothing of the project is imported: the import system is only asked where it would look.
_FIND = """
import sys
sys.path[:] = filter(None, sys.path)
from importlib.util import find_spec
spec = find_spec("alembic") and find_spec(sys.argv[1])
places = (spec and spec.submodule_search_locations) or ()
sys.stdout.buffer.write("\\0".join(places).encode(errors="surrogateescape"))
sys.exit(find_spec("alembic") is None)
"""


def find_package(folder: Path, root: Path, package: str, rest: Sequence[str]) -> Path | None:
    """Return where the project's own Python has `rest` in `package`: in this checkout, or outside of all.

    `folder` is that of the Alembic config, `root` the top of its checkout. None if no Python with alembic finds it.
    """
    repository = git.locate(root)
    first, *inner = package.split(".")
    for found in _ask_for(first, folder, root, repository):
        target = Path(os.path.realpath(found), *inner, *rest)
        for family in families(root) if repository else ():
            # In a shared environment the files of one worktree are installed: the same ones of ours are meant.
            for top in sorted(family.tops, key=lambda top: len(top.parts), reverse=True):
                if target.is_relative_to(top):
                    return root / target.relative_to(top)
        return target
    return None


def _ask_for(package: str, folder: Path, root: Path, repository: git.Repository | None) -> list[str]:
    chosen = settings_of(root, folder).python
    likely = (
        [list(chosen)] if chosen else ([one] for one in interpreters(folder, root, repository, os.environ))
    )
    for argv in likely:
        try:
            answer = run([*argv, "-c", _FIND, package], folder=folder, timeout=TIMEOUT)
        except (OSError, UserError):
            continue
        if not answer.status:
            return [found for found in os.fsdecode(answer.out).split("\0") if found]
    return []


def command(
    name: str, folder: Path, root: Path, repository: git.Repository | None, environment: Mapping[str, str]
) -> str:
    """Return what starts the project's `alembic` or `flask` in `folder`: the name, or the path if PATH has it not."""
    if shutil.which(name, path=environment.get("PATH")):
        return name
    pythons = interpreters(folder, root, repository, environment)
    scripts = (Path(python).parent / name for python in pythons)
    found = next((path for path in scripts if os.access(path, os.X_OK)), Path(name))
    return os.path.relpath(found, folder) if found.is_relative_to(folder) else str(found)


def _in_order(
    folder: Path, root: Path, repository: git.Repository | None, environment: Mapping[str, str]
) -> Iterator[str]:
    if active := environment.get("VIRTUAL_ENV"):
        yield _python_in(Path(active))
    for top in (root, *(_others(root, repository) if repository else ())):
        folders = dict.fromkeys([top / folder.relative_to(root), top])
        yield from (_python_in(found / name) for found in folders for name in VENV_FOLDERS)
    search_path = environment.get("PATH")
    if alembic := shutil.which("alembic", path=search_path):
        yield from _beside(Path(alembic))
    if python := shutil.which("python3", path=search_path):
        yield python
    yield sys.executable


def _python_in(venv: Path) -> str:
    return str(venv / "bin" / "python")


def _others(root: Path, repository: git.Repository) -> Iterator[Path]:
    """Yield the main worktree, told from the folder that all share without asking git; where there is none, the others.

    Linked worktrees often have no environment of their own.
    """
    common = repository.common
    if common.name == ".git" and (common / "index").is_file():
        yield common.parent
    else:  # bare, which has no index, or a submodule
        yield from (top for family in families(root) for top in family.tops if top != root)


def _beside(script: Path) -> Iterator[str]:
    """Yield the interpreter that a console script names in its first line."""
    try:
        with script.open("rb") as file:
            first = os.fsdecode(file.readline(1024)).strip()
    except OSError:
        return
    argv = first.removeprefix("#!").split()
    if first.startswith("#!") and argv and os.path.basename(argv[0]).startswith("python"):
        yield argv[0]
    yield str(
        script.resolve().parent / "python"
    )  # pip writes `#!/bin/sh` where the path is long or has spaces
