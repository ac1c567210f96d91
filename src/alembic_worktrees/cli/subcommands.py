"""The subcommands: what the help says of each, which arguments it takes, and the function that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .. import PROGRAM
from ..messages import Text, _
from ..messages.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

EXTRAS = ("dev", "claude", "agents", "env", "worktrunk", "cursor", "conductor")


class Argument(NamedTuple):
    """An argument: its names, the word for what it takes, what the help says, and what argparse is told besides."""

    names: tuple[str, ...]
    takes: str  # "" for a flag
    does: Text
    given: Mapping[str, Any]

    @property
    def is_option(self) -> bool:
        """Whether it is called by its name."""
        return self.names[0].startswith("-")


class Command(NamedTuple):
    """A subcommand: its function as MODULE.FUNCTION of `commands`; arguments in a tuple exclude each other."""

    function: str
    does: Text
    example: Text
    arguments: tuple[Argument | tuple[Argument, ...], ...]


def flat(arguments: Iterable[Argument | tuple[Argument, ...]]) -> Iterator[Argument]:
    """Yield each argument by itself."""
    for one in arguments:
        yield from (one,) if isinstance(one, Argument) else one


def _command(
    function: str, does: Text, example: Text, *arguments: Argument | tuple[Argument, ...]
) -> Command:
    return Command(function, does, example, arguments)


def _arg(spec: str, does: Text, takes: str = "", **given: object) -> Argument:
    """Return an argument; `spec` has its names and, in capitals, what it `takes`. What takes nothing is a flag."""
    *names, last = spec.split()
    if last.isupper():
        return Argument(tuple(names), last, does, given)
    return Argument((*names, last), takes, does, given if takes else {"action": "store_true", **given})


def count(word: str) -> int:
    """Return a number of 1 or more. Raises ValueError, of which argparse tells with the name of this function."""
    if (number := int(word)) < 1:
        raise ValueError
    return number


def _extras(words: str) -> tuple[str, ...]:
    names = tuple(word.strip() for word in words.split(","))
    for name in names:
        if name not in EXTRAS:
            text = _("--with does not know '{name}'; it knows {known:list}. For example: {command}")
            command = f"{PROGRAM} init --with {','.join(EXTRAS[:3])}"
            raise Usage(text, name=name, known=EXTRAS, command=command)
    return names


_SEVERAL: Mapping[str, Any] = {"action": "append", "default": []}
_CONFIGURED = (
    _arg("-c --config FILE", _("the Alembic config, like `alembic -c`, from DIR"), **_SEVERAL),
    _arg("-n --name SECTION", _("the section of the ini, like `alembic -n`"), default="alembic"),
)
_FOLDER = _(
    "the folder of the Alembic project (default: backend, else here, else the nearest above, else the only one)"
)
_LOCATED = (_arg("directory DIR", _FOLDER, nargs="?"), *_CONFIGURED)
_FOR_ENV = _arg("-x ARG", _("extra argument for env.py, like `alembic -x`"), dest="arguments", **_SEVERAL)
_JSON = _arg("--json", _("print JSON"))
_DRY_RUN = _arg("--dry-run", _("only print what would be done"))
_REMOTE = _arg("--remote-database", _("change also a database that is not local"), default=None)
# What changes rows on its own shows it first, and asks
_ASKING = (_DRY_RUN, _arg("--yes", _("do it without asking")), _REMOTE)
_ID = _("the whole id of a migration")
_BORROWING = (
    *_LOCATED,
    _FOR_ENV,
    _arg("--from ORIGIN", _("where copies differ, take that of this checkout"), dest="prefer"),
    (
        _arg("--review", _("show the files and ask for confirmation"), default=None),
        _arg("--no-review", _("do not, whatever the setting says"), action="store_false", dest="review"),
    ),
)

_WHICH = _("the shell to print for (default: the one that runs this)")
_SHELL = _arg("--shell", _WHICH, takes="bash,zsh,fish", choices=("bash", "zsh", "fish"))
# What `alembic revision` is told as it stands
ALEMBIC = (
    _arg("--branch-label LABEL", _("a branch label for it")),
    _arg("--version-path PATH", _("the version location to write it to")),
    _arg("--rev-id ID", _("its id, instead of a random one")),
)

# In the order of the help
COMMANDS = {
    "upgrade": _command(
        "upgrade.upgrade",
        _("borrow what is missing here, then run `alembic upgrade heads`"),
        _("Example: alembic-worktrees upgrade backend"),
        *_BORROWING,
        _arg("--target REVISION", _("upgrade to this revision (default: heads)")),
        _arg(
            "--max-attempts N",
            _("how often to look again if others upgrade meanwhile (default: 3)"),
            type=count,
        ),
        _arg("--on-borrowed", _("apply own migrations also where they follow borrowed ones")),
        _arg("--yes-drop", _("apply own migrations also where they take back what others have done")),
        _arg("--trust-files", _("take what lies here for what ran, whatever the archive says")),
        _REMOTE,
    ),
    "copy": _command(
        "upgrade.copy",
        _("borrow what is missing here, no more"),
        _("Example: alembic-worktrees copy --dry-run"),
        *_BORROWING,
        _arg("--applied ID", _("ask no database: these are applied"), nargs="+", action="extend", default=[]),
        _arg("--host HOST", _("with --applied: borrow nothing if their database is elsewhere, there")),
        _arg("--env FILE", _("with --applied: for the project of this env.py, which calls")),
        _arg("--own", _("with --applied: borrow nothing, only refuse if they are not all this branch's own")),
        _DRY_RUN,
        _JSON,
    ),
    "return": _command(
        "aside.give_back",
        _("take the borrowed files out of this checkout; the next upgrade brings them back"),
        _("Example: alembic-worktrees return"),
        *_LOCATED,
    ),
    "run": _command(
        "aside.run",
        _("run a command where only this branch's own migrations are, and put the borrowed files back"),
        _("Example: alembic-worktrees run --own -- pytest"),
        _arg("--own", _("say it: without the borrowed files"), required=True),
        *_CONFIGURED,
        _arg("argv COMMAND", _("the command and its arguments, after --"), nargs="+"),
    ),
    "find": _command(
        "find.find",
        _("print the path of a migration, in whatever checkout"),
        _("Example: alembic-worktrees find a1b2c3d4"),
        _arg("revision REVISION", _ID),
        *_LOCATED,
    ),
    "list": _command(
        "find.list_all",
        _("list the migrations of every checkout"),
        _("Example: alembic-worktrees list --json"),
        *_LOCATED,
        _JSON,
    ),
    "status": _command(
        "status.status",
        _("show where each checkout and the database stand, and the next step"),
        _(
            "Example: alembic-worktrees status\n"
            "Changes nothing. If the database does not answer, the rest is shown, and the "
            "status is 1."
        ),
        *_LOCATED,
        _FOR_ENV,
        _JSON,
    ),
    "graph": _command(
        "graph.graph",
        _("draw the revisions of all checkouts together"),
        _(
            "Examples:\n"
            "  alembic-worktrees graph\n"
            "  alembic-worktrees graph -o migrations.svg\n"
            "Changes nothing else. Without an answer from the database the picture says "
            "nothing of it, and the status is still 0."
        ),
        *_LOCATED,
        _FOR_ENV,
        _arg(
            "--format FORMAT",
            _("text, svg or mermaid (default: by the end of FILE, else text)"),
            choices=("text", "svg", "mermaid"),
        ),
        _arg("-o --output FILE", _("write to FILE")),
        _arg("--force", _("overwrite FILE")),
        _arg("--all", _("fold nothing")),
        _arg("--limit N", _("draw only the newest N rows"), type=count),
        _arg("--no-database", _("do not ask the database")),
    ),
    "revision": _command(
        "author.revision",
        _("write a migration on this branch's own head, with only this branch's own changes in it"),
        _('Example: alembic-worktrees revision --autogenerate -m "add users.nickname"'),
        *_LOCATED,
        _FOR_ENV,
        _arg("-m --message MSG", _("the message of the migration")),
        _arg(
            "--autogenerate",
            _("fill it with what models and database differ in, without what other checkouts made"),
        ),
        _arg("--head REVISION", _("the migration to follow, instead of this branch's own head")),
        _arg("--splice", _("follow that even if others of this branch do already")),
        _arg("--depends-on REVISION", _("a migration that it needs"), **_SEVERAL),
        *ALEMBIC,
        _arg("--sql", _("as alembic revision --sql")),
        _arg("--on-borrowed", _("follow a migration that is only borrowed, because git will bring it")),
        _arg("--keep-all", _("leave nothing out: what alembic itself would write")),
        _arg("--allow-empty", _("write it even if nothing is left for it")),
        _arg("--own-it", _("write also what others have done already, where these models want it")),
    ),
    "adopt": _command(
        "author.adopt",
        _("make borrowed migrations, and the borrowed ones that they need, this branch's own"),
        _("Example: alembic-worktrees adopt a1b2c3d4"),
        _arg("revisions REVISION", _ID, nargs="+"),
        *_CONFIGURED,
        _arg("--stub", _("write an empty migration with this id, of which no file is left")),
        _arg("--parent REVISION", _("with --stub: the migration of this branch that it is to follow")),
    ),
    "merge": _command(
        "author.merge",
        _("join this branch's own heads with a merge migration, never the borrowed ones"),
        _('Example: alembic-worktrees merge -m "join the heads"'),
        *_LOCATED,
        _arg("-m --message MSG", _("the message of the merge migration")),
        _arg("--stage", _("stage the new migration, as with git add")),
    ),
    "rebase": _command(
        "author.rebase",
        _("give own migrations another parent, in their files and in the rows of the database together"),
        _(
            "Examples:\n"
            "  alembic-worktrees rebase\n"
            "  alembic-worktrees rebase a1b2c3d4 --onto e5f6a7b8\n"
            "Without REVISION the lowest that are not published go onto the published head here."
        ),
        _arg("revisions REVISION", _ID, nargs="*"),
        *_CONFIGURED,
        _FOR_ENV,
        _arg("--onto PARENT", _("the own migration to follow, or base (default: the published head)")),
        _arg("--replay", _("take back what has run, with its data, and run all in the new order")),
        _arg("--stage", _("stage the files that changed, as with git add")),
        *_ASKING,
    ),
    "rollback": _command(
        "rollback.rollback",
        _("take back what is applied and no checkout, branch or tag has any more"),
        _(
            "Examples:\n"
            "  alembic-worktrees rollback --dry-run\n"
            "  alembic-worktrees rollback a1b2c3d4 --forget --at 00000001\n"
            "Shows what would run, and asks. A revision that is named is taken back with all that is built on it."
        ),
        _arg("revisions REVISION", _ID, nargs="*"),
        *_CONFIGURED,
        _FOR_ENV,
        *_ASKING,
        _arg("--sql", _("print the SQL instead, as alembic downgrade --sql")),
        _arg("--forget", _("only let go of the row of a revision of which no file is left")),
        _arg("--at REVISION", _("with --forget: the revision here that the row is to say instead")),
    ),
    "check": _command(
        "check.check",
        _("check that the migrations are complete, without a database"),
        _(
            "Examples:\n"
            "  alembic-worktrees check --staged\n"
            "  alembic-worktrees check --ref HEAD --since origin/main"
        ),
        *_LOCATED,
        (
            _arg("--staged", _("what the next commit makes worse (a git hook)")),
            _arg("--pushed", _("what a push makes worse, as git tells it on standard input (a git hook)")),
            _arg("--ref REV", _("what this commit records")),
        ),
        _arg("--onto REV", _("what merging the commit of --ref into this one would record")),
        _arg("--since REV", _("only what is worse than in this commit")),
        _arg("--database", _("compare with the database too")),
        _arg("--models", _("whether models and database agree too, but for what other checkouts made")),
        _JSON,
    ),
    "archive": _command(
        "archive.archive",
        _("list what was applied, when and by whom; push, fetch and prune what is kept of it"),
        _("Example: alembic-worktrees archive --fetch --list"),
        *_LOCATED,
        _FOR_ENV,
        _arg("--push", _("give others what was applied here, over the remote that the setting share names")),
        _arg("--fetch", _("get what others have applied from there")),
        _arg("--list", _("list what was applied (default)")),
        _JSON,
        _arg("--prune", _("forget what the published branch has, and every row of the database is past")),
    ),
    "protect": _command(
        "check.protect",
        _("refuse a commit that deletes or edits a published migration (a git hook)"),
        _("Example: alembic-worktrees protect"),
        *_LOCATED,
    ),
    "report": _command(
        "check.report",
        _("say what a merge, rebase or checkout brought (a git hook)"),
        _("Example: alembic-worktrees report post-merge"),
        _arg("argv", _("the hook's name and its arguments"), takes="HOOK [ARG ...]", nargs="*"),
        *_CONFIGURED,
    ),
    "init": _command(
        "init.init",
        _("put the shell file and the hooks into this repository"),
        _("Example: alembic-worktrees init --with dev,agents"),
        *_LOCATED,
        _arg(
            "--with",
            _(
                "also dev: scripts/dev.sh; claude: /sync and /finish; agents: AGENTS.md or CLAUDE.md, a hook of "
                "Claude Code, and those of worktrunk, cursor and conductor that are used here, or by their name; "
                "env: lines in env.py, with which alembic itself borrows"
            ),
            takes="dev,agents",
            dest="extras",
            type=_extras,
            default=(),
        ),
        _DRY_RUN,
        _arg("--yes", _("write without asking")),
        _arg("--remove", _("take it all out again")),
        _arg("--purge", _("with --remove: also the archive, and what was borrowed in this worktree")),
    ),
    "shim": _command(
        "shim.shim",
        _("print the shell file"),
        _("Example: alembic-worktrees shim --shell bash > scripts/alembic-utils.sh"),
        _SHELL,
    ),
    "completion": _command(
        "completion.completion",
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
        _SHELL,
    ),
    "demo": _command(
        "shim.demo",
        _("show the problem and the cure on a real repository and a real PostgreSQL"),
        _("Example: alembic-worktrees demo"),
    ),
}
