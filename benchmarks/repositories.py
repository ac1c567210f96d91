"""Repositories of any size, made by `git fast-import` in seconds, and the projects in them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from worlds.world import GITCONFIG, Layout, hermetic_environment, project_files, revision_text

from .measure import Command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from worlds.postgres import Database

VERSIONS = "backend/migrations/versions"
# About as long as the migrations of real projects: two kilobytes.
BODY = "\n".join(f'op.add_column("t", sa.Column("column_{number}", sa.Integer))' for number in range(30))
NOTHING = "pass"
STORY = "".join(
    f"What was wrong before, in the words of whoever mended it: line {line}.\n" for line in range(12)
)


class Commit(NamedTuple):
    """A commit on a branch: the files that it writes by their paths, and those that it removes.

    It follows the last commit of its branch, or of `start` if it is the first of it.
    """

    branch: str
    files: Mapping[str, str]
    removed: Sequence[str] = ()
    start: str | None = None


class Repository(NamedTuple):
    """A main checkout in a home folder of its own, and others beside it."""

    home: Path
    database: Database | None

    @property
    def main(self) -> Path:
        """The main checkout."""
        return self.home / "StoFlow"

    def worktree(self, branch: str) -> Path:
        """Add a linked worktree on a branch."""
        path = self.home / f"StoFlow-{branch}"
        self.git("worktree", "add", "--quiet", str(path), branch)
        return path

    def git(self, *words: str, folder: Path | None = None, text: Iterable[bytes] | None = None) -> str:
        """Run git in the main checkout; the chunks of `text` are its stdin."""
        process = subprocess.Popen(
            ["git", *words],
            cwd=folder or self.main,
            env=self._environment,
            stdin=subprocess.PIPE if text else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        if text:
            assert process.stdin
            process.stdin.writelines(text)
        out, _ = process.communicate()
        assert process.returncode == 0, words
        return out.decode()

    def stage(self, files: Mapping[str, str]) -> None:
        """Write files into the main checkout, and let its next commit have them."""
        for name, text in files.items():
            (self.main / name).write_text(text)
        self.git("add", "--", *files)

    def rest(self) -> None:
        """Let git look at every checkout once more, as it does all day; at first it does not trust what is so new."""
        for path in self.checkouts:
            self.git("update-index", "-q", "--refresh", folder=path)

    @property
    def checkouts(self) -> list[Path]:
        """Every checkout."""
        return sorted(path for path in self.home.iterdir() if (path / ".git").exists())

    @property
    def folders(self) -> list[str]:
        """The folders with the migrations of every checkout."""
        return [str(path / VERSIONS) for path in self.checkouts]

    def tool(self, *words: str, folder: Path | None = None) -> Command:
        """Our command."""
        return self.command("alembic-worktrees", *words, folder=folder)

    def command(self, *argv: str, folder: Path | None = None) -> Command:
        """Any command, in the backend of the main checkout unless a folder is given."""
        return Command(argv, folder or self.main / "backend", self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        url = {"DATABASE_URL": self.database.dsn} if self.database else {}
        return hermetic_environment(self.home) | url


def repository(
    home: Path, commits: Iterable[Commit], *, database: Database | None = None, direct: bool = False
) -> Repository:
    """Make a repository of the project's files and `commits`; its main checkout is on `develop`.

    With `direct` the setting `database-url` is made.
    """
    home.mkdir()
    (home / ".gitconfig").write_text(GITCONFIG)
    made = Repository(home.resolve(), database)
    made.main.mkdir()
    made.git("init", "--quiet")
    files = project_files(Layout(), database.url if database else "sqlite://")
    if direct:
        files["pyproject.toml"] = '[tool.alembic-worktrees]\ndatabase-url = "env:DATABASE_URL"\n'
    made.git("fast-import", "--quiet", "--done", text=_stream([Commit("develop", files), *commits]))
    made.git("reset", "--quiet", "--hard")
    return made


def chain(count: int, start: int = 0, parent: str | None = None, body: str = BODY) -> dict[str, str]:
    """Return a line of migrations by their paths; the first has the number `start`, and the parent `parent`."""
    files = {}
    for number in range(start, start + count):
        own = body.replace('"t"', f'"t_{number}_"')  # no two of a real history add the same columns
        files[path(number)] = revision_text(revision(number), parent, body=own)
        parent = revision(number)
    return files


def grown(count: int) -> dict[str, str]:
    """Return a line of migrations as a project has them that has grown: every fourth begins with data or with SQL."""
    files = chain(count)
    for number, (name, text) in enumerate(files.items()):
        above = (_table, _statements)[number // 4 % 2](number) if number % 4 == 0 else ""
        told = text.replace('"""add t\n', f'"""add t\n\n{STORY}', 1)
        files[name] = told.replace("\n\n\ndef ", f"\n\n{above}\n\ndef ", 1)
    return files


def _table(number: int) -> str:
    """Return a table of words in several languages, for so many rows."""
    rows = (
        f'    "name {number}-{row}": {{"en": "Name {row}", "fr": "Nom nº {row}", "sort": {row}, "kept": True}},'
        for row in range(60)
    )
    return "\n".join(
        ["NAMES = {", *rows, "}", "ORDER = [(name, row['sort']) for name, row in NAMES.items()]"]
    )


def _statements(number: int) -> str:
    """Return SQL as a project keeps it: constants of many lines, and a list of them."""
    lines = "\n".join(f"    column_{line} = COALESCE(t.column_{line}, {number})," for line in range(40))
    constants = (
        f'FILL_{part} = """\n    UPDATE t SET\n{lines}\n    kept = true\n    WHERE t.part = {part}\n"""'
        for part in range(4)
    )
    return "\n".join([*constants, "ALL = [FILL_0, FILL_1, FILL_2] + [FILL_3.strip()]"])


def revision(number: int) -> str:
    """Return the id of a migration."""
    return f"{number + 0xA0000000:08x}"


def path(number: int) -> str:
    """Return the path of a migration."""
    return f"{VERSIONS}/{revision(number)}_change.py"


def _stream(commits: Iterable[Commit]) -> Iterator[bytes]:
    begun: set[str] = set()
    for number, commit in enumerate(commits):
        yield f"commit refs/heads/{commit.branch}\n".encode()
        yield f"committer Dev <dev@example.invalid> {1_700_000_000 + number} +0000\ndata 0\n".encode()
        if commit.branch not in begun and commit.start:
            yield f"from refs/heads/{commit.start}\n".encode()
        begun.add(commit.branch)
        for name in commit.removed:
            yield f"D {name}\n".encode()
        for name, text in commit.files.items():
            content = text.encode()
            yield b"M 100644 inline %b\ndata %d\n%b\n" % (name.encode(), len(content), content)
    yield b"done\n"


def record(database: Database, *revisions: str) -> None:
    """Write into the version table what is applied, as if Alembic had."""
    database.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) PRIMARY KEY)")
    database.execute("DELETE FROM alembic_version")
    for one in revisions:
        database.execute("INSERT INTO alembic_version VALUES (%s)", [one])
