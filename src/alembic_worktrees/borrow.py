"""Do it: Plan → files in the working tree, all or nothing. The only module that writes there."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from . import git, record
from .errors import Refusal
from .files import NotReadable, fence, read_plain
from .inventory import sha256
from .writing import make_folder, overwrite, remove_leftovers, sync, temporaries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .inventory import Borrowed, Inventory
    from .plan import Copy, Plan
    from .project import Project

    Records = dict[Path, list[record.Entry]]


def carry_out(plan: Plan, project: Project, inventory: Inventory) -> None:
    """Write the copies, return what is no longer needed, and keep the record true.

    Killed at any moment it leaves a folder that Alembic loads: a file appears whole, after its parents, and only
    when git already ignores it. Raises Refusal "cannot-write", "not-ignored", "leads-out" or "git-failed"; then
    nothing has been borrowed.
    """
    _prove_inside(plan, project)
    _prove_ours(plan, project)
    before, kept = _records(plan, inventory)
    after = _with_copies(plan, project, inventory, kept)
    try:
        _remove_leftovers(project, after)
        _write_copies(plan, project, before, after)
        for borrowed in plan.returned:
            borrowed.migration.path.unlink(missing_ok=True)
        _write_records(after)
    except OSError as error:
        raise Refusal("cannot-write", path=error.filename or project.folder, reason=error.strerror) from error


def _prove_ours(plan: Plan, project: Project) -> None:
    """Let nothing be removed or replaced while git cannot say whether it has it: its index may be broken."""
    replaced = (copy.replaces for copy in plan.copies if copy.replaces)
    if project.repository:
        git.tracked(project.root, [row.migration.path for row in (*plan.returned, *replaced)], surely=True)


def _prove_inside(plan: Plan, project: Project) -> None:
    """Refuse to write where a link leads. Outside git a version location may lie anywhere, as it is configured."""
    for folder in {copy.path.parent for copy in plan.copies}:
        real = Path(os.path.realpath(folder))
        if real != folder and (project.repository or not real.is_relative_to(project.root)):
            raise Refusal("leads-out", folder=folder, real=real, root=project.root)
        if project.repository and not folder.is_relative_to(project.root):
            raise Refusal("leads-out", folder=folder, real=real, root=project.root)


def hand_over(rows: Sequence[Borrowed], project: Project, inventory: Inventory) -> None:
    """Make borrowed files this branch's own: staged, and no longer ignored. Raises Refusal "cannot-write"."""
    paths = {row.migration.path for row in rows}
    git.stage(project.root, paths)  # first, so that at no moment git may lose them
    _keep_entries(inventory, without=paths)


def tidy(inventory: Inventory) -> None:
    """Strike from the records what git has brought meanwhile. Raises Refusal "cannot-write"."""
    _keep_entries(inventory, without=set())


def _keep_entries(inventory: Inventory, without: set[Path]) -> None:
    kept: Records = {place: [] for place in inventory.records}
    for row in (*inventory.borrowed, *inventory.edited):
        if row.migration.path not in without:
            kept[row.record].append(row.entry)
    try:
        _write_records(kept)
    except OSError as error:
        raise Refusal("cannot-write", path=error.filename, reason=error.strerror) from error


def _records(plan: Plan, inventory: Inventory) -> tuple[Records, Records]:
    """Return the entries that hold now, and of these the ones that still hold when the plan is done."""
    ending = {row.migration.path for row in (*plan.returned, *inventory.arrived)}
    ending |= {copy.replaces.migration.path for copy in plan.copies if copy.replaces}
    before: Records = {place: [] for place in inventory.records}
    kept: Records = {place: [] for place in inventory.records}
    for row in (*inventory.borrowed, *inventory.edited, *inventory.arrived):
        before[row.record].append(row.entry)
        if row.migration.path not in ending:
            kept[row.record].append(row.entry)
    return before, kept


def _with_copies(plan: Plan, project: Project, inventory: Inventory, kept: Records) -> Records:
    if project.repository is None:
        return {}  # outside git a copy is a plain copy
    after = {place: list(entries) for place, entries in kept.items()}
    for copy in plan.copies:
        place = copy.replaces.record if copy.replaces else _record_place(copy.path.parent, project, inventory)
        after.setdefault(place, []).append(_entry(copy, place))
    return after


def _entry(copy: Copy, place: Path) -> record.Entry:
    path = copy.path.relative_to(place.parent).as_posix()
    candidate = copy.candidate
    return record.Entry(path, candidate.revision.id, candidate.origin, sha256(candidate.content))


def _record_place(folder: Path, project: Project, inventory: Inventory) -> Path:
    """Return the record for a file in `folder`: beside it, or above where somebody else's `.gitignore` is."""
    for above in (folder, *folder.parents):
        place = above / record.NAME
        if place in inventory.records or not os.path.lexists(place):
            return place
        if above == project.root:
            break
    raise Refusal("no-place-for-record", folder=folder, above=folder.parent, root=project.root)


def _remove_leftovers(project: Project, records: Records) -> None:
    """Remove the temporary files of a run that was killed; the lock says that no other run is under way."""
    if project.repository is None:
        return
    beside_records = {place.parent: False for place in records}
    for folder, below in {**beside_records, **dict.fromkeys(project.versions, True)}.items():
        if folder.resolve().is_relative_to(project.root):
            remove_leftovers(folder, below=below)


def _write_copies(plan: Plan, project: Project, before: Records, after: Records) -> None:
    if not plan.copies:
        return
    folders = dict.fromkeys(copy.path.parent for copy in plan.copies)
    with ExitStack() as undo:
        for folder in folders:
            make_folder(folder, undo)
        if project.repository:
            undo.callback(_write_records, {place: before.get(place, []) for place in after})
            _write_records({place: [*before.get(place, []), *entries] for place, entries in after.items()})
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
        raise Refusal("not-ignored", path=min(showing))


def _link(temporary: Path, path: Path) -> None:
    """Give a whole file its name; never takes a name that is in use. Raises FileExistsError."""
    try:
        os.link(temporary, path)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise
        temporary.rename(path)


def _write_records(records: Records) -> None:
    """Bring every record to its text; one with no entries left is removed."""
    for place, entries in records.items():
        if entries:
            _write_record(place, record.render(dict.fromkeys(entries)))
        else:
            place.unlink(missing_ok=True)


def _write_record(place: Path, text: str) -> None:
    try:
        if read_plain(place, fence(place.parent)) != text.encode("utf-8"):
            overwrite(place, text.encode("utf-8"))
    except NotReadable as error:
        if error.reason != "gone":
            raise Refusal("cannot-write", path=place, reason=error.reason) from error
        _create_record(place, text.encode("utf-8"))


def _create_record(place: Path, content: bytes) -> None:
    """Let the record appear whole. It has no name before: nothing would yet tell git to ignore that."""
    try:
        with open(os.open(place.parent, os.O_TMPFILE | os.O_WRONLY, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            # Python follows the link to the nameless file only where a folder's descriptor is given.
            os.link(f"/proc/self/fd/{file.fileno()}", place, src_dir_fd=file.fileno(), follow_symlinks=True)
    except FileExistsError:
        raise
    except (AttributeError, OSError):  # only Linux has nameless files, and there not every file system
        overwrite(place, content)
