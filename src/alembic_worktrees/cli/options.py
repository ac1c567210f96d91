"""The words of the command line → a namespace. Help in the user's language; an error is a `Usage`."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from .. import PROGRAM, __version__
from ..messages import Message, Text, _
from ..messages.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


EXTRAS = ("dev", "claude")
# What `alembic revision` is told as it stands.
ALEMBIC = {
    "branch-label": ("LABEL", _("a branch label for it")),
    "version-path": ("PATH", _("the version location to write it to")),
    "rev-id": ("ID", _("its id, instead of a random one")),
}
_ID = _("the whole id of a migration")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        from ..database.runner.masking import mask

        text = _("{words:text}\n  Help: {command} --help")
        raise Usage(text, words=f"{self.prog}: {mask(message)}", command=self.prog)


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

    def text(english: Text) -> str:
        return phrase(Message(english)).replace("%", "%%")

    class Help(argparse.RawDescriptionHelpFormatter):
        def __init__(self, prog: str) -> None:
            super().__init__(prog, width=_columns() - 2)

    def with_help(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
        parser._positionals.title, parser._optionals.title = text(_("arguments")), text(_("options"))
        parser.add_argument("-h", "--help", action="help", help=text(_("show this help")))
        return parser

    parser = with_help(
        _Parser(
            prog=PROGRAM,
            description=text(
                _(
                    "Many worktrees, one Alembic database: borrow the migrations that are missing "
                    "here, and upgrade."
                )
            ),
            formatter_class=Help,
            add_help=False,
        )
    )
    parser.add_argument(
        "--version", action="version", version=f"{PROGRAM} {__version__}", help=text(_("print the version"))
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str) -> argparse.ArgumentParser:
        about = COMMANDS[name]
        made = commands.add_parser(
            name,
            help=text(about.does),
            description=f"{text(about.does)}\n\n{text(about.example)}",
            formatter_class=Help,
            add_help=False,
            allow_abbrev=False,
        )
        with_help(made).add_argument(
            "-v",
            "--verbose",
            action="store_true",
            help=text(
                _(
                    "name every file that was skipped, and show all that Alembic says of a "
                    "database that is down"
                )
            ),
        )
        return made

    for name in COMMANDS if names is None else names:
        COMMANDS[name].add_arguments(command(name), text)
    return parser


def _columns() -> int:
    """Return the width of the terminal as `shutil` does, which loads half of what Python has of compression."""
    with suppress(ValueError):
        if (columns := int(os.environ.get("COLUMNS", "0"))) > 0:
            return columns
    with suppress(OSError, AttributeError, ValueError):  # no terminal; no standard output at all
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    return 80


def _located(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> argparse.ArgumentParser:
    parser.add_argument(
        "directory",
        nargs="?",
        metavar="DIR",
        help=text(
            _("the folder of the Alembic project (default: backend, else here, else the nearest above)")
        ),
    )
    return _configured(parser, text)


def _configured(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> argparse.ArgumentParser:
    parser.add_argument(
        "-c",
        "--config",
        action="append",
        default=[],
        metavar="FILE",
        help=text(_("as for alembic, from DIR")),
    )
    parser.add_argument(
        "-n",
        "--name",
        default="alembic",
        metavar="SECTION",
        help=text(_("as for alembic: the section of the ini")),
    )
    return parser


def _asking(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> argparse.ArgumentParser:
    parser.add_argument(
        "-x",
        action="append",
        default=[],
        dest="arguments",
        metavar="ARG",
        help=text(_("as for alembic: a word for env.py")),
    )
    return parser


def _borrowing(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> argparse.ArgumentParser:
    _asking(parser, text).add_argument(
        "--from",
        dest="prefer",
        metavar="ORIGIN",
        help=text(_("where copies differ, take that of this checkout")),
    )
    reviewing = parser.add_mutually_exclusive_group()
    reviewing.add_argument(
        "--review",
        action="store_true",
        default=None,
        help=text(_("show each file that would be borrowed, and ask before it is")),
    )
    reviewing.add_argument(
        "--no-review", action="store_false", dest="review", help=text(_("do not, whatever the setting says"))
    )
    return parser


def _upgrade(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _borrowing(_located(parser, text), text)
    parser.add_argument(
        "--target", metavar="REVISION", help=text(_("upgrade to this revision (default: heads)"))
    )
    parser.add_argument(
        "--max-attempts",
        type=_count,
        metavar="N",
        help=text(_("how often to look again if others upgrade meanwhile (default: 3)")),
    )
    parser.add_argument(
        "--on-borrowed",
        action="store_true",
        help=text(_("apply own migrations also where they follow borrowed ones")),
    )
    parser.add_argument(
        "--trust-files",
        action="store_true",
        help=text(_("take what lies here for what ran, whatever the archive says")),
    )
    parser.add_argument(
        "--remote-database",
        action="store_true",
        default=None,
        help=text(_("upgrade also a database that is not local")),
    )


def _copy(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _borrowing(_located(parser, text), text)
    _dry_run(parser, text)
    _json(parser, text)


def _find(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    parser.add_argument("revision", metavar="REVISION", help=text(_ID))
    _located(parser, text)


def _list(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _json(_located(parser, text), text)


def _status(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _json(_asking(_located(parser, text), text), text)


def _graph(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _asking(_located(parser, text), text)
    formats = ("text", "svg", "mermaid")
    parser.add_argument(
        "--format",
        choices=formats,
        metavar="FORMAT",
        help=text(_("text, svg or mermaid (default: by the end of FILE, else text)")),
    )
    parser.add_argument("-o", "--output", metavar="FILE", help=text(_("write to FILE")))
    parser.add_argument("--force", action="store_true", help=text(_("overwrite FILE")))
    parser.add_argument("--all", action="store_true", help=text(_("fold nothing")))
    parser.add_argument("--no-database", action="store_true", help=text(_("do not ask the database")))


def _adopt(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    parser.add_argument("revisions", nargs="+", metavar="REVISION", help=text(_ID))
    _configured(parser, text).set_defaults(directory=None)


def _merge(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _located(parser, text)
    parser.add_argument("-m", "--message", metavar="MSG", help=text(_("the message of the merge migration")))
    parser.add_argument(
        "--stage", action="store_true", help=text(_("stage the new migration, as with git add"))
    )


def _revision(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _asking(_located(parser, text), text)
    parser.add_argument("-m", "--message", metavar="MSG", help=text(_("the message of the migration")))
    parser.add_argument(
        "--autogenerate",
        action="store_true",
        help=text(_("fill it with what models and database differ in, without what other checkouts made")),
    )
    parser.add_argument(
        "--head",
        metavar="REVISION",
        help=text(_("the migration to follow, instead of this branch's own head")),
    )
    parser.add_argument(
        "--splice", action="store_true", help=text(_("follow that even if others of this branch do already"))
    )
    parser.add_argument(
        "--depends-on",
        action="append",
        default=[],
        metavar="REVISION",
        help=text(_("a migration that it needs")),
    )
    for name, (metavar, help) in ALEMBIC.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=text(help))
    parser.add_argument("--sql", action="store_true", help=text(_("as alembic revision --sql")))
    parser.add_argument(
        "--on-borrowed",
        action="store_true",
        help=text(_("follow a migration that is only borrowed, because git will bring it")),
    )
    parser.add_argument(
        "--keep-all", action="store_true", help=text(_("leave nothing out: what alembic itself would write"))
    )
    parser.add_argument(
        "--allow-empty", action="store_true", help=text(_("write it even if nothing is left for it"))
    )


def _check(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _located(parser, text)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--staged", action="store_true", help=text(_("what the next commit makes worse (a git hook)"))
    )
    what.add_argument(
        "--pushed",
        action="store_true",
        help=text(_("what a push makes worse, as git tells it on standard input (a git hook)")),
    )
    what.add_argument("--ref", metavar="REV", help=text(_("what this commit records")))
    parser.add_argument("--since", metavar="REV", help=text(_("only what is worse than in this commit")))
    parser.add_argument("--database", action="store_true", help=text(_("compare with the database too")))
    _json(parser, text)


def _report(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    parser.add_argument(
        "argv", nargs="*", metavar="HOOK [ARG ...]", help=text(_("the hook's name and its arguments"))
    )
    _configured(parser, text).set_defaults(directory=None)


def _init(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _located(parser, text)
    parser.add_argument(
        "--with",
        dest="extras",
        type=_extras,
        default=(),
        metavar="dev,claude",
        help=text(_("also scripts/dev.sh, and /sync and /finish for Claude")),
    )
    _dry_run(parser, text)
    parser.add_argument("--yes", action="store_true", help=text(_("write without asking")))
    parser.add_argument("--remove", action="store_true", help=text(_("take it all out again")))
    parser.add_argument(
        "--purge",
        action="store_true",
        help=text(_("with --remove: also the archive, and what was borrowed in this worktree")),
    )


def _shim(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    parser.add_argument(
        "--shell",
        choices=("bash", "zsh", "fish"),
        help=text(_("the shell to print for (default: the one that runs this)")),
    )


def _completion(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    _shim(parser, text)
    parser.set_defaults(line=None)


def _demo(_parser: argparse.ArgumentParser, _text: Callable[[Text], str]) -> None:
    pass


def _json(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    parser.add_argument("--json", action="store_true", help=text(_("print JSON")))


def _dry_run(parser: argparse.ArgumentParser, text: Callable[[Text], str]) -> None:
    parser.add_argument("--dry-run", action="store_true", help=text(_("only print what would be done")))


def _count(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} < 1")
    return number


def _extras(words: str) -> tuple[str, ...]:
    names = tuple(word.strip() for word in words.split(","))
    for name in names:
        if name not in EXTRAS:
            text = _(
                "--with does not know '{name}'; it knows dev (scripts/dev.sh) and claude (/sync "
                "and /finish). For example: {command}"
            )
            raise Usage(text, name=name, command=f"{PROGRAM} init --with {','.join(EXTRAS)}")
    return names


class Command(NamedTuple):
    """What the help says of a subcommand, and what gives it its own arguments."""

    does: Text
    example: Text
    add_arguments: Callable[[argparse.ArgumentParser, Callable[[Text], str]], object]


# The subcommands, in the order of the help
COMMANDS = {
    "upgrade": Command(
        _("borrow what is missing here, then run `alembic upgrade heads`"),
        _("Example: alembic-worktrees upgrade backend"),
        _upgrade,
    ),
    "copy": Command(
        _("borrow what is missing here, no more"),
        _("Example: alembic-worktrees copy --dry-run"),
        _copy,
    ),
    "find": Command(
        _("print the path of a migration, in whatever checkout"),
        _("Example: alembic-worktrees find a1b2c3d4"),
        _find,
    ),
    "list": Command(
        _("list the migrations of every checkout"),
        _("Example: alembic-worktrees list --json"),
        _list,
    ),
    "status": Command(
        _("show where each checkout and the database stand, and the next step"),
        _(
            "Example: alembic-worktrees status\n"
            "Changes nothing. If the database does not answer, the rest is shown, and the "
            "status is 1."
        ),
        _status,
    ),
    "graph": Command(
        _("draw the revisions of all checkouts together"),
        _(
            "Examples:\n"
            "  alembic-worktrees graph\n"
            "  alembic-worktrees graph -o migrations.svg\n"
            "Changes nothing else. Without an answer from the database the picture says "
            "nothing of it, and the status is still 0."
        ),
        _graph,
    ),
    "revision": Command(
        _("write a migration on this branch's own head, with only this branch's own changes in it"),
        _('Example: alembic-worktrees revision --autogenerate -m "add users.nickname"'),
        _revision,
    ),
    "adopt": Command(
        _("make borrowed migrations, and the borrowed ones that they need, this branch's own"),
        _("Example: alembic-worktrees adopt a1b2c3d4"),
        _adopt,
    ),
    "merge": Command(
        _("join this branch's own heads with a merge migration, never the borrowed ones"),
        _('Example: alembic-worktrees merge -m "join the heads"'),
        _merge,
    ),
    "check": Command(
        _("check that the migrations are complete, without a database"),
        _(
            "Examples:\n"
            "  alembic-worktrees check --staged\n"
            "  alembic-worktrees check --ref HEAD --since origin/main"
        ),
        _check,
    ),
    "protect": Command(
        _("refuse a commit that deletes or edits a published migration (a git hook)"),
        _("Example: alembic-worktrees protect"),
        _located,
    ),
    "report": Command(
        _("say what a merge, rebase or checkout brought (a git hook)"),
        _("Example: alembic-worktrees report post-merge"),
        _report,
    ),
    "init": Command(
        _("put the shell file and the hooks into this repository"),
        _("Example: alembic-worktrees init --with dev,claude"),
        _init,
    ),
    "shim": Command(
        _("print the shell file"),
        _("Example: alembic-worktrees shim --shell bash > scripts/alembic-utils.sh"),
        _shim,
    ),
    "completion": Command(
        _("print what lets a shell complete our commands, options and revisions"),
        _(
            "Examples:\n"
            '  bash, in ~/.bashrc:                 eval "$(alembic-worktrees completion '
            '--shell bash)"\n'
            '  zsh, in ~/.zshrc, after compinit:   eval "$(alembic-worktrees completion '
            '--shell zsh)"\n'
            "  fish, once:   alembic-worktrees completion --shell fish > "
            "~/.config/fish/completions/alembic-worktrees.fish"
        ),
        _completion,
    ),
    "demo": Command(
        _("show the problem and the cure on a real repository and a real PostgreSQL"),
        _("Example: alembic-worktrees demo"),
        _demo,
    ),
}
