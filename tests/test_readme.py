"""What the front page says is true: its sessions happen, its tables are complete, its messages exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees import messages, settings, shim
from alembic_worktrees.errors import DONE, INTERRUPTED, NOT_DONE, OUR_BUG, WRONG_USAGE
from alembic_worktrees.settings import Settings
from shells import shell_or_skip
from worlds.world import Layout, World

if TYPE_CHECKING:
    from worlds.postgres import Database
    from worlds.world import Checkout

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SHELL_FILE = "scripts/alembic-utils.sh"

# What others say.
FOREIGN = {"Can't locate revision identified by", "Multiple head revisions are present"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def tables(text: str) -> list[list[list[str]]]:
    """Each table as its rows without the head, each row as its cells."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
        for table in found
    ]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# The sessions


@pytest.fixture
def story(world_root: Path, database: Database) -> Checkout:
    """Three worktrees as on the front page: A has applied a1b2c3d4, of which B knows nothing."""
    world = World.create(world_root, database.url)
    ini = world.main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("level = INFO", "level = WARNING"))
    world.main.write(SHELL_FILE, shim.render("bash"))
    world.main.commit("Quiet log, shell file")
    world.main.applied("00000001", file="00000001_add_users.py")
    a, b = (world.worktree(f"StoFlow-feature-{name}", f"feature-{name}") for name in "AB")
    a.applied("a1b2c3d4", "00000001", file="a1b2c3d4_add_products.py")
    return b


def sessions() -> list[tuple[str, str]]:
    """Each command that is typed on the page and what it prints, in order."""
    pieces = re.split(r"^\$ ", "".join(blocks("console")), flags=re.MULTILINE)
    assert pieces[0] == ""
    return [(command, said) for command, _, said in (piece.partition("\n") for piece in pieces[1:])]


def test_sessions_are_true(story: Checkout, database: Database) -> None:
    commands = [command for command, _ in sessions()]
    assert commands[:2] == ["cd ~/StoFlow-feature-B/backend", "alembic upgrade head"]
    script = "exec 2>&1\n" + "".join(f"{command}\nprintf '\\0'\n" for command in commands)
    done = story.world.run(shell_or_skip("bash"), "--norc", input=script, check=True, timeout=120)
    said = done.stdout.replace(str(story.world.root), "/home/dev").replace(database.name, "stoflow")
    assert list(zip(commands, said.split("\0")[:-1], strict=True)) == sessions()


def test_the_problem_and_the_cure_come_first() -> None:
    first, second = blocks("console")[:2]
    assert "FAILED: Can't locate revision" in first
    assert "auto_copy_missing_migrations" in second
    assert README.index(second) < 1500


def test_installing_writes_the_shell_file(world_root: Path) -> None:
    """But for pipx itself, which test_packaging.py runs, and for the question, which needs a terminal."""
    world = World.create(world_root, "sqlite://", layout=Layout(backend=""))
    clone, pipx, init = blocks("sh")
    assert clone.splitlines() == ["make demo", "make test"]
    assert pipx.strip() == "pipx install alembic-worktrees"
    assert pipx.strip() in shim.render("bash")
    world.run(*init.split(), "--yes", cwd=world.main.path, check=True)
    committed = (REPOSITORY / "shell" / "alembic-utils.sh").read_bytes()
    assert (world.main.path / SHELL_FILE).read_bytes() == committed
    for command in codes(section("Install")):
        if command.startswith("alembic-worktrees "):
            world.run(*command.split(), cwd=world.main.path, check=True)


def test_the_settings_block_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(blocks("toml")[0])
    assert settings.load_settings(file).search == ("~/elsewhere/StoFlow-*",)


# The two commands


def test_the_build_machine_runs_the_test_command() -> None:
    """Exactly that of the front page, and last."""
    runs = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert runs[-1].split(" <")[0] == blocks("sh")[0].splitlines()[-1] == "make test"
    assert "set -euo pipefail" in runs


