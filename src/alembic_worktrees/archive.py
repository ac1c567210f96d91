"""Keep it: applied revisions → the archive, a ref that gc keeps and normal fetch and push ignore (DESIGN, rule 11).

Its tree holds each migration as `ID/PATH-IN-THE-CHECKOUT`, as it was applied last; its log says which checkout
added what, and when. The only module that writes refs.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from . import git
from .errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .inventory import Migration
    from .project import Project

REF = "refs/alembic-worktrees/applied"
AUTHOR = "alembic-worktrees <alembic-worktrees@localhost>"
PATIENCE = 30.0  # seconds; another writer needs a few milliseconds
STALE = 5.0  # seconds after which a lock of the ref was left by a git that was killed


class Archive(NamedTuple):
    """The archive's newest commit, and its files as (blob, path)."""

    commit: str
    files: tuple[tuple[str, str], ...]


def read(folder: Path) -> Archive | None:
    """Return what the archive of this repository holds, None if there is none yet."""
    found = git.refs(folder, REF)
    return Archive(found[0].commit, git.files(folder, found[0].commit)) if found else None


def revisions(folder: Path) -> frozenset[str]:
    """Return the ids of all that was ever applied through us in this repository."""
    found = read(folder)
    return frozenset(unquote(path.partition("/")[0]) for _, path in found.files) if found else frozenset()


def tips(folder: Path) -> tuple[git.Tip, ...]:
    """Return our refs, which are the archive's."""
    return git.refs(folder, REF.rpartition("/")[0])


def drop(folder: Path, refs: Iterable[git.Tip]) -> None:
    """Remove refs of ours that are still as they were seen. Raises Refusal("git-failed")."""
    for ref in refs:
        git.answer(folder, "update-ref", "-d", ref.name, ref.commit)


def keep(project: Project, applied: Iterable[Migration]) -> tuple[str, ...]:
    """Put the file of every applied revision into the archive, and return the ids that were new or changed.

    Nothing is written when nothing is new. Another writer at the same moment is waited out; killed at any moment,
    the archive is as it was or complete. Raises Refusal("git-failed"). Outside git there is no archive.
    """
    if project.repository is None:
        return ()
    wanted = {_key(migration): migration for migration in applied}
    deadline = time.monotonic() + PATIENCE
    while True:
        before = read(project.root)
        known = {(path.partition("/")[0], blob) for blob, path in before.files} if before else set()
        wide = any(len(blob) == 64 for _, blob in known)  # a repository of `git init --object-format=sha256`
        new = {
            key: one for key, one in wanted.items() if (key, git.blob_id(one.content, wide=wide)) not in known
        }
        if not new:
            return ()
        try:
            written = git.import_commit(project.root, b"".join(_stream(new, before, project)))
        finally:
            _remove_reports(project.repository.common)
        if written:
            return tuple(sorted(migration.revision.id for migration in new.values()))
        _wait(project.repository.common / f"{REF}.lock", deadline)


def _wait(lock: Path, deadline: float) -> None:
    """Let another writer of the archive finish; the lock of one that was killed is removed."""
    if time.monotonic() > deadline:
        raise Refusal("git-failed", command="git fast-import", folder=lock.parent, words=f"{lock} is in use")
    with suppress(OSError):
        if time.time() - lock.stat().st_mtime > STALE:
            lock.unlink()
    import random

    time.sleep(random.uniform(0, 0.1))  # noqa: S311


def _remove_reports(common: Path) -> None:
    """Remove what `git fast-import` noted in its repository when it could not write the archive; others' stay."""
    for report in common.glob("fast_import_crash_*"):
        with suppress(OSError):
            if REF.encode() in report.read_bytes():
                report.unlink()


def _key(migration: Migration) -> str:
    """Return the folder of a revision in the archive; an id may be `..` or hold a slash."""
    # Beyond ASCII an escape would be longer than git, which asks for a file of that name, may ask.
    return re.sub("[\0-\x7f]+", lambda found: quote(found[0], safe=""), migration.revision.id).replace(
        ".", "%2E"
    )


def _path(migration: Migration, project: Project) -> str:
    """Return a migration's path in its checkout; one that lies outside has its name alone."""
    inside = migration.path.is_relative_to(project.root)
    return str(migration.path.relative_to(project.root)) if inside else migration.path.name


def _stream(new: Mapping[str, Migration], before: Archive | None, project: Project) -> Iterator[bytes]:
    """Yield a commit for `git fast-import`, which writes it and moves the ref in one step or not at all."""
    ids = sorted(migration.revision.id for migration in new.values())
    yield f"commit {REF}\ncommitter {AUTHOR} {int(time.time())} +0000\n".encode()
    yield _data(os.fsencode("\n".join([_title(project), "", *ids, ""])))
    if before:
        yield f"from {before.commit}\n".encode()
    for key, migration in new.items():
        yield b"D " + _quoted(key) + b"\n"  # one file for each id: the one that was applied last
        yield b"M 100644 inline " + _quoted(f"{key}/{_path(migration, project)}") + b"\n"
        yield _data(migration.content)


def _title(project: Project) -> str:
    branch = git.branch(project.root)
    return f"Applied in {project.root.name}" + (f" on branch {branch}" if branch else "")


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return b'"' + os.fsencode(escaped) + b'"'
