"""The demo: three worktrees, one real PostgreSQL, the failure, the cure. It shows what it types and what comes back."""

from __future__ import annotations

import os
import shutil
import signal
import site
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..install.shim import render
from ..messages import OK, TITLE, Message, Text, _
from ..messages.errors import UserError
from ..system.process import ENDING, run, show
from .server import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .server import Server

    Tell = Callable[[Message], None]

BLANK = Message(Text(""))
DATABASE = "stoflow"
SHELL_FILE = "scripts/alembic-utils.sh"
KEPT = {"LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "NO_COLOR", "PATH", "TERM", "TMPDIR"}
RED = "sed $'s/^FAILED.*/\\e[31m&\\e[0m/'"
LONGEST_FOLDER = 70  # the path of a unix socket has about 100 bytes

GIT_CONFIG = """\
[user]
\tname = StoFlow
\temail = dev@stoflow.invalid
[init]
\tdefaultBranch = develop
[core]
\tpager = cat
[advice]
\tstatusHints = false
"""
MODELS = """\
from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()
Table("users", metadata, Column("id", Integer, primary_key=True))

# What follows is of one feature each.

"""
PRODUCTS = 'Table("products", metadata, Column("id", Integer, primary_key=True))'
EMAIL = """perl -pi -e 's/"users".*True\\)/$&, Column("email", String)/' models.py"""

SETUP = """\
set -e
git init --quiet StoFlow
cd StoFlow
mkdir backend scripts
cd backend
alembic --quiet init migrations
"""
FIRST_MIGRATION = """\
set -e
cd StoFlow/backend
alembic --quiet revision --autogenerate --rev-id 00000001 --message 'add users'
alembic --quiet upgrade head
cd ..
git add --all
git commit --quiet --message 'Add users'
git worktree add --quiet -b feature-A ../StoFlow-feature-A
git worktree add --quiet -b feature-B ../StoFlow-feature-B
"""


class Step(NamedTuple):
    """What is shown: a text that says why, the folder of a user there, and what is typed, a script for each shell."""

    why: Text
    folder: str
    scripts: tuple[str, ...]
    fails: bool = False


FEATURE_A = "StoFlow-feature-A/backend"
FEATURE_B = "StoFlow-feature-B/backend"
STORY = (
    Step(_("One project in three worktrees. All share one database:"), "", ("ls",)),
    Step(
        _("In feature A, somebody adds a table. Its migration is applied to the shared database:"),
        FEATURE_A,
        (
            f"echo '{PRODUCTS}' >> models.py",
            "alembic -q revision --autogenerate --rev-id a1b2c3d4 -m 'add products'",
            "alembic -q upgrade head",
            "git add . && git commit -m 'Add products'",
        ),
    ),
    Step(
        _("THE PROBLEM. Feature B has no file for that migration, so there Alembic gives up:"),
        FEATURE_B,
        ("alembic upgrade head",),
        fails=True,
    ),
    Step(
        _("THE CURE. The missing migration is borrowed from the worktree that has it:"),
        FEATURE_B,
        (f'source ../{SHELL_FILE}\nauto_copy_missing_migrations "."',),
    ),
    Step(
        _("In feature B Alembic works again, and git sees no change:"),
        FEATURE_B,
        ("alembic current", "git status"),
    ),
    Step(
        _("Who has which migration:"),
        FEATURE_B,
        ("alembic-worktrees status", "alembic-worktrees graph"),
    ),
    Step(
        _(
            "Feature B adds a column. Plain Alembic writes a migration that would also drop feature A's table:"
        ),
        FEATURE_B,
        (
            EMAIL,
            "alembic -q revision --autogenerate --rev-id b2c3d4e5 -m 'add email'",
            "sed -n '/^def upgrade/,/end/p' migrations/versions/b2c3d4e5_add_email.py",
            "rm migrations/versions/b2c3d4e5_add_email.py",
        ),
    ),
    Step(
        _("alembic-worktrees writes feature B's own change alone. Feature A's table stays:"),
        FEATURE_B,
        (
            "alembic-worktrees revision --autogenerate --rev-id b2c3d4e5 -m 'add email'",
            "alembic-worktrees upgrade",
            r"psql -c '\dt'",
            "git add . && git commit -m 'Add email'",
        ),
    ),
    Step(
        _(
            "Later, git brings the original. The borrowed file is not in its way, and the two lines are joined:"
        ),
        FEATURE_B,
        ("git merge --no-edit feature-A", "alembic-worktrees merge", "alembic-worktrees upgrade"),
    ),
)


def run_demo(tell: Tell, *, colour: bool) -> None:
    """Tell the story and leave nothing behind; with `colour` a failure is red.

    Raises UserError if it cannot be told or does not go as it should.
    """
    _listen()
    with _folder() as folder:
        text = _(
            "In a temporary folder: a real git repository, and a real PostgreSQL that takes a few "
            "seconds to start."
        )
        tell(Message(text, mark=TITLE))
        with postgres(folder, DATABASE) as server:
            try:
                world = _World(folder, _environment(folder, server), colour)
                world.build(server.url(DATABASE))
                _tell_story(world, tell)
            finally:
                _deafen()
    tell(BLANK)
    text = _(
        "Done. The repository and the database are gone again, nothing of this is left on your "
        "machine.\n"
        "  In your own repository: alembic-worktrees init"
    )
    tell(Message(text, mark=OK))


def _tell_story(world: _World, tell: Tell) -> None:
    before = ""
    for step in STORY:
        tell(BLANK)
        tell(Message(step.why, mark=TITLE))
        if step.folder != before:
            _tell_typed(f"cd ~/{step.folder}", tell)
        for script in step.scripts:
            world.perform(script, step, tell)
        before = step.folder


def _tell_typed(line: str, tell: Tell) -> None:
    tell(Message(Text("$ {line}"), {"line": line}))


class _World(NamedTuple):
    """The folder that holds the worktrees, and the environment of a user who has it as home."""

    home: Path
    environment: Mapping[str, str]
    colour: bool

    def build(self, url: str) -> None:
        """Make the repository, as a user would, with one applied migration and two more worktrees."""
        (self.home / ".gitconfig").write_text(GIT_CONFIG, encoding="utf-8")
        self._prepare(SETUP)
        project = self.home / "StoFlow"
        (project / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
        (project / SHELL_FILE).write_text(render("bash"), encoding="utf-8")
        (project / "backend" / "models.py").write_text(MODELS, encoding="utf-8")
        ini, env = (project / "backend" / name for name in ("alembic.ini", "migrations/env.py"))
        _edit(ini, "driver://user:pass@localhost/dbname", url.replace("%", "%%"))
        _edit(ini, "level = INFO", "level = WARNING")  # else each call says more than the story
        _edit(env, "target_metadata = None", "from models import metadata as target_metadata")
        self._prepare(FIRST_MIGRATION)

    def _prepare(self, script: str) -> None:
        done = run(["bash", "-c", script], folder=self.home, environment=self.environment)
        if done.status:
            words = (done.out + done.err).decode(errors="replace").strip()
            text = _("The repository of the demo could not be made:\n{words:text}")
            raise UserError(text, words=words)

    def perform(self, script: str, step: Step, tell: Tell) -> None:
        """Show what is typed and run exactly that."""
        for line in script.splitlines():
            _tell_typed(line, tell)
        argv = ["bash", "-c", script]
        if step.fails and self.colour:
            argv = ["bash", "-o", "pipefail", "-c", f"{{ {script}; }} 2>&1 | {RED}"]
        status = show(argv, folder=self.home / step.folder, environment=self.environment)
        if (status != 0) != step.fails:
            text = _("The demo did not go as it should: this ended with status {status}:\n{command}")
            raise UserError(text, command=script, status=status)


def _edit(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _environment(home: Path, server: Server) -> dict[str, str]:
    """Return an environment that knows nothing of the user's git and shell; our `alembic` is the first on PATH."""
    programs = os.path.dirname(sys.executable)
    return {
        **{name: value for name, value in os.environ.items() if name in KEPT},
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath), str(server.programs)]),
        "PGHOST": str(server.data),
        "PGUSER": "postgres",
        "PGDATABASE": DATABASE,
        "PAGER": "cat",
        "PYTHONUSERBASE": site.getuserbase(),  # where we are if pip put us beside the user's own files
    }


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder for all that the demo needs, and remove it."""
    parent = Path(tempfile.gettempdir()).resolve()
    if len(str(parent)) > LONGEST_FOLDER:
        parent = Path("/tmp")  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="awt-demo-", dir=parent)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _listen() -> None:
    """Let a closed terminal or a `kill` end the demo as ^C does: by an exception, which cleans up on its way."""
    for each in ENDING:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _stop)


def _stop(_number: int, _frame: object) -> None:
    if not _deafen():
        raise KeyboardInterrupt


def _deafen() -> bool:
    """Let no other signal disturb the cleaning up, nor its child processes; tell whether that was so already."""
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
