"""Which interpreter asks the database: each step of the order with a real virtualenv."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from worlds.world import Checkout, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from worlds.postgres import Database

pytestmark = pytest.mark.cold


def virtualenv(folder: Path, *, alembic: bool = True) -> Path:
    """A real virtualenv that sees the packages of the one that runs the tests; the path of its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    if alembic:
        packages = sysconfig.get_path("purelib", vars={"base": folder, "platbase": folder})
        Path(packages, "packages.pth").write_text("\n".join(path for path in sys.path if "-packages" in path))
    return folder / "bin" / "python"


def script(folder: Path, python: Path, *, by_shell: bool = False) -> None:
    """An `alembic` command as pip writes it; with `by_shell` as where the path is too long for a first line."""
    folder.mkdir(parents=True, exist_ok=True)
    first = f"#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''" if by_shell else f"#!{python}"
    path = folder / "alembic"
    path.write_text(f"{first}\nfrom alembic.config import main\nmain()\n")
    path.chmod(0o755)


@pytest.fixture
def linked(world: World) -> Checkout:
    """A linked worktree whose env.py says which interpreter runs it."""
    env = world.main.backend / "migrations/env.py"
    env.write_text("import sys; print('RUN BY', sys.executable)\n" + env.read_text())
    world.main.write(".gitignore", "__pycache__/\n.venv\nvenv\n")
    world.main.commit("Say the interpreter")
    return world.worktree("StoFlow-feature-A")


@pytest.fixture
def path(world: World) -> Iterator[str]:
    """A PATH with git and no Python."""
    folder = world.root / "no-python"
    folder.mkdir()
    for name in ("git", "sh"):
        (folder / name).symlink_to(
            next(Path(one, name) for one in os.defpath.split(":") if Path(one, name).exists())
        )
    yield str(folder)


def run(checkout: Checkout, path: str, **env: str) -> CompletedProcess[str]:
    return checkout.tool("copy", env={"PATH": path, **env})


def runner(done: CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stderr.splitlines() if line.startswith("RUN BY ")).removeprefix(
        "RUN BY "
    )


def test_the_order(world: World, linked: Checkout, path: str, database: Database) -> None:
    """Each step is added, from the last to the first, and from then on beats those after it."""
    assert runner(run(linked, path)) == sys.executable
    python = virtualenv(world.root / "python3")
    path = f"{path}:{python.parent}"
    assert runner(run(linked, path)) == str(python.with_name("python3"))
    python = virtualenv(world.root / "tools")
    script(world.root / "bin", python)
    path = f"{world.root / 'bin'}:{path}"
    assert runner(run(linked, path)) == str(python)
    for folder in (world.main.path, world.main.backend, linked.path, linked.backend):
        for name in ("venv", ".venv"):
            python = virtualenv(folder / name)
            assert runner(run(linked, path)) == str(python)
    active = virtualenv(world.root / "active")
    assert runner(run(linked, path, VIRTUAL_ENV=str(world.root / "active"))) == str(active)
    chosen = virtualenv(world.root / "chosen")
    linked.write("backend/pyproject.toml", f'[tool.alembic-worktrees]\npython = "{chosen}"\n')
    assert runner(run(linked, path, VIRTUAL_ENV=str(world.root / "active"))) == str(chosen)
    linked.write("backend/pyproject.toml", f'[tool.alembic-worktrees]\npython = ["{chosen}", "-I"]\n')
    assert runner(run(linked, path)) == str(chosen)


def test_alembic_on_path_whose_first_line_is_the_shell(world: World, linked: Checkout, path: str) -> None:
    python = virtualenv(world.root / "tools")
    script(python.parent, python, by_shell=True)
    (world.root / "bin").mkdir()
    (world.root / "bin/alembic").symlink_to(python.parent / "alembic")
    assert runner(run(linked, f"{world.root / 'bin'}:{path}")) == str(python)


def test_without_alembic_the_next_one_is_taken(world: World, linked: Checkout, path: str) -> None:
    virtualenv(linked.backend / ".venv", alembic=False)
    (linked.path / ".venv/bin").mkdir(parents=True)
    broken = linked.path / ".venv/bin/python"
    broken.write_text("#!/nowhere\n")
    broken.chmod(0o755)
    main = virtualenv(world.main.backend / ".venv")
    assert runner(run(linked, path)) == str(main)


def test_worktrees_of_a_bare_repository_share_one(world: World, linked: Checkout, path: str) -> None:
    """There is no main worktree that could have it."""
    world.main.git("clone", "--quiet", "--bare", ".", "../bare/.git")
    bare = Checkout(world, world.root / "bare/.git")
    for name in ("one", "two"):
        bare.git("worktree", "add", "--quiet", "-b", name, world.root / "bare" / name)
    one, two = (Checkout(world, world.root / "bare" / name) for name in ("one", "two"))
    python = virtualenv(one.path / "venv")
    assert runner(run(two, path)) == str(python)


def test_a_module_of_the_project_that_is_not_on_the_path(linked: Checkout) -> None:
    """As where the project is run with PYTHONPATH: another Python would not help."""
    linked.write("src/shop/__init__.py", "")
    env = linked.backend / "migrations/env.py"
    env.write_text("import shop\n" + env.read_text())
    said = linked.tool("copy").stderr
    assert "It lies in ~/StoFlow-feature-A/src, which is not on Python's path" in said
    cure = said.rpartition("or: ")[2].strip()
    linked.world.run(
        "sh", "-c", f"{cure} && {sys.executable} -m alembic_worktrees copy", cwd=linked.path, check=True
    )


def test_scripts_without_an_env_py(linked: Checkout) -> None:
    """As those of Flask-Alembic."""
    (linked.backend / "migrations/env.py").unlink()
    assert "There is no env.py in ~/StoFlow-feature-A/backend/migrations" in linked.tool("copy").stderr


@pytest.mark.parametrize("command", ["copy", "status"])
def test_a_python_without_the_projects_packages_is_named(linked: Checkout, path: str, command: str) -> None:
    env = linked.backend / "migrations/env.py"
    env.write_text("import no_such_package\n" + env.read_text())
    python = virtualenv(linked.backend / ".venv")
    done = linked.tool(command, env={"PATH": path})
    said = done.stdout + done.stderr
    assert f"{python} cannot load env.py: ModuleNotFoundError: No module named 'no_such_package'" in said
    assert "Is it running" not in said
