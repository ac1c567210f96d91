"""Our search and archive, asked within the test's own process: what is found where, without a database."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from alembic_worktrees.project.finding import find_project
from alembic_worktrees.project.project import Project, config_files
from alembic_worktrees.project.settings import Settings
from alembic_worktrees.search.search import Search

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alembic_worktrees.search.sources import Candidate
    from worlds.world import Checkout, World


def project(checkout: Checkout, *configs: str, folder: Path | None = None) -> Project:
    """The project of a checkout, as the command finds it."""
    files = config_files(configs, "alembic", (), {})
    return find_project(str(folder or checkout.backend), here=checkout.path, home=None, files=files)


def search(
    checkout: Checkout,
    *configs: str,
    folder: Path | None = None,
    prefer: str | None = None,
    share: str | None = None,
) -> Search:
    here = project(checkout, *configs, folder=folder)
    return Search(here, Settings(share=share), prefer=prefer)


def found(
    checkout: Checkout, id: str, *configs: str, prefer: str | None = None, share: str | None = None
) -> tuple[Candidate, ...]:
    """The candidates for `id`, what lies in git lies there, byte for byte."""
    candidates = search(checkout, *configs, prefer=prefer, share=share).find(id)
    for one in candidates:
        if one.path is None and (share or ":" not in one.origin.name):  # in our own repository
            assert shown(checkout, f"{one.origin.commit}:{one.origin.path}") == one.content
    return candidates


def kinds(candidates: Sequence[Candidate]) -> list[str]:
    return [one.origin.kind for one in candidates]


def shown(checkout: Checkout, name: str) -> bytes:
    """What `git show` prints, as bytes."""
    words = ["git", "show", name]
    return subprocess.run(
        words, cwd=checkout.path, env=checkout.world.env, capture_output=True, check=True
    ).stdout


def spy(world: World, script: str) -> dict[str, str]:
    """An environment in which `git` first runs `script`, of sh; `$REAL` is git itself."""
    folder = world.root / "spy"
    folder.mkdir(exist_ok=True)
    wrapper = folder / "git"
    wrapper.write_text(f'#!/bin/sh\nREAL={shutil.which("git")}\n{script}\nexec "$REAL" "$@"\n')
    wrapper.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{world.env['PATH']}"}
