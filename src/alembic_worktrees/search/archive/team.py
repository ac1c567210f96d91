"""Give ours to others, and get theirs: the archives on a git remote, where each clone has a ref of its own.

A clone is `by/EMAIL-WORD` there, with a random word that it keeps, so that no two ever write the same ref; what others
have comes to `remotes/REMOTE/EMAIL-WORD`. That is the only remote that anything is taken from.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from ... import git
from ...messages import STEP, WARN, Message, _
from ...messages.errors import Interrupted, UserError
from ...system.writing import overwrite
from .contents import REF, Archive
from .store import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ...project.project import Project
    from ...project.settings import Settings

BY = "refs/alembic-worktrees/by/"
REMOTES = "refs/alembic-worktrees/remotes/"
WORD = "alembic-worktrees.clone"


class Other(NamedTuple):
    """The archive of another clone, as it was fetched, and whose it says it is."""

    person: str
    archive: Archive


class NotShared(UserError):
    """A remote that is away, refuses, or takes too long."""


class Team:
    """Those with whom a clone shares its archive. A remote that failed once is not tried again."""

    def __init__(self, repository: git.Repository, remote: str, tell: Callable[[Message], None]) -> None:
        """`tell` is told what was given, and that something could not be."""
        self._repository = repository
        self._top = repository.top
        self._remote = remote
        self._tell = tell
        self._before = _commit(self._top)
        self._failed = self._fetched = False

    def fetch(self) -> None:
        """Fetch what others have, once; that it cannot be is only told."""
        if not (self._fetched or self._failed):
            self._fetched = True
            self._warned(self.must_fetch)

    def share(self) -> None:
        """Push what was applied since this began; that it cannot be is only told, and what was not pushed before."""
        commit = _commit(self._top)
        if self._failed or not commit:
            return
        if commit != self._before:
            self._warned(self.must_push)
        elif commit not in _clones(self._repository, self._remote, ours=True).values():
            text = _("{remote} does not have all that was applied here: alembic-worktrees archive --push")
            self._tell(Message(text, {"remote": self._remote}, WARN))

    def _warned(self, do: Callable[[], None]) -> None:
        try:
            do()
        except NotShared as error:
            self._failed = True
            self._tell(error.message._replace(mark=WARN))

    def must_fetch(self) -> None:
        """Fetch what others have. Raises NotShared."""
        self._must_fetch(BY, f"{REMOTES}{self._remote}/", exactly=True)

    def must_fetch_branches(self) -> None:
        """Fetch the remote's branches too: what one of them has, is somebody's. Raises NotShared."""
        self.must_fetch()
        self._must_fetch("refs/heads/", f"refs/remotes/{self._remote}/", exactly=False)

    def _must_fetch(self, refs: str, to: str, *, exactly: bool) -> None:
        self._must_exist()
        done = git.fetch(self._top, self._remote, refs, to, exactly=exactly)
        if done.status:
            text = _(
                "What others have applied could not be fetched from {remote}:\n"
                "{words:text}\n"
                "  To try again: alembic-worktrees archive --fetch"
            )
            raise NotShared(text, remote=self._remote, words=git.words_of(done))

    def must_push(self) -> None:
        """Push what was applied here. Raises NotShared.

        Another worktree may have pushed meanwhile. A clone that was copied, or whose archive began anew, gets a new
        word: what stands under the old one is somebody's.
        """
        self._must_exist()
        if not _commit(self._top):
            raise UserError(
                _("Nothing was applied here with alembic-worktrees yet, so there is nothing to push.")
            )
        for fresh in (False, False, True):
            name, commit = _name(self._repository, fresh=fresh), _commit(self._top)
            noted = f"{REMOTES}{self._remote}/{name}"
            done = git.push(self._top, self._remote, commit, BY + name, noted)
            if not git.was_overtaken(done):
                break
        if done.status:
            text = _(
                "What was applied here could not be pushed to {remote}, so others do not have it:\n"
                "{words:text}\n"
                "  To try again: alembic-worktrees archive --push"
            )
            raise NotShared(text, remote=self._remote, words=git.words_of(done))
        self._before = commit
        text = _("Shared with {remote}: all that was applied here, as {name}")
        self._tell(Message(text, {"remote": self._remote, "name": name}, STEP))

    def _must_exist(self) -> None:
        if not git.has_remote(self._top, self._remote):
            text = _(
                "The setting share names {remote}, and this repository has no remote of that name. "
                "Add it with: git remote add {remote:q} URL"
            )
            raise NotShared(text, remote=self._remote)


def team_of(project: Project, settings: Settings, tell: Callable[[Message], None]) -> Team | None:
    """Return those with whom the setting shares; None where it shares with nobody, or there is no git."""
    return Team(project.repository, settings.share, tell) if settings.share and project.repository else None


@contextmanager
def sharing(team: Team | None) -> Iterator[None]:
    """Share in the end what was applied, also if it then failed; not if somebody has interrupted it."""
    try:
        yield
    except Interrupted:
        raise
    except UserError:
        if team:
            team.share()
        raise
    if team:
        team.share()


def others(repository: git.Repository, remote: str | None) -> tuple[Other, ...]:
    """Return the archives of others, as far as they were fetched from a remote."""
    if remote is None:
        return ()
    rows = _clones(repository, remote, ours=False).items()
    return tuple(
        Other(unquote(name.rpartition("-")[0]), Archive(commit, git.files(repository.top, commit)))
        for name, commit in rows
    )


def _clones(repository: git.Repository, remote: str, *, ours: bool) -> dict[str, str]:
    """Return the commit of each clone that has an archive on a remote: of this one, or of the others."""
    prefix, word = f"{REMOTES}{remote}/", _read(repository.common / WORD)
    rows = ((name.removeprefix(prefix), commit) for name, commit in git.refs(repository.top, prefix))
    return {name: commit for name, commit in rows if (name.rpartition("-")[2] == word) == ours}


def _commit(top: Path) -> str:
    found = git.refs(top, REF)
    return found[0].commit if found else ""


def _name(repository: git.Repository, *, fresh: bool) -> str:
    """Return the name of this clone: by whom git would record a commit, and its word, or from now on a `fresh` one."""
    email = (git.committer(repository.top) or NOBODY).rpartition(b"<")[2].rstrip(b">")
    path = repository.common / WORD
    if fresh or not _read(path):
        overwrite(path, secrets.token_hex(4).encode())
    return f"{_escaped(os.fsdecode(email))}-{_read(path)}"


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _escaped(email: str) -> str:
    """Return a text as a part of a ref's name, which `unquote` reads."""
    return re.sub(r"[^a-zA-Z0-9@_.+-]|(?<![a-zA-Z0-9_+-])\.", lambda one: _percent(one[0]), email)


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(text))
