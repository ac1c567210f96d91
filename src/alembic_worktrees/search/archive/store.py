"""Keep it: applied revisions → the archive. What has run keeps its bytes until something else runs under its id."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ... import git
from .contents import BACK, MERGED, RAN, REF, SEEN, Archive, entries, folder_of, forgotten, read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
    from pathlib import Path

    from ...migrations.inventory import Migration
    from ...project.project import Project
    from .contents import Entry

    _Known = Mapping[tuple[str, str], Entry]  # by id and database

NOBODY = b"alembic-worktrees <alembic-worktrees@localhost>"  # where git has no identity of the user
TIMEOUT = 30.0  # seconds; another writer needs a few milliseconds
STALE = 5.0  # seconds after which a lock of the ref was left by a git that was killed


class Run(NamedTuple):
    """What one upgrade did in one database: what ran, and all that is applied now; or what was taken back."""

    database: str
    ran: frozenset[str]
    applied: frozenset[str]
    back: frozenset[str] = frozenset()


def keep(
    project: Project,
    applied: Mapping[str, Migration],
    runs: Sequence[Run],
    learned: Set[str],
    before: Archive | None,
) -> tuple[str, ...]:
    """Put the file of every applied revision into the archive, and return the ids that were new or changed.

    `before` is the archive if it was read already. What has run keeps its bytes until something else runs under its id.
    What is `learned` is the same migration with other parents, and replaces it too. Another writer at the same moment
    is waited out; killed at any moment, the archive is as it was or complete. Raises GitFailed. Outside
    git there is no archive.
    """

    def changes(archive: Archive | None) -> tuple[Iterable[str], list[bytes]]:
        known = {(one.revision, one.database): one for one in entries(archive, project)}
        fresh = _fresh(known, forgotten(archive, project), applied, runs, learned)
        return {id for id, _ in fresh}, [*_kept(fresh, project), *_demoted(known, fresh, runs, project)]

    return _write(project, "Applied", changes, before)


def forget(project: Project, ids: Set[str], databases: Collection[str]) -> tuple[str, ...]:
    """Take out what was seen of these migrations, and what ran in these databases, and return their ids.

    Raises GitFailed.
    """

    def changes(archive: Archive | None) -> tuple[Iterable[str], list[bytes]]:
        rows = [one for one in entries(archive, project) if one.revision in ids]
        gone = [one for one in rows if one.database in {"", *databases}]
        left = {one.revision for one in rows} - {one.revision for one in gone}
        return {one.revision for one in gone}, [*_removed(gone, left, project)]

    return _write(project, "Forgotten", changes)


def tips(folder: Path) -> tuple[git.Tip, ...]:
    """Return our refs, which are the archive's."""
    return git.refs(folder, REF.rpartition("/")[0])


def drop(folder: Path, refs: Iterable[git.Tip]) -> None:
    """Remove refs of ours that are still as they were seen. Raises GitFailed."""
    for ref in refs:
        git.answer(folder, "update-ref", "-d", ref.name, ref.commit)


def _removed(gone: Iterable[Entry], left: Set[str], project: Project) -> Iterator[bytes]:
    for one in gone:
        yield b"D " + _quoted(one.stored_at) + b"\n"
        if one.revision not in left:
            yield b"M 100644 inline " + _quoted(folder_of(project, MERGED, one.revision)) + b"\n" + _data(b"")


def _write(
    project: Project,
    done: str,
    changes: Callable[[Archive | None], tuple[Iterable[str], list[bytes]]],
    before: Archive | None = None,
) -> tuple[str, ...]:
    """Write the changes that an archive needs, and return the ids that they are about. Outside git there is none."""
    if project.repository is None:
        return ()
    deadline = time.monotonic() + TIMEOUT
    before = before or read(project.root)
    while True:
        about, commands = changes(before)
        if not commands:
            return ()
        ids = sorted(about)
        if git.import_commit(project.root, b"".join(_stream(done, ids, commands, before, project))):
            return tuple(ids)
        _wait(project.repository.common / f"{REF}.lock", deadline)
        before = read(project.root)


