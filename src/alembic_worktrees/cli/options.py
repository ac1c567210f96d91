"""The words of the command line → a namespace. Help in the user's language; an error is a `Usage`."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from .. import PROGRAM, __version__
from ..messages import Message, Text, _
from ..messages.errors import Usage
from .subcommands import COMMANDS, Argument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Phrase = Callable[[Message], str]

ABOUT = _("Many worktrees, one Alembic database: borrow the migrations that are missing here, and upgrade.")
_SHOWN = f"{PROGRAM} {__version__}"
VERSION = Argument(("--version",), "", _("print the version"), {"action": "version", "version": _SHOWN})
HELP = Argument(("-h", "--help"), "", _("show this help"), {"action": "help"})
QUIET = Argument(("-q", "--quiet"), "", _("say only what is wrong"), {"action": "store_true"})
VERBOSE = Argument(
    ("-v", "--verbose"),
    "",
    _("list skipped files, and why; show all that Alembic says of a database that is down"),
    {"action": "store_true"},
)


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


class _Parser(argparse.ArgumentParser):
    def __init__(self, **given: Any) -> None:
        super().__init__(formatter_class=_Help, add_help=False, allow_abbrev=False, **given)

    def error(self, message: str) -> NoReturn:
        from ..runner.masking import mask

        text = _("{words:text}\n  Help: {command} --help")
        raise Usage(text, words=f"{self.prog}: {mask(message)}", command=self.prog)


def parse(argv: Sequence[str], phrase: Phrase) -> argparse.Namespace:
    """Return the options; `.command` names the subcommand. Raises Usage; `--help` and `--version` exit."""
    if argv[:2] == ["completion", "--for"]:
        # What the scripts for shells call: the words of the user's line, which are not for our parser.
        return argparse.Namespace(command="completion", line=argv[2:])
    # To make every parser takes longer than the work of many a command.
    alone = [word for word in argv[:1] if word in COMMANDS]
    parser = make_parser(phrase, alone if alone or argv == ["--version"] else COMMANDS)
    return parser.parse_args(argv or ["--help"], argparse.Namespace(directory=None, line=None))


def make_parser(phrase: Phrase, names: Iterable[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of the command line, its help in the words of `phrase`; of `names` of the subcommands only."""

    def text(english: Text) -> str:
        return phrase(Message(english)).replace("%", "%%")

    def add(to: argparse._ActionsContainer, arguments: Iterable[Argument | tuple[Argument, ...]]) -> None:
        for argument in arguments:
            if isinstance(argument, Argument):
                takes: dict[str, Any] = {"metavar": argument.takes} if argument.takes else {}
                to.add_argument(*argument.names, help=text(argument.does), **takes, **argument.given)
            else:
                add(to.add_mutually_exclusive_group(), argument)

    def filled(parser: argparse.ArgumentParser, *arguments: Argument | tuple[Argument, ...]) -> None:
        parser._positionals.title, parser._optionals.title = text(_("arguments")), text(_("options"))
        add(parser, arguments)

    parser = _Parser(prog=PROGRAM, description=text(ABOUT))
    filled(parser, HELP, VERSION)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in names:
        command, does = COMMANDS[name], text(COMMANDS[name].does)
        made = commands.add_parser(name, help=does, description=f"{does}\n\n{text(command.example)}")
        filled(made, HELP, (VERBOSE, QUIET), *command.arguments)
    return parser


def _columns() -> int:
    """Return the width of the terminal as `shutil` does, which loads half of what Python has of compression."""
    with suppress(ValueError, OSError):  # no number; no terminal
        return int(os.environ.get("COLUMNS") or os.get_terminal_size().columns) or 80
    return 80
