"""Histories as they came about in real repositories, without what was private in them: the shape of all branches."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from worlds.world import Checkout, Layout, World

if TYPE_CHECKING:
    from collections.abc import Iterator

STOFLOW = Path(__file__).with_name("stoflow.fi.gz")  # 109 branches, 592 commits, 213 revisions


def stoflow(root: Path) -> World:
    """A world whose main checkout has the whole history, and its branch `develop`."""
    world = World.empty(root, Layout(recursive=True))
    with gzip.open(STOFLOW) as history:
        importing = subprocess.Popen(
            ["git", "fast-import", "--quiet"], cwd=world.main.path, env=world.env, stdin=subprocess.PIPE
        )
        assert importing.stdin
        with importing.stdin:
            shutil.copyfileobj(history, importing.stdin)
        assert importing.wait() == 0
    world.main.git("checkout", "--quiet", "--force", "develop")
    return world


def branches(checkout: Checkout, at_most: int | None = None) -> Iterator[str]:
    """Yield each branch, or some, after it was checked out, without anything of the branch before."""
    names = checkout.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    for branch in names if at_most is None else names[:: len(names) // at_most]:
        checkout.git("checkout", "--quiet", "--force", branch)
        yield branch