def _fresh(
    known: _Known,
    merged: Set[str],
    applied: Mapping[str, Migration],
    runs: Iterable[Run],
    learned: Set[str],
) -> dict[tuple[str, str], Migration]:
    """Return what is to be written, by id and by the database in which it ran."""
    wanted = {(id, run.database) for run in runs for id in run.ran} | {
        key for key in known if key[0] in learned
    }
    standing = {key: one for key, one in known.items() if not one.back}
    there = {id for id, _ in (*standing, *wanted)} | merged
    wanted |= {(id, "") for id in applied if id not in there}
    same = {
        key for key in wanted & standing.keys() if standing[key].blob in git.blob_ids(applied[key[0]].content)
    }
    return {key: applied[key[0]] for key in sorted(wanted - same)}


def _kept(fresh: Mapping[tuple[str, str], Migration], project: Project) -> Iterator[bytes]:
    """Yield the commands for `git fast-import` that write these; what ran needs not be known as seen too."""
    for (id, database), migration in fresh.items():
        how = f"{RAN}{database}" if database else SEEN
        for old in {SEEN, BACK, MERGED, how}:
            yield b"D " + _quoted(folder_of(project, old, id)) + b"\n"
        yield (
            b"M 100644 inline "
            + _quoted(f"{folder_of(project, how, id)}/{_path(migration, project)}")
            + b"\n"
        )
        yield _data(migration.content)


def _demoted(
    known: _Known, fresh: Collection[tuple[str, str]], runs: Iterable[Run], project: Project
) -> Iterator[bytes]:
    """Yield the commands for `git fast-import` that make of what ran and is applied no more something that was seen.

    Without us it may be applied again, changed. What was taken back is noted as that.
    """
    for run in runs:
        for (id, database), one in known.items():
            if one.back or id in run.applied or (id, database) in fresh:
                continue
            if database == run.database or (id in run.back and not database):
                seen, kept = (folder_of(project, how, id) for how in (SEEN, BACK if id in run.back else SEEN))
                for old in (one.stored_at.removesuffix(f"/{one.path}"), seen):
                    yield b"D " + _quoted(old) + b"\n"
                yield b"M 100644 %b " % one.blob.encode() + _quoted(f"{kept}/{one.path}") + b"\n"


def _wait(lock: Path, deadline: float) -> None:
    """Let another writer of the archive finish; the lock of one that was killed is removed."""
    if time.monotonic() > deadline:
        raise git.GitFailed("git fast-import", lock.parent, f"{lock} is in use")
    with suppress(OSError):
        if time.time() - lock.stat().st_mtime > STALE:
            lock.unlink()
    time.sleep(0.05)


def _path(migration: Migration, project: Project) -> str:
    """Return a migration's path in its checkout; one that lies outside has its name alone."""
    inside = migration.path.is_relative_to(project.root)
    return str(migration.path.relative_to(project.root)) if inside else migration.path.name


def _stream(
    done: str, ids: Iterable[str], changes: Iterable[bytes], before: Archive | None, project: Project
) -> Iterator[bytes]:
    """Yield a commit for `git fast-import`, which writes it and moves the ref in one step or not at all."""
    who = git.committer(project.root) or NOBODY
    yield b"commit %b\ncommitter %b %d +0000\n" % (REF.encode(), who, time.time())
    yield _data(os.fsencode("\n".join([_title(done, project), "", *ids, ""])))
    if before:
        yield f"from {before.commit}\n".encode()
    yield from changes


def _title(done: str, project: Project) -> str:
    branch = git.branch(project.root)
    return f"{done} in {project.root.name}" + (f" on branch {branch}" if branch else "")


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return b'"' + os.fsencode(escaped) + b'"'
