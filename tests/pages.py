"""The pages that users read, in pieces; and what is written from the parser of the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alembic_worktrees.cli.options import HELP, QUIET, VERBOSE
from alembic_worktrees.cli.subcommands import COMMANDS, Argument, flat
from alembic_worktrees.install import shim
from texts import translations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"

# What others say.
FOREIGN = {
    "Can't locate revision identified by",
    "Multiple head revisions are present",
    "Requested revision … overlaps with other requested revisions",
    "KeyError: 'a1b2c3d4'",
    "ModuleNotFoundError: No module named",
    "NotImplementedError: commented out",
    "already exists, no checkout",
}


class Block(NamedTuple):
    """What stands in a fence; its language is the shell that runs it, or what it is."""

    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """What is typed in a session."""
        return [line[2:] for line in self.text.splitlines() if line.startswith("$ ")]


class Section(NamedTuple):
    """What stands below a heading, up to the next one. `prose` is all but the blocks and tables."""

    level: int
    title: str
    blocks: tuple[Block, ...]
    tables: tuple[list[list[str]], ...]
    prose: str


class Page(NamedTuple):
    """A page in Markdown."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def sections(self) -> list[Section]:
        # Headings are looked for outside of fences: a comment of a shell or of YAML looks like one.
        pieces = re.split(r"(^```\w+\n.*?^```\n)", self.text, flags=re.MULTILINE | re.DOTALL)
        marked = "".join(f"\0{n}\0\n" if n % 2 else piece for n, piece in enumerate(pieces))
        found = re.split(r"^(#+) (.*)\n", marked, flags=re.MULTILINE)[1:]
        heads = zip(found[::3], found[1::3], found[2::3], strict=True)
        return [_section(level, title, body, pieces) for level, title, body in heads]

    def section(self, title: str) -> Section:
        return next(section for section in self.sections if section.title == title)

    def blocks(self, language: str) -> list[Block]:
        return [block for one in self.sections for block in one.blocks if block.language == language]

    @property
    def sessions(self) -> list[tuple[str, str]]:
        """Each command that is typed on the page and what it prints, in order."""
        text = "".join(block.text for block in self.blocks("console"))
        pieces = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
        return [(command, said) for command, _, said in (piece.partition("\n") for piece in pieces)]

    def performed(self, said: Iterator[str]) -> str:
        """The page with what its commands print."""

        def block(found: re.Match[str]) -> str:
            commands = Block("console", found[0]).commands
            return "```console\n" + "".join(f"$ {command}\n{next(said)}" for command in commands) + "```\n"

        return re.sub(r"^```console\n.*?^```\n", block, self.text, flags=re.MULTILINE | re.DOTALL)


def page(name: str) -> Page:
    """A page of `docs/`."""
    return Page(DOCS / f"{name}.md")


def _section(level: str, title: str, body: str, pieces: Sequence[str]) -> Section:
    numbers = [int(number) for number in re.findall(r"\0(\d+)\0", body)]
    blocks = tuple(
        Block(first.removeprefix("```"), text.removesuffix("```\n"))
        for first, _, text in (pieces[number].partition("\n") for number in numbers)
    )
    table = r"(?:^\|.*\|\n)+"
    tables = tuple(
        [[cell.strip() for cell in line.strip("|").split("|")] for line in found.splitlines()]
        for found in re.findall(table, body, re.MULTILINE)
    )
    prose = re.sub(table, "", re.sub(r"\0\d+\0", "", body), flags=re.MULTILINE)
    return Section(len(level), title, blocks, tables, prose)


def rows(section: Section, table: int = 0) -> list[list[str]]:
    """The rows of a table without its head."""
    return section.tables[table][2:]


def codes(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def options(command: str) -> set[str]:
    """The options of a command."""
    given = (*flat(COMMANDS[command].arguments), HELP, VERBOSE, QUIET)
    return {name for one in given for name in one.names if name.startswith("-")}


def functions() -> list[str]:
    """The functions of the shell file."""
    return re.findall(r"^(?!_)(\w+)\(\)", shim.render("bash"), re.MULTILINE)


def stages() -> dict[str, list[str]]:
    """The hooks and when they run."""
    hooks = (REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    found = re.findall(r"^- id: (\S+)$.*?^  stages: \[(.*?)\]$", hooks, re.MULTILINE | re.DOTALL)
    return {id: each.split(", ") for id, each in found}


def message(text: str) -> list[str]:
    """The English texts of which a page gives the beginning; where others say it, the text itself."""
    said = translations().items()
    keys = [both[0][0] for both in said for forms in both for one in forms if beginning(one).startswith(text)]
    # The shell file says one thing in two languages.
    keys += ["shell file" for said in shim._TEXTS.values() if said.startswith(text)]
    return keys or [text for one in FOREIGN if one == text]


def beginning(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "…", template)


# The reference

WRITTEN = "<!-- What follows `make docs` writes, from what the parser knows. -->"


def reference() -> str:
    """Every command with its arguments, as the parser has them; what most of them take is told once."""
    found = [one for one in flat(COMMANDS["status"].arguments) if one.names != ("--json",)]
    shared = [*found, HELP, VERBOSE, QUIET]
    pieces = [WRITTEN, "## What most commands take", _table(shared)]
    for name, command in COMMANDS.items():
        own = [one for one in flat(command.arguments) if one not in shared]
        operands = [_shown(one) for one in flat(command.arguments) if not one.is_option]
        pieces += [
            f"## `{' '.join([name, *operands])}`",
            f"{command.does[0].upper()}{command.does[1:]}.",
            *([_table(own)] if own else []),
            f"```text\n{command.example}\n```",
        ]
    return "\n\n".join(pieces) + "\n"


def _table(arguments: Iterable[Argument]) -> str:
    lines = (f"| {_shown_all(one)} | {one.does} |" for one in arguments)
    return "\n".join(["| argument | does |", "|---|---|", *lines])


def _shown_all(argument: Argument) -> str:
    *short, name = argument.names
    return " ".join([*(f"`{one}`" for one in short), f"`{_shown(argument, name)}`"])


def _shown(argument: Argument, name: str = "") -> str:
    """An option with what it takes; another argument as the help shows it."""
    takes = argument.takes
    several = "…" if argument.given.get("nargs") == "+" else ""
    if argument.is_option:
        return f"{name} {takes}{several}".strip()
    optional = argument.given.get("nargs") in {"?", "*"}
    return f"[{takes}]" if optional else f"{takes}{several}"
