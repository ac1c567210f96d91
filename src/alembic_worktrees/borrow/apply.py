"""Do it: Plan → files in the working tree, all or nothing. The only module that writes there."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from .. import git
from ..messages import OK, Message, _, _n, few
from ..messages.errors import UserError
from ..migrations import record
from ..migrations.notes import Note, memory_of
from ..migrations.record import sha256
from ..system.writing import make_folder, overwrite, remove_leftovers, sync, temporaries, temporary
from .errors import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..migrations.inventory import Borrowed, Inventory, Migration
    from ..project.project import Project
    from .plan import Copy, Plan


def carry_out(plan: Plan, project: Project, inventory: Inventory) -> None:
    """Write the copies, return what is no longer needed, and keep the record true.

    Killed at any moment it leaves a folder that Alembic loads: a file appears whole, after its parents, and only
    when git already ignores it. Raises UserError; then nothing has been borrowed.
    """
    _prove_inside(plan, project)
    ending = {row.path for row in plan.returned} | {copy.path for copy in plan.refreshed}
    if project.repository:  # a broken index could not say what git has
        git.tracked(project.root, ending, surely=True)
    before = _notes((*inventory.copies, *inventory.arrived), project, inventory)
    ending |= {row.path for row in inventory.arrived}
    kept = [note for note in before if note.path not in ending]
    after = [*kept, *(_note(copy, project, inventory) for copy in plan.copies)] if project.repository else []
    records = _Records(project, inventory, (*before, *after))
    with writing(project.folder):
        records.remove_leftovers()
        if plan.copies:
            _write_copies(plan, project, records, before, after)
        for row in plan.returned:
            row.path.unlink(missing_ok=True)
        records.write(after)


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
    """Make borrowed files this branch's own: staged, and no longer ignored. Raises UserError."""
    paths = {row.path for row in rows}
    for row in rows:
        if row.migration.commented_out:
            rewrite(row.migration._replace(commented_out=False))
    git.stage(project.root, paths)  # first, so that at no moment git may lose them
    _keep([row for row in inventory.copies if row.path not in paths], project, inventory)


def rewrite(one: Migration) -> None:
    """Write a borrowed file anew: whole, or commented out. Raises UserError."""
    with writing(one.path):
        overwrite(one.path, one.on_disk)


def create(path: Path, content: bytes) -> None:
    """Let a file appear whole, where none is. Raises UserError."""
    with writing(path), temporary(path.parent, content) as whole:
        _link(whole, path)


def tidy(project: Project, inventory: Inventory) -> tuple[Message, ...]:
    """Strike from the records what git has brought meanwhile, mend them, and return what to say of it.

    Raises UserError.
    """
    if inventory.arrived or not inventory.whole:
        _keep(inventory.copies, project, inventory)
    return (*mended(inventory), *arrived(inventory))


def mended(inventory: Inventory) -> Iterator[Message]:
    """Say which files git did not ignore any more."""
    if inventory.forgotten:
        text = _(
            "Git ignores {count} again; a .gitignore that said so was overwritten or removed:\n{files:lines}"
        )
        files = tuple(row.path for row in inventory.forgotten)
        count = _n("{n} borrowed file", "{n} borrowed files", len(files))
        yield Message(text, {"count": count, "files": files}, OK)


def arrived(inventory: Inventory) -> Iterator[Message]:
    """Say which files are no longer borrowed; where they are many, how many."""
    rows = inventory.arrived
    text = _("{revision} is no longer borrowed, git has brought it: {path}")
    together = _("{count} files are no longer borrowed, git has brought them")
    each = [Message(text, row.about, OK) for row in rows]
    yield from few(each, Message(together, {"count": len(rows)}, OK))


def _keep(rows: Iterable[Borrowed], project: Project, inventory: Inventory) -> None:
    notes = _notes(rows, project, inventory)
    with writing(project.folder):
        _Records(project, inventory, notes).write(notes)


def _notes(rows: Iterable[Borrowed], project: Project, inventory: Inventory) -> list[Note]:
    """Return what is to be written down of these files, and of those of other projects."""
    ours = (
        # What is staged is ignored by no record: it would seem to be this branch's own.
        Note(
            row.path, row.entry, row.record_path if row.staged else _record_path(row.path, project, inventory)
        )
        for row in rows
    )
    return [*inventory.others, *ours]


def _note(copy: Copy, project: Project, inventory: Inventory) -> Note:
    """Return what is to be written down of a copy."""
    candidate = copy.candidate
    entry = record.Entry(copy.path.name, candidate.revision.id, candidate.origin, sha256(candidate.content))
    return Note(copy.path, entry, _record_path(copy.path, project, inventory))


def _record_path(path: Path, project: Project, inventory: Inventory) -> Path:
    """Return the record for a file: beside it, or above where somebody else's `.gitignore` is. Raises UserError."""
    for above in path.parents:
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
    folder = path.parent
    raise UserError(text, folder=folder, above=folder.parent, root=project.root)


class _Records:
    """The records of a checkout, and the memory, which has what is in all of them, and more."""

    def __init__(self, project: Project, inventory: Inventory, notes: Iterable[Note]) -> None:
        """Take those that are there, and those in which these `notes` are to stand."""
        self._project = project
        memory = memory_of(project.root) if project.repository else None
        self._memory = [memory] if memory else []  # outside git a copy is a plain copy
        paths = (*self._memory, *inventory.records, *(note.record_path for note in notes))
        self._paths = tuple(dict.fromkeys(paths)) if project.repository else ()

    def write(self, notes: Iterable[Note]) -> None:
        """Bring each to its text; one with no entries left is removed. Raises OSError."""
        entries: dict[Path, list[record.Entry]] = {path: [] for path in self._paths}
        for note in notes:
            for path in {*self._memory, note.record_path}:
                top = path.parent if path.name == record.NAME else self._project.root
                entries[path].append(note.entry._replace(path=note.path.relative_to(top).as_posix()))
        for path, rows in entries.items():
            if rows:
                _write_record(path, record.render(dict.fromkeys(rows)).encode())
            else:
                path.unlink(missing_ok=True)

    def remove_leftovers(self) -> None:
        """Remove the temporary files of a run that was killed; the lock says that no other run is under way."""
        for path in self._paths:
            remove_leftovers(path.parent)
        for folder in self._project.versions if self._paths else ():
            if folder.resolve().is_relative_to(self._project.root):
                remove_leftovers(folder, recursive=True)


def _write_copies(
    plan: Plan, project: Project, records: _Records, before: Sequence[Note], after: Sequence[Note]
) -> None:
    folders = dict.fromkeys(copy.path.parent for copy in plan.copies)
    with ExitStack() as undo:
        for folder in folders:
            make_folder(folder, undo)
        if project.repository:
            undo.callback(records.write, before)
            records.write([*before, *after])
            _prove_ignored(plan, project)
        contents = [(copy.path.parent, copy.migration.on_disk) for copy in plan.copies]
        with temporaries(contents) as whole:
            for copy, path in zip(plan.copies, whole, strict=True):
                _put(path, copy, undo)
            for folder in folders:
                sync(folder)
        undo.pop_all()


def _put(path: Path, copy: Copy, undo: ExitStack) -> None:
    if copy.replaces:
        undo.callback(overwrite, copy.path, copy.replaces.migration.on_disk)
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


def _write_record(path: Path, content: bytes) -> None:
    try:
        if path.read_bytes() != content:
            overwrite(path, content)
    except FileNotFoundError:
        _create_record(path, content)


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
