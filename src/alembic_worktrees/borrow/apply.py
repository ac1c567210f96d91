"""Do it: Plan → files in the working tree, all or nothing. The only module that writes there."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from .. import git
from ..messages import OK, Message, _, _n
from ..messages.errors import UserError
from ..migrations import record
from ..migrations.notes import memory_of
from ..migrations.record import sha256
from ..system.reading import NotReadable, allowed_roots, read_plain
from ..system.writing import make_folder, overwrite, remove_leftovers, sync, temporaries, temporary
from .errors import CannotWrite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..migrations.inventory import Borrowed, Inventory
    from ..project.project import Project
    from .plan import Copy, Plan

    Records = dict[Path, list[record.Entry]]


def carry_out(plan: Plan, project: Project, inventory: Inventory) -> None:
    """Write the copies, return what is no longer needed, and keep the record true.

    Killed at any moment it leaves a folder that Alembic loads: a file appears whole, after its parents, and only
    when git already ignores it. Raises UserError, of which CannotWrite and GitFailed; then
    nothing has been borrowed.
    """
    _prove_inside(plan, project)
    _prove_ours(plan, project)
    before, kept = _records(plan, project, inventory)
    after = _with_copies(plan, project, inventory, kept)
    try:
        _remove_leftovers(project, after)
        _write_copies(plan, project, before, after)
        for borrowed in plan.returned:
            borrowed.migration.path.unlink(missing_ok=True)
        _write_records(after, project)
    except OSError as error:
        # Of a link the second is the name that the file would have got.
        path = error.filename2 or error.filename or project.folder
        raise CannotWrite(path, error.strerror) from error


def _prove_ours(plan: Plan, project: Project) -> None:
    """Let nothing be removed or replaced while git cannot say whether it has it: its index may be broken."""
    replaced = (copy.replaces for copy in plan.copies if copy.replaces)
    if project.repository:
        git.tracked(project.root, [row.migration.path for row in (*plan.returned, *replaced)], surely=True)


def _prove_inside(plan: Plan, project: Project) -> None:
    """Refuse to write where a link leads. Outside git a version location may lie anywhere, as it is configured."""
    for folder in {copy.path.parent for copy in plan.copies}:
        real = Path(os.path.realpath(folder))
        led = real != folder and (project.repository or not real.is_relative_to(project.root))
        if led or (project.repository and not folder.is_relative_to(project.root)):
            text = _(
                "{folder} is {real}, which git does not see as a folder of {root}, so nothing was "
                "borrowed. Make it a folder of this checkout, without a link on the way, or name "
                "one as version_locations in the Alembic config."
            )
            raise UserError(text, folder=folder, real=real, root=project.root)


def hand_over(rows: Sequence[Borrowed], project: Project, inventory: Inventory) -> None:
    """Make borrowed files this branch's own: staged, and no longer ignored. Raises CannotWrite."""
    paths = {row.migration.path for row in rows}
    git.stage(project.root, paths)  # first, so that at no moment git may lose them
    kept = inventory.copies
    _keep([row for row in kept if row.migration.path not in paths], project, inventory)


def create(path: Path, content: bytes) -> None:
    """Let a file appear whole, where none is. Raises CannotWrite."""
    try:
        with temporary(path.parent, content) as whole:
            _link(whole, path)
    except OSError as error:
        raise CannotWrite(path, error.strerror) from error


def tidy(project: Project, inventory: Inventory) -> None:
    """Strike from the records what git has brought meanwhile, and mend them. Raises CannotWrite."""
    _keep(inventory.copies, project, inventory)


def mend(project: Project, inventory: Inventory) -> None:
    """Write what a record has lost or the memory lacks. Raises CannotWrite, or UserError: no place for a record."""
    if not inventory.whole:
        _keep(_rows(inventory), project, inventory)


def mended(inventory: Inventory) -> Iterator[Message]:
    """Say which files git did not ignore any more."""
    if inventory.forgotten:
        text = _(
            "Git ignores {count} again; a .gitignore that said so was overwritten or removed:\n{files:lines}"
        )
        files = tuple(row.migration.path for row in inventory.forgotten)
        count = _n("{n} borrowed file", "{n} borrowed files", len(files))
        yield Message(text, {"count": count, "files": files}, OK)


