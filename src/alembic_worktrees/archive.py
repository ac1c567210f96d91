"""Keep it: applied revisions → the archive, a ref that gc keeps and normal fetch and push ignore (DESIGN, rule 11).

Its tree holds each migration as `ID/PATH-IN-THE-CHECKOUT`; its log says which checkout added what, and when. The
only module that writes refs.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from . import git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .inventory import Migration
    from .project import Project

REF = "refs/alembic-worktrees/applied"
AUTHOR = "alembic-worktrees <alembic-worktrees@localhost>"
ATTEMPTS = 10


class Archive(NamedTuple):
    """The archive's newest commit, and its files as (blob, path)."""

    commit: str
    files: tuple[tuple[str, str], ...]


def read(folder: Path) -> Archive | None:
    """Return what the archive of this repository holds, None if there is none yet."""
    found = git.refs(folder, REF)
    return Archive(found[0].commit, git.files(folder, found[0].commit)) if found else None


def keep(
    project: Project, applied: Iterable[Migration], *, checkout: str, branch: str | None
) -> tuple[str, ...]:
    """Put the file of every applied revision into the archive, and return the ids that were new or changed.

    Nothing is written when nothing is new. Another writer at the same moment is waited out; killed at any moment,
    the archive is as it was or complete. Raises Refusal("git-failed"). Outside git there is no archive.
    """
    if project.repository is None:
        return ()
    wanted = {_path(migration, project): migration for migration in applied}
    for _attempt in range(ATTEMPTS):
        before = read(project.root)
        known = {path: blob for blob, path in before.files} if before else {}
        new = {path: one for path, one in wanted.items() if known.get(path) != _blob_id(one.content, known)}
        if not new or git.import_commit(project.root, _stream(new, before, checkout, branch)):
            break
    return tuple(sorted({migration.revision.id for migration in new.values()}))


def _path(migration: Migration, project: Project) -> str:
    key = quote(migration.revision.id, safe="").replace(".", "%2E")  # an id may be `..` or hold a slash
    return f"{key}/{os.path.relpath(migration.path, project.root)}"


def _blob_id(content: bytes, known: Mapping[str, str]) -> str:
    """Return the id that git gives to `content`, in the hash that this repository uses."""
    wide = any(
        len(blob) == 64 for blob in known.values()
    )  # a repository of `git init --object-format=sha256`
    data = b"blob %d\0" % len(content) + content
    return hashlib.sha256(data).hexdigest() if wide else hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _stream(new: Mapping[str, Migration], before: Archive | None, checkout: str, branch: str | None) -> bytes:
    """Return a commit for `git fast-import`, which writes it and moves the ref in one step or not at all."""
    return b"".join(
        _parts(new, before, f"Applied in {checkout}" + (f" on branch {branch}" if branch else ""))
    )


def _parts(new: Mapping[str, Migration], before: Archive | None, title: str) -> Iterator[bytes]:
    ids = sorted({migration.revision.id for migration in new.values()})
    yield f"commit {REF}\ncommitter {AUTHOR} {int(time.time())} +0000\n".encode()
    yield _data(os.fsencode("\n".join([title, "", *ids, ""])))
    if before:
        yield f"from {before.commit}\n".encode()
    for path, migration in new.items():
        yield b"M 100644 inline " + _quoted(path) + b"\n" + _data(migration.content)


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return b'"' + os.fsencode(escaped) + b'"'
