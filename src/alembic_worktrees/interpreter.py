"""Which interpreter has the project's packages? Project and settings → candidates, best first (DESIGN)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .project import Project

VENV_FOLDERS = (".venv", "venv")


def interpreters(project: Project, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the path of each interpreter that may have the project's packages, each once, best first."""
    seen: set[str] = set()
    for path in _in_order(project, environment):
        if path not in seen and os.access(path, os.X_OK) and os.path.isfile(path):
            seen.add(path)
            yield path


def _in_order(project: Project, environment: Mapping[str, str]) -> Iterator[str]:
    if active := environment.get("VIRTUAL_ENV"):
        yield _python_in(Path(active))
    folders = dict.fromkeys([project.folder, project.root])
    if main := _main_worktree(project):
        folders |= dict.fromkeys([main / project.folder.relative_to(project.root), main])
    yield from (_python_in(folder / name) for folder in folders for name in VENV_FOLDERS)
    search_path = environment.get("PATH")
    if alembic := shutil.which("alembic", path=search_path):
        yield from _beside(Path(alembic))
    if python := shutil.which("python3", path=search_path):
        yield python
    yield sys.executable


def _python_in(venv: Path) -> str:
    return str(venv / "bin" / "python")


def _main_worktree(project: Project) -> Path | None:
    """Tell the main worktree from the folder that all worktrees share, without asking git again."""
    common = project.repository.common if project.repository else None
    return common.parent if common and common.name == ".git" and common.parent != project.root else None


def _beside(script: Path) -> Iterator[str]:
    """Yield the interpreter that a console script names in its first line."""
    try:
        with script.open("rb") as file:
            first = os.fsdecode(file.readline(1024)).strip()
    except OSError:
        return
    words = first.removeprefix("#!").split()
    if first.startswith("#!") and words and os.path.basename(words[0]).startswith("python"):
        yield words[0]
    yield str(
        script.resolve().parent / "python"
    )  # pip writes `#!/bin/sh` where the path is long or has spaces