def arrived(row: Borrowed) -> Message:
    """Say that a file is no longer borrowed."""
    text = _("{revision} is no longer borrowed, git has brought it: {path}")
    return Message(text, {"revision": row.entry.revision, "path": row.migration.path}, OK)


def _keep(rows: Iterable[Borrowed], project: Project, inventory: Inventory) -> None:
    try:
        _write_records(_noted(rows, project, inventory), project)
    except OSError as error:
        raise CannotWrite(error.filename, error.strerror) from error


def _rows(inventory: Inventory) -> tuple[Borrowed, ...]:
    return (*inventory.copies, *inventory.arrived)


def _records(plan: Plan, project: Project, inventory: Inventory) -> tuple[Records, Records]:
    """Return the entries that hold now, and of these the ones that still hold when the plan is done."""
    ending = {row.migration.path for row in (*plan.returned, *inventory.arrived)}
    ending |= {copy.replaces.migration.path for copy in plan.copies if copy.replaces}
    rows = _rows(inventory)
    kept = [row for row in rows if row.migration.path not in ending]
    return _noted(rows, project, inventory), _noted(kept, project, inventory)


def _noted(rows: Iterable[Borrowed], project: Project, inventory: Inventory) -> Records:
    """Return what is to be written down of these files, and of those of other projects: in each record, or in none."""
    records: Records = {record_path: [] for record_path in inventory.records}
    for note in inventory.others:
        records.setdefault(note.record_path, []).append(note.entry)
    for row in rows:
        # What is staged is ignored by no record: it would seem to be this branch's own.
        record_path = row.record_path if row.staged else _record_of(row, project, inventory)
        records.setdefault(record_path, []).append(
            _moved(row.entry, row.migration.path, record_path, project)
        )
    return records


def _record_of(row: Borrowed, project: Project, inventory: Inventory) -> Path:
    if row.record_path in inventory.records:
        return row.record_path
    return _record_path_above(row.migration.path.parent, project, inventory)


def _moved(entry: record.Entry, path: Path, record_path: Path, project: Project) -> record.Entry:
    """Return the entry of the file at `path` as it stands at `record_path`."""
    top = record_path.parent if record_path.name == record.NAME else project.root
    return entry._replace(path=path.relative_to(top).as_posix())


def _with_copies(plan: Plan, project: Project, inventory: Inventory, kept: Records) -> Records:
    if project.repository is None:
        return {}  # outside git a copy is a plain copy
    after = {record_path: list(entries) for record_path, entries in kept.items()}
    for copy in plan.copies:
        old, folder = copy.replaces, copy.path.parent
        record_path = (
            _record_of(old, project, inventory) if old else _record_path_above(folder, project, inventory)
        )
        after.setdefault(record_path, []).append(_moved(_entry(copy), copy.path, record_path, project))
    return after


def _entry(copy: Copy) -> record.Entry:
    candidate = copy.candidate
    return record.Entry(copy.path.name, candidate.revision.id, candidate.origin, sha256(candidate.content))


def _record_path_above(folder: Path, project: Project, inventory: Inventory) -> Path:
    """Return the record for a file in `folder`: beside it, or above where somebody else's `.gitignore` is."""
    for above in (folder, *folder.parents):
        record_path = above / record.NAME
        if record_path in inventory.records or not os.path.lexists(record_path):
            return record_path
        if above == project.root:
            break
    text = _(
        "Every folder from {folder} up to {root} has a .gitignore of its own, so there is no "
        "place for the record of borrowed files. Merge one of them into another above it, for "
        "example: cat {folder:q}/.gitignore >> {above:q}/.gitignore && rm {folder:q}/.gitignore"
    )
    raise UserError(text, folder=folder, above=folder.parent, root=project.root)