def test_make_test_runs_every_check_and_the_suite() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "test"],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=30,
    )
    for command in (
        "ruff check",
        "ruff format --check",
        "mypy",
        "shellcheck .ci/run",
        "python -m pytest -n auto",
    ):
        assert f".venv/bin/{command}" in done.stdout, command


# The tables


def help_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "alembic_worktrees", *command, "--help"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={"LC_ALL": "C.UTF-8", "COLUMNS": "200"},
        timeout=30,
    )
    return done.stdout


def offered(command: str) -> set[str]:
    """Long options of a command, and the short ones that have no long form."""
    lines = re.findall(r"^  (-.*?)(?:  |$)", help_of(command), re.MULTILINE)
    return {re.findall(r"--[\w-]+|-\w", line)[-1] if "--" in line else line.split()[0] for line in lines}


def test_every_command_and_option_has_its_row() -> None:
    commands, options = tables(section("Commands"))
    names = [codes(row[0])[0].split()[0] for row in commands]
    assert names == re.findall(r"^    (\w+)(?:  |$)", help_of(), re.MULTILINE)
    everywhere = {"--help", "--verbose"}
    for name, row in zip(names, commands, strict=True):
        assert set(codes(row[2])) == offered(name) - everywhere, name
    explained = {code.split()[0] for row in options for code in codes(row[0])}
    assert explained == {option for row in commands for option in codes(row[2])} | {"--verbose"}


def test_every_function_has_its_row() -> None:
    (rows,) = tables(section("Three shell functions"))
    public = re.findall(r"^(?!_)(\w+)\(\)", shim.render("bash"), re.MULTILINE)
    assert [codes(row[0])[0].split()[0] for row in rows] == public
    for name, row in zip(public, rows, strict=True):
        body = shim.render("bash").partition(f"\n{name}() {{")[2].partition("\n}")[0]
        assert f"_alembic_worktrees {codes(row[1])[-1].split()[1]} " in body


def test_every_setting_has_its_row_and_default() -> None:
    (rows,) = tables(section("Settings"))
    table = {codes(row[0])[0]: row[1].strip("`") for row in rows}
    assert set(table) == set(settings._READERS)
    for key, default in table.items():
        value = getattr(Settings(), key.replace("-", "_"))
        words = {
            "search": "none",
            "language": "the locale's",
            "python": "see below",
            "database-url": "none",
            "published": "the remote's default branch",
        }
        assert default == words.get(key, str(value).lower())
        assert bool(value) != (key in words) or value is False


def test_every_hook_has_its_row() -> None:
    (rows,) = tables(section("Hooks"))
    hooks = (REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    stages = re.findall(r"^- id: (\S+)$.*?^  stages: \[(.*?)\]$", hooks, re.MULTILINE | re.DOTALL)
    assert {codes(row[0])[0]: codes(row[1]) for row in rows} == {id: each.split(", ") for id, each in stages}


def test_exit_statuses() -> None:
    said = re.search(r"Exit status: (.*?)\.\n", README, re.DOTALL)
    assert said
    numbers = [int(number) for number in re.findall(r"\d+", said[1])]
    assert numbers == [DONE, NOT_DONE, WRONG_USAGE, OUR_BUG, INTERRUPTED]


def test_every_message_is_one_that_is_said() -> None:
    texts = [re.sub(r"\{[^}]*\}", "…", text.en) for text in messages.TEXTS.values()]
    texts += [*shim._TEXTS.values(), *FOREIGN]
    (rows,) = tables(section("When something is wrong"))
    for row in rows:
        (message,) = codes(row[0])
        assert any(text.startswith(message) for text in texts), message


# Around it


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (REPOSITORY / target).exists(), target


def test_contributing_names_every_module() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    package = Path(settings.__file__).parent
    for path in package.glob("[!_]*.py"):
        assert f"`{path.name}`" in text, f"say in CONTRIBUTING.md which question {path.name} answers"
    for command in re.findall(
        r"^make .*$", "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)), re.MULTILINE
    ):
        words = [word for word in shlex.split(command, comments=True) if "=" not in word]
        subprocess.run([*words, "--dry-run"], cwd=REPOSITORY, check=True, capture_output=True, timeout=30)
