"""Completion: what is offered, and that real shells offer it at the press of a key."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.cli.options import make_parser
from alembic_worktrees.cli.subcommands import COMMANDS
from alembic_worktrees.install.shim import FUNCTIONS, SHELLS, render_completion
from alembic_worktrees.messages import Message
from alembic_worktrees.messages.speaker import Speaker
from shells import shell_or_skip
from worlds.world import World

if TYPE_CHECKING:
    from worlds.postgres import Database

PROGRAM = "alembic-worktrees"


@pytest.fixture
def world(world_root: Path) -> World:
    world = World.create(world_root, "sqlite://")
    world.main.revision("a1a1")
    world.main.commit("Add a1a1")
    linked = world.worktree("StoFlow-é x", "feature/one")
    linked.revision("b2b2", "a1a1")
    return world


def offered(world: World, *line: str) -> list[str]:
    """The lines of the answer: the kind, then each word with its meaning."""
    done = world.main.tool("completion", "--for", *line, cwd=world.main.path, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def answered(world: World, *line: str) -> list[str]:
    return offered(world, PROGRAM, *line)


def words(world: World, *line: str) -> list[str]:
    kind, *lines = answered(world, *line)
    assert kind == "words"
    return [line.partition("\t")[0] for line in lines]


# what is offered


def test_every_command_is_offered_with_its_help(world: World) -> None:
    assert set(words(world, "")) == set(COMMANDS)
    assert words(world) == words(world, "")
    assert words(world, "c") == [name for name in words(world, "") if name.startswith("c")]
    world.env["LC_ALL"] = "fr_FR.UTF-8"
    help = Speaker("fr").phrase(Message(COMMANDS["find"].does))
    assert "chemin" in help
    assert answered(world, "fin") == ["words", f"find\t{help}"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_offered_by_its_long_name(world: World, command: str) -> None:
    help = world.main.tool(command, "--help", check=True).stdout
    named = set(re.findall(r"^  (?:-\w(?: \S+)?, )?(--[\w-]+)", help, re.MULTILINE))
    named |= {"-x"} if "  -x ARG" in help else set()
    assert set(words(world, command, "-")) == named
    assert words(world, command, "-v", "--verb") == ["--verbose"]


VALUES = [
    (["shim", "--shell", ""], ["bash", "zsh", "fish"]),
    (["shim", "--shell", "z"], ["zsh"]),
    (["shim", "--shell=z"], ["--shell=zsh"]),
    (["shim", "--shell", "=", "z"], ["zsh"]),  # as bash cuts it
    (["shim", "--shell", "="], ["bash", "zsh", "fish"]),
    (["find", ""], ["a1a1", "b2b2"]),
    (["find", "b"], ["b2b2"]),
    (["adopt", "a", "b", ""], []),
    (["upgrade", "--target", ""], ["a1a1"]),
    (["upgrade", "--target=", "x"], []),
    (["copy", "--from", ""], ["StoFlow-é x", "develop", "feature/one"]),
    (["check", "--ref", "HEAD", "--since", ""], ["HEAD", "develop", "feature/one"]),
    (["upgrade", "--max-attempts", ""], []),
    (["upgrade", "backend", ""], []),
    (["upgrade", "--", "--tar"], []),
    (["nonsense", ""], []),
    (["--v"], ["--version"]),
    (["-x", ""], []),
]


def test_values(world: World) -> None:
    for line, expected in VALUES:
        found = answered(world, *line)
        assert [row.partition("\t")[0] for row in found[1:]] == expected, line


PATHS = [
    (["upgrade", ""], "dirs"),
    (["upgrade", "--target", "a1", "ba"], "dirs"),
    (["find", "a1", ""], "dirs"),
    (["upgrade", "-c", ""], "files"),
    (["upgrade", "--config=a"], "files"),
    (["graph", "--output", "x"], "files"),
    (["upgrade", "--", ""], "dirs"),
    (["upgrade", "-v"], "words"),
]


def test_paths_are_left_to_the_shell(world: World) -> None:
    for line, kind in PATHS:
        assert answered(world, *line)[0] == kind, line


def test_the_functions_of_the_shell_file_are_completed_as_what_they_call(world: World) -> None:
    for function, command in FUNCTIONS.items():
        assert offered(world, function, "--") == offered(world, PROGRAM, command, "--") != ["words"]
    assert offered(world, "find_migration_in_worktrees", "") == [
        "words",
        "a1a1\ta1a1_add_t.py (StoFlow)",
        "b2b2\tb2b2_add_t.py (StoFlow-é x)",
    ]


@pytest.mark.parametrize(("language", "example"), [("en", "Example"), ("fr", "Exemple")])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(
    command: str, language: str, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", language)  # by which argparse finds its own words
    parser = make_parser(Speaker(language).phrase)
    commands = next(action.choices for action in parser._actions if isinstance(action.choices, dict))
    help = commands[command].format_help()
    assert re.search(rf"^{example}s? ?:", help, re.MULTILINE)
    assert re.search(rf"{example}[\s\S]*{PROGRAM} {command}\b", help)
    assert help.startswith("usage: " if language == "en" else "utilisation : ")


# what is known


def test_only_what_is_borrowed_can_be_adopted(world_root: Path, database: Database) -> None:
    world = World.create(world_root, database.url)
    linked = world.worktree("StoFlow-one")
    linked.applied("a1a1")
    world.main.revision("b2b2")
    world.main.tool("copy", check=True)
    assert answered(world, "adopt", "") == ["words", "a1a1\ta1a1_add_t.py (StoFlow-one)"]


def test_nothing_is_said_where_nothing_can_be_known(world: World, tmp_path: Path) -> None:
    for cwd in (tmp_path, world.root):
        done = world.run(PROGRAM, "completion", "--for", PROGRAM, "find", "", cwd=cwd, check=True)
        assert (done.stdout, done.stderr) == ("words\n", "")
    world.main.write("pyproject.toml", "[tool.alembic-worktrees]\nnonsense = 1\n")
    assert answered(world, "find", "") == ["words"]


# in real shells


def test_scripts_pass_shellcheck_and_their_own_shell(tmp_path: Path) -> None:
    for shell in SHELLS:
        file = tmp_path / f"completion.{shell}"
        file.write_text(render_completion(shell))
        assert not re.search(r"@[A-Z]+@", file.read_text())
        subprocess.run([shell_or_skip(shell), "-n", file], check=True)
    subprocess.run([Path(sys.executable).with_name("shellcheck"), tmp_path / "completion.bash"], check=True)


def bash_offers(world: World, *line: str) -> list[str]:
    script = f"""
        {render_completion("bash")}
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _alembic_worktrees_complete "$1"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = world.run("bash", "-euo", "pipefail", "-c", script, "bash", *line, cwd=world.main.path, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_bash_function_fills_the_reply(world: World) -> None:
    assert bash_offers(world, PROGRAM, "upg") == ["upgrade"]
    assert bash_offers(world, PROGRAM, "shim", "--shell", "=", "f") == ["fish"]
    assert bash_offers(world, "find_migration_in_worktrees", "b") == ["b2b2"]
    assert bash_offers(world, PROGRAM, "copy", "--from", "Sto") == [r"StoFlow-é\ x"]
    assert bash_offers(world, PROGRAM, "upgrade", "ba") == [""]


def fish_offers(world: World, line: str) -> list[str]:
    script = f"{render_completion('fish')}\ncomplete -C $argv[1]"
    shell = shell_or_skip("fish")
    done = world.run(shell, "--no-config", "-c", script, line, cwd=world.main.path, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_fish_offers(world: World) -> None:
    assert fish_offers(world, f"{PROGRAM} upg")[0].startswith("upgrade\tborrow what is missing")
    assert fish_offers(world, f"{PROGRAM} find ") == [
        "a1a1\ta1a1_add_t.py (StoFlow)",
        "b2b2\tb2b2_add_t.py (StoFlow-é x)",
    ]
    assert fish_offers(world, "find_migration_in_worktrees b") == ["b2b2\tb2b2_add_t.py (StoFlow-é x)"]
    assert fish_offers(world, f"{PROGRAM} upgrade ba") == ["backend/"]
    assert [line.partition("\t")[0] for line in fish_offers(world, f"{PROGRAM} upgrade -c .git")] == [
        ".git/",
        ".gitignore",
    ]
    assert fish_offers(world, f"{PROGRAM} shim --shell=z") == ["--shell=zsh"]
    assert fish_offers(world, f"{PROGRAM} upgrade backend ") == []


class Typist:
    """Somebody at a terminal with an interactive shell."""

    def __init__(self, world: World, *command: str) -> None:
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command,
            cwd=world.main.path,
            env=world.env | {"TERM": "xterm", "PS1": "ready> ", "LC_ALL": "C.UTF-8"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def type(self, keys: str, until: str) -> str:
        """Type, wait until the screen shows what matches `until`, and return what it has shown since."""
        os.write(self.ours, keys.encode())
        shown = ""
        deadline = time.monotonic() + 30
        while not re.search(until, CONTROLS.sub("", shown)):
            assert time.monotonic() < deadline, shown
            if select.select([self.ours], [], [], 1)[0]:
                with suppress(OSError):
                    shown += os.read(self.ours, 4096).decode(errors="replace")
        return shown

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


CONTROLS = re.compile(r"\x1b\[[\d;?]*[a-zA-Z]|[\x07\r]")
SETUPS = {
    "bash": (["--norc", "--noprofile", "-i"], ""),
    "zsh": (
        ["-f", "-i"],
        "PS1='ready> '; autoload -Uz compinit; compinit -D -u; ",
    ),
}


@pytest.mark.parametrize("name", SETUPS)
def test_tab_key(world: World, name: str) -> None:
    options, setup = SETUPS[name]
    typist = Typist(world, shell_or_skip(name), *options)
    try:
        typist.type("", "ready> ")
        typist.type(
            f'{setup}eval "$({PROGRAM} completion --shell {name})"; echo se""t up\r',
            r"set up\n[\s\S]*ready> ",
        )
        typist.type(f"{PROGRAM} fi", "fi")  # a tab that is typed ahead counts as pasted in zsh
        typist.type("\t", "nd ")
        typist.type("b", "b")
        typist.type("\t", "2b2")
        typist.type("\r", "b2b2_add_t.py\n")
        typist.type(f"{PROGRAM} upgrade bac", "bac")
        typist.type("\t", "kend/")
        if name == "zsh":  # bash itself completes nothing there
            typist.type("\r", "ready> ")
            typist.type("cp $(find_migration_in_worktrees b", "trees b")
            typist.type("\t", "2b2")
    finally:
        typist.end()
