"""Where the project's Python is started by something else: a launcher, or a container that has other paths."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.database.session import BOOT

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout, World

LAUNCHER = """\
#!/bin/sh
cd /
echo "Checking dependencies"
exec @PYTHON@ "$@"
"""
INSIDE = "/mnt"  # an empty folder that every Linux has


@pytest.fixture
def b(world: World, database: Database) -> Checkout:
    """A worktree that lacks `bbbb2222`, which A has applied."""
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    a = world.worktree("feature-A")
    a.revision("bbbb2222", "aaaa1111")
    a.commit("Add bbbb2222")
    database.set_heads("bbbb2222")
    return world.worktree("feature-B")


def program(world: World, *lines: str) -> str:
    path = world.root / "program"
    path.write_text("\n".join(lines))
    path.chmod(0o755)
    return str(path)


def contained(world: World, database: Database, *words: str | Path) -> tuple[str, ...]:
    """Words that run what follows where this world is not to be seen, but for its database and for what is said."""
    if not shutil.which("bwrap"):
        pytest.skip("there is no bubblewrap")
    bwrap = ("bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc")
    if world.run(*bwrap, "true").returncode:
        pytest.xfail("no namespaces may be made here")
    hidden = ("--tmpfs", world.root, "--bind", database.socket, database.socket)
    return tuple(map(str, (*bwrap, *hidden, *words)))


def test_a_launcher_that_starts_elsewhere_and_talks(world: World, b: Checkout) -> None:
    launcher = program(world, LAUNCHER.replace("@PYTHON@", sys.executable))
    b.write("backend/pyproject.toml", f'[tool.alembic-worktrees]\npython = "{launcher}"\n')
    assert "Checking dependencies" in b.tool("upgrade", check=True).stderr
    assert (b.versions / "bbbb2222_add_t.py").is_file()
    assert BOOT.format() == BOOT  # hatch fills what has braces

    program(world, "#!/bin/sh", "echo 'is the daemon running?' >&2", "exit 3")
    said = b.tool("upgrade").stderr
    assert "is the daemon running?" in said
    assert "status 3" in said


def test_a_container_with_another_path(world: World, b: Checkout, database: Database) -> None:
    inside = contained(world, database, "--bind", b.backend, INSIDE, "--chdir", "/", sys.executable)
    settings = f"[tool.alembic-worktrees]\npython = {list(inside)}\n"
    b.write("backend/pyproject.toml", settings)
    assert "no folder migrations in /" in b.tool("upgrade").stderr
    b.write("backend/pyproject.toml", f'{settings}python-folder = "{INSIDE}"\n')
    b.tool("upgrade", check=True)
    path = b.tool("revision", "-m", "next", check=True).stdout.strip()
    assert os.path.dirname(path) == str(b.versions)
    failing = b.revision("cccc3333", "aaaa1111", body="raise ValueError('no')")
    assert (
        f"cccc3333 failed, see its message above: ~/{failing.relative_to(world.root)}"
        in b.tool("upgrade").stderr
    )


def test_the_tool_in_a_container(world: World, b: Checkout, database: Database) -> None:
    """git of a linked worktree needs the main repository at its own path."""
    mark, git = program(world), world.main.path / ".git"
    podman = ("--tmpfs", "/run", "--bind", mark, "/run/.containerenv", "--setenv", "HOME", "/")
    inside = contained(world, database, "--bind", b.path, INSIDE, *podman, "--chdir", INSIDE)
    upgrade = (sys.executable, "-m", "alembic_worktrees", "upgrade")
    assert f"-v {git}:{git}" in world.run(*inside, *upgrade).stderr
    world.run(*inside, "--bind", git, git, *upgrade, check=True)
