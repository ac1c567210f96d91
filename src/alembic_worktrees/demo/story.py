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

    Tell = Callable[[Message], None]

BLANK = Message(Text(""))
DATABASE = "stoflow"
SHELL_FILE = "scripts/alembic-utils.sh"
KEPT = {"LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "NO_COLOR", "PATH", "TERM", "TMPDIR"}
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
from sqlalchemy import Column, Integer, MetaData, Table

metadata = MetaData()
Table("users", metadata, Column("id", Integer, primary_key=True))
"""
PRODUCTS = 'Table("products", metadata, Column("id", Integer, primary_key=True))'

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
    """What is shown: a text that says why, then each command as it is typed, and what it prints."""

    why: Text
    commands: tuple[str, ...]
    fails: bool = False


STORY = (
    Step(_("One project in three worktrees. All share one database:"), ("git -C StoFlow worktree list",)),
    Step(
        _("In feature A, somebody adds a table. Its migration is applied to the shared database:"),
        (
            f"cd StoFlow-feature-A/backend && echo '{PRODUCTS}' >> models.py",
            "cd StoFlow-feature-A/backend && alembic revision --autogenerate --rev-id a1b2c3d4 -m 'add products'",
            "cd StoFlow-feature-A/backend && alembic upgrade head && alembic current",
            "cd StoFlow-feature-A && git add . && git commit -m 'Add products'",
        ),
    ),
    Step(
        _("THE PROBLEM. Feature B has no file for that migration, so there Alembic gives up:"),
        ("cd StoFlow-feature-B/backend && alembic upgrade head",),
        fails=True,
    ),
    Step(
        _("THE CURE. The missing migration is borrowed from the worktree that has it:"),
        (f'cd StoFlow-feature-B/backend\nsource ../{SHELL_FILE}\nauto_copy_missing_migrations "."',),
    ),
    Step(
        _("In feature B Alembic works again, and git sees no change:"),
        (
            "cd StoFlow-feature-B/backend && alembic upgrade head && alembic current",
            "cd StoFlow-feature-B && git status",
        ),
    ),
    Step(_("Who has which migration:"), (f"cd StoFlow-feature-B\nsource {SHELL_FILE}\nlist_all_migrations",)),
    Step(
        _("Later, git brings the original. The borrowed file is not in its way:"),
        ("cd StoFlow-feature-B && git merge feature-A",),
    ),
)


def run_demo(tell: Tell, environment: Mapping[str, str]) -> None:
    """Tell the story and leave nothing behind. Raises UserError if it cannot be told or does not go as it should."""
    deafen = _listen()
    with _folder() as folder:
        text = _(
            "In a temporary folder: a real git repository, and a real PostgreSQL that takes a few "
            "seconds to start."
        )
        tell(Message(text, mark=TITLE))
        with postgres(folder, DATABASE) as server:
            try:
                _tell_story(folder, server.url(DATABASE), tell, environment)
            finally:
                deafen()
    tell(BLANK)
    text = _(
        "Done. The repository and the database are gone again, nothing of this is left on your "
        "machine.\n"
        "  In your own repository: alembic-worktrees init"
    )
    tell(Message(text, mark=OK))


def _tell_story(folder: Path, url: str, tell: Tell, environment: Mapping[str, str]) -> None:
    world = _World(folder, _environment(folder, environment))
    world.build(url)
    for step in STORY:
        tell(BLANK)
        tell(Message(step.why, mark=TITLE))
        for command in step.commands:
            world.perform(command, tell, fails=step.fails)


class _World(NamedTuple):
    """The folder that holds the worktrees, and the environment of a user who has it as home."""

    home: Path
    environment: Mapping[str, str]

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

    def perform(self, command: str, tell: Tell, *, fails: bool) -> None:
        """Show the command and run exactly what is shown."""
        for line in command.splitlines():
            tell(Message(Text("$ {command}"), {"command": line}))
        status = show(["bash", "-c", command], folder=self.home, environment=self.environment)
        if (status != 0) != fails:
            text = _("The demo did not go as it should: this ended with status {status}:\n{command}")
            raise UserError(text, command=command, status=status)


def _edit(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _environment(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that knows nothing of the user's git and shell; our `alembic` is the first on PATH."""
    programs = os.path.dirname(sys.executable)
    return {
        **{name: value for name, value in environment.items() if name in KEPT},
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": os.pathsep.join([programs, environment.get("PATH", os.defpath)]),
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


def _listen() -> Callable[[], None]:
    """Let a closed terminal or a `kill` end the demo as ^C does: by an exception, which cleans up on its way.

    Returns what to call before the cleaning up, so that no other signal disturbs it, nor its child processes.
    """
    deaf: list[bool] = []

    def deafen() -> None:
        deaf.append(True)
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

    def stop(_number: int, _frame: object) -> None:
        if not deaf:
            deafen()
            raise KeyboardInterrupt

    for each in ENDING:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, stop)
    return deafen