def _remove_leftovers(project: Project, records: Records) -> None:
    """Remove the temporary files of a run that was killed; the lock says that no other run is under way."""
    if project.repository is None:
        return
    if memory := memory_of(project.root):
        remove_leftovers(memory.parent)
    beside_records = {record_path.parent: False for record_path in records}
    for folder, recursive in {**beside_records, **dict.fromkeys(project.versions, True)}.items():
        if folder.resolve().is_relative_to(project.root):
            remove_leftovers(folder, recursive=recursive)


def _write_copies(plan: Plan, project: Project, before: Records, after: Records) -> None:
    if not plan.copies:
        return
    folders = dict.fromkeys(copy.path.parent for copy in plan.copies)
    with ExitStack() as undo:
        for folder in folders:
            make_folder(folder, undo)
        if project.repository:
            undo.callback(
                _write_records, {record_path: before.get(record_path, []) for record_path in after}, project
            )
            both = {
                record_path: [*before.get(record_path, []), *entries]
                for record_path, entries in after.items()
            }
            _write_records(both, project)
            _prove_ignored(plan, project)
        contents = [(copy.path.parent, copy.candidate.content) for copy in plan.copies]
        with temporaries(contents) as whole:
            for copy, path in zip(plan.copies, whole, strict=True):
                _put(path, copy, undo)
            for folder in folders:
                sync(folder)
        undo.pop_all()


def _put(path: Path, copy: Copy, undo: ExitStack) -> None:
    if copy.replaces:
        undo.callback(overwrite, copy.path, copy.replaces.migration.content)
        path.replace(copy.path)
    else:
        _link(path, copy.path)
        undo.callback(copy.path.unlink, missing_ok=True)


def _prove_ignored(plan: Plan, project: Project) -> None:
    paths = {copy.path for copy in plan.copies}
    showing = paths - git.ignored(project.root, paths)
    if showing:
        text = _(
            "Git would not ignore {path}, so it was not borrowed: another .gitignore insists on "
            "it. See which with: git check-ignore -v {path:q}"
        )
        raise UserError(text, path=min(showing))


def _link(whole: Path, path: Path) -> None:
    """Give a whole file its name; never takes a name that is in use. Raises OSError."""
    try:
        os.link(whole, path)
    except OSError:  # perhaps a file system without hard links
        if os.path.lexists(path):
            raise
        whole.rename(path)


def _write_records(records: Records, project: Project) -> None:
    """Bring the memory and every record to its text; one with no entries left is removed."""
    for record_path, entries in _with_memory(records, project).items():
        if entries:
            _write_record(record_path, record.render(dict.fromkeys(entries)))
        else:
            record_path.unlink(missing_ok=True)


def _with_memory(records: Records, project: Project) -> Records:
    """Return the records after the memory, which has what is in all of them, and more."""
    memory = memory_of(project.root)
    if memory is None:
        return records
    others = {record_path: entries for record_path, entries in records.items() if record_path != memory}
    known = (
        _moved(entry, record_path.parent / entry.path, memory, project)
        for record_path, entries in others.items()
        for entry in entries
    )
    return {memory: [*known, *records.get(memory, [])], **others}


def _write_record(record_path: Path, text: str) -> None:
    try:
        if read_plain(record_path, allowed_roots(record_path.parent)) != text.encode("utf-8"):
            overwrite(record_path, text.encode("utf-8"))
    except NotReadable as error:
        if error.reason != "gone":
            raise CannotWrite(record_path, error.reason) from error
        _create_record(record_path, text.encode("utf-8"))


def _create_record(record_path: Path, content: bytes) -> None:
    """Let the record appear whole. It has no name before: nothing would yet tell git to ignore that."""
    try:
        with open(os.open(record_path.parent, os.O_TMPFILE | os.O_WRONLY, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            # Python follows the link to the nameless file only where a folder's descriptor is given.
            os.link(
                f"/proc/self/fd/{file.fileno()}", record_path, src_dir_fd=file.fileno(), follow_symlinks=True
            )
    except (AttributeError, OSError):  # only Linux has nameless files, and there not every file system
        with temporary(record_path.parent, content) as whole:
            _link(whole, record_path)
