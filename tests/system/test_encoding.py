"""Output in an encoding that has not every character: it is written as well as that can."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from worlds.observe import at_terminal
from worlds.world import World, revision_text

if TYPE_CHECKING:
    from collections.abc import Iterator

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LANG": "fr_FR"}
COMMANDS = (
    "upgrade --help",
    "copy --dry-run",
    "copy",
    "list",
    "status",
    "graph --no-database",
    "check",
    "find bbbb2222",
    "find nulle-part",
    "upgrade",
    "status --json",
    "copy --json",
    "list --json",
    "check --json",
    "graph --format mermaid",
    "graph --format svg",
    "shim --shell bash",
    "init --dry-run",
)


@pytest.fixture(scope="module")
def latin_1(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A French locale of the nineties."""
    folder = tmp_path_factory.mktemp("locales")
    made = subprocess.run(
        ["localedef", "-i", "fr_FR", "-f", "ISO-8859-1", folder / "fr_FR"], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("localedef makes no locale here")
    return {"LOCPATH": str(folder), "LC_ALL": "fr_FR"}


@pytest.fixture
def world(world_root: Path) -> Iterator[World]:
    """The database has a migration of another worktree; names and messages have all kinds of characters."""
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    world.main.applied("aaaa1111")
    other = world.worktree("StoFlow-é→")
    text = revision_text("bbbb2222", "aaaa1111", body="print('Œuvre → faite')")
    (other.versions / "bbbb2222_é→.py").write_text(f'"""Ajoute l\'été → l\'œuf"""\n{text}', encoding="utf-8")
    other.alembic("upgrade", "heads", check=True)
    yield world


def test_every_command_in_ascii(world: World) -> None:
    world.main.write("pyproject.toml", '[tool.alembic-worktrees]\nlanguage = "fr"\n')
    for words in COMMANDS:
        done = world.main.tool(*words.split(), env=ASCII)
        assert done.returncode in (0, 1), (words, done.stderr)
        assert "bogue" not in done.stderr, (words, done.stderr)
        assert "Error" not in done.stderr, (words, done.stderr)
        if "json" in words:
            json.loads(done.stdout)
    assert "a jour" in world.main.tool("upgrade", env=ASCII).stderr
    page = world.main.tool("status", env=ASCII).stdout
    assert "Tetes propres" in page
    path = world.main.tool("find", "bbbb2222", env=ASCII).stdout.rstrip("\n")
    assert Path(path).is_file()


def test_latin_1_has_accents_but_no_arrows(world: World, latin_1: dict[str, str]) -> None:
    def said(*words: str) -> str:
        command = [*map(str, world.ours), "-m", "alembic_worktrees", *words]
        env = {**world.env, **latin_1}
        done = subprocess.run(command, cwd=world.main.backend, env=env, capture_output=True, check=True)
        assert b"bogue" not in done.stderr
        return (done.stdout + done.stderr).decode("latin-1")

    assert "bbbb2222 <- StoFlow-" in said("copy", "--dry-run")
    assert "mettre à jour" in said("--help")
    assert "à jour" in said("upgrade")
    assert "Têtes propres" in said("status")
    assert "→" in said("graph", "--format", "svg").encode("latin-1").decode("utf-8")


def test_no_marks_on_a_terminal_that_cannot_show_them(world: World) -> None:
    command = [*map(str, world.ours), "-m", "alembic_worktrees", "upgrade"]
    env = {**world.env, **ASCII, "TERM": "xterm", "NO_COLOR": "1"}
    seen = at_terminal(command, cwd=world.main.backend, env=env)
    assert seen.screen.startswith("Borrowed bbbb2222")


def test_a_folder_that_the_locale_cannot_name(world: World) -> None:
    main = world.main
    main.write("backend/alembic.ini", "[alembic]\nscript_location = migré\n")
    main.git("mv", "backend/migrations", "backend/migré")
    main.git("add", "--all")
    done = main.tool("check", "--staged", env=ASCII)
    assert (done.returncode, done.stdout) == (1, "")
    assert "ascii" in done.stderr and "export LC_ALL=C.UTF-8" in done.stderr
    assert main.tool("check", "--staged", env={"LC_ALL": "C.UTF-8"}).returncode == 0
