"""The words of the command line → a namespace. Help in the user's language; an error is a `Usage`."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from .. import PROGRAM, __version__
from ..messages.errors import Usage
from ..messages.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


EXTRAS = ("dev", "claude")
# What `alembic revision` is told as it stands.
ALEMBIC = {"branch-label": "LABEL", "version-path": "PATH", "rev-id": "ID"}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        from ..database.runner.masking import mask

        raise Usage("usage", words=f"{self.prog}: {mask(message)}", command=self.prog)


def parse(argv: Sequence[str], phrase: Callable[[Message], str]) -> argparse.Namespace:
    """Return the options; `.command` names the subcommand. Raises Usage; `--help` and `--version` exit."""
    if argv[:2] == ["completion", "--for"]:
        # What the scripts for shells call: the words of the user's line, which are not for our parser.
        return argparse.Namespace(command="completion", line=argv[2:])
    if not argv:
        argv = ["--help"]
    # To make every parser takes longer than the work of many a command.
    alone = [word for word in argv[:1] if word in COMMANDS]
    return make_parser(phrase, alone if alone or argv == ["--version"] else None).parse_args(argv)


def make_parser(
    phrase: Callable[[Message], str], names: Iterable[str] | None = None
) -> argparse.ArgumentParser:
    """Return the parser of the command line, its help in the words of `phrase`; of `names` of the subcommands only."""

    def text(key: str) -> str:
        return phrase(Message(f"help-{key}")).replace("%", "%%")

    class Help(argparse.RawDescriptionHelpFormatter):
        def __init__(self, prog: str) -> None:
            super().__init__(prog, width=_columns() - 2)

        def add_usage(
            self,
            usage: str | None,
            actions: Iterable[argparse.Action],
            groups: Iterable[argparse._MutuallyExclusiveGroup],
            prefix: str | None = None,
        ) -> None:
            super().add_usage(usage, actions, groups, text("usage") if prefix is None else prefix)

    def with_help(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
        parser._positionals.title, parser._optionals.title = text("positionals"), text("options")
        parser.add_argument("-h", "--help", action="help", help=text("help"))
        return parser

    parser = with_help(
        _Parser(prog=PROGRAM, description=text("program"), formatter_class=Help, add_help=False)
    )
    parser.add_argument(
        "--version", action="version", version=f"{PROGRAM} {__version__}", help=text("version")
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str) -> argparse.ArgumentParser:
        description = f"{text(name)}\n\n{text(f'{name}-example')}"
        made = commands.add_parser(
            name,
            help=text(name),
            description=description,
            formatter_class=Help,
            add_help=False,
            allow_abbrev=False,
        )
        with_help(made).add_argument("-v", "--verbose", action="store_true", help=text("verbose"))
        return made

    for name in COMMANDS if names is None else names:
        COMMANDS[name](command(name), text)
    return parser


def _columns() -> int:
    """Return the width of the terminal as `shutil` does, which loads half of what Python has of compression."""
    with suppress(ValueError):
        if (columns := int(os.environ.get("COLUMNS", "0"))) > 0:
            return columns
    with suppress(OSError, AttributeError, ValueError):  # no terminal; no standard output at all
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    return 80


def _located(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> argparse.ArgumentParser:
    parser.add_argument("directory", nargs="?", metavar="DIR", help=text("directory"))
    return _configured(parser, text)


def _configured(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> argparse.ArgumentParser:
    parser.add_argument("-c", "--config", action="append", default=[], metavar="FILE", help=text("config"))
    parser.add_argument("-n", "--name", default="alembic", metavar="SECTION", help=text("section"))
    return parser


def _asking(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> argparse.ArgumentParser:
    parser.add_argument(
        "-x", action="append", default=[], dest="arguments", metavar="ARG", help=text("argument")
    )
    return parser


def _borrowing(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> argparse.ArgumentParser:
    _asking(parser, text).add_argument("--from", dest="prefer", metavar="ORIGIN", help=text("from"))
    reviewing = parser.add_mutually_exclusive_group()
    reviewing.add_argument("--review", action="store_true", default=None, help=text("review"))
    reviewing.add_argument("--no-review", action="store_false", dest="review", help=text("no-review"))
    return parser


def _upgrade(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _borrowing(_located(parser, text), text)
    parser.add_argument("--target", metavar="REVISION", help=text("target"))
    parser.add_argument("--max-attempts", type=_count, metavar="N", help=text("max-attempts"))
    parser.add_argument("--on-borrowed", action="store_true", help=text("on-borrowed"))
    parser.add_argument("--trust-files", action="store_true", help=text("trust-files"))
    parser.add_argument("--remote-database", action="store_true", default=None, help=text("remote-database"))


def _copy(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _borrowing(_located(parser, text), text)
    parser.add_argument("--dry-run", action="store_true", help=text("dry-run"))
    _json(parser, text)


def _find(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    parser.add_argument("revision", metavar="REVISION", help=text("its-id"))
    _located(parser, text)


def _list(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _json(_located(parser, text), text)


def _status(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _json(_asking(_located(parser, text), text), text)


def _graph(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _asking(_located(parser, text), text)
    formats = ("text", "svg", "mermaid")
    parser.add_argument("--format", choices=formats, metavar="FORMAT", help=text("format"))
    parser.add_argument("-o", "--output", metavar="FILE", help=text("output"))
    parser.add_argument("--force", action="store_true", help=text("force"))
    parser.add_argument("--all", action="store_true", help=text("all"))
    parser.add_argument("--no-database", action="store_true", help=text("no-database"))


def _adopt(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    parser.add_argument("revisions", nargs="+", metavar="REVISION", help=text("its-id"))
    _configured(parser, text).set_defaults(directory=None)


def _merge(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _located(parser, text)
    parser.add_argument("-m", "--message", metavar="MSG", help=text("message"))
    parser.add_argument("--stage", action="store_true", help=text("stage"))


def _revision(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _asking(_located(parser, text), text)
    parser.add_argument("-m", "--message", metavar="MSG", help=text("revision-message"))
    parser.add_argument("--autogenerate", action="store_true", help=text("autogenerate"))
    parser.add_argument("--head", metavar="REVISION", help=text("head"))
    parser.add_argument("--splice", action="store_true", help=text("splice"))
    parser.add_argument(
        "--depends-on", action="append", default=[], metavar="REVISION", help=text("depends-on")
    )
    for name, metavar in ALEMBIC.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=text(name))
    parser.add_argument("--sql", action="store_true", help=text("sql"))
    parser.add_argument("--on-borrowed", action="store_true", help=text("revision-on-borrowed"))
    parser.add_argument("--keep-all", action="store_true", help=text("keep-all"))
    parser.add_argument("--allow-empty", action="store_true", help=text("allow-empty"))


def _check(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _located(parser, text)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--staged", action="store_true", help=text("staged"))
    what.add_argument("--pushed", action="store_true", help=text("pushed"))
    what.add_argument("--ref", metavar="REV", help=text("ref"))
    parser.add_argument("--since", metavar="REV", help=text("since"))
    parser.add_argument("--database", action="store_true", help=text("database"))
    _json(parser, text)


def _report(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    parser.add_argument("argv", nargs="*", metavar="HOOK [ARG ...]", help=text("hook"))
    _configured(parser, text).set_defaults(directory=None)


def _init(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _located(parser, text)
    parser.add_argument(
        "--with", dest="extras", type=_extras, default=(), metavar="dev,claude", help=text("with")
    )
    parser.add_argument("--dry-run", action="store_true", help=text("dry-run"))
    parser.add_argument("--yes", action="store_true", help=text("yes"))
    parser.add_argument("--remove", action="store_true", help=text("remove"))
    parser.add_argument("--purge", action="store_true", help=text("purge"))


def _shim(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    parser.add_argument("--shell", choices=("bash", "zsh", "fish"), help=text("shell"))


def _completion(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    _shim(parser, text)
    parser.set_defaults(line=None)


def _demo(_parser: argparse.ArgumentParser, _text: Callable[[str], str]) -> None:
    pass


def _json(parser: argparse.ArgumentParser, text: Callable[[str], str]) -> None:
    parser.add_argument("--json", action="store_true", help=text("json"))


def _count(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} < 1")
    return number


def _extras(words: str) -> tuple[str, ...]:
    names = tuple(word.strip() for word in words.split(","))
    for name in names:
        if name not in EXTRAS:
            raise Usage("init-unknown-extra", name=name, command=f"{PROGRAM} init --with {','.join(EXTRAS)}")
    return names


# The subcommands, in the order of the help, and what gives each its own arguments.
COMMANDS = {
    "upgrade": _upgrade,
    "copy": _copy,
    "find": _find,
    "list": _list,
    "status": _status,
    "graph": _graph,
    "revision": _revision,
    "adopt": _adopt,
    "merge": _merge,
    "check": _check,
    "protect": _located,
    "report": _report,
    "init": _init,
    "shim": _shim,
    "completion": _completion,
    "demo": _demo,
}
