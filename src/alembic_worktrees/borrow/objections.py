"""Why may nothing be done? Files, rows and the archive disagree → the Objection that names it, with its cures."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from ..messages import Message, _
from ..messages.quoting import quoted
from ..migrations.docstring import first_line
from ..migrations.graph import Node
from ..migrations.record import Origin
from ..search.sources import UNCOMMITTED, Candidate
from .borrowed_parents import literal
from .errors import Objection
from .guard import examine, needed, same_but_for_parents
from .obstacles import below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..database.client import VersionTable
    from ..migrations.graph import Graph
    from ..migrations.inventory import Borrowed, Migration
    from ..migrations.revision import Revision
    from ..project.project import Project
    from ..search.search import Search
    from .guard import Findings, Known, Rows
    from .memory import Memory

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


class Scene(NamedTuple):
    """What is looked at: what Alembic loads, or would; what of it is this branch's own; and the copies nobody needs."""

    project: Project
    tables: Sequence[VersionTable]
    graph: Graph
    here: Mapping[str, Migration]
    own: Mapping[str, Migration]
    unneeded: Sequence[Borrowed]
    search: Search


def objection(scene: Scene, memory: Memory) -> Objection | None:
    """Return the first thing that would be forgotten, or is not what it seems; None if rows and files agree."""
    for table in scene.tables:
        known = memory.known(table)
        later = _later(scene, known)
        found = examine(table.heads, scene.graph, scene.own, known, memory.ever, later)
        case = _Case(scene, memory, table, known, found)
        if found.others:
            return _another(case, found.others[0])
        if found.forgetting:
            return _forgotten(case, found.forgetting[0])
        if found.skipping:
            return _skipped(case, found.skipping[0])
        if left := _left_behind(case):
            return left
    return None


def learned(scene: Scene, memory: Memory) -> frozenset[str]:
    """Return what the archive may learn from the files here, once rows and files agree."""
    found = map(memory.known, scene.tables)
    rows = (same_but_for_parents(scene.graph, scene.here, known, _later(scene, known)) for known in found)
    return frozenset[str]().union(*rows)


def _later(scene: Scene, known: Mapping[str, Known]) -> Callable[[str], int]:
    """Return what tells whether the file here of an id is a later version of what ran (1), or an earlier one (-1)."""

    def later(id: str) -> int:
        ran, here = known[id], scene.here[id]
        path = os.path.relpath(here.path, scene.project.root)
        return scene.search.later(
            _version(ran.revision, ran.content, ran.path), _version(here.revision, here.content, path)
        )

    return later


def _version(revision: Revision, content: bytes, path: str) -> Candidate:
    location, relative_path = os.path.split(path)
    return Candidate(
        revision, content, location, relative_path, Origin("", "", None, path), UNCOMMITTED, None
    )


class _Case(NamedTuple):
    scene: Scene
    memory: Memory
    table: VersionTable
    known: Mapping[str, Known]
    found: Findings


def _another(case: _Case, id: str) -> Objection:
    ran, here = case.known[id], case.scene.own[id]
    elsewhere = _lying(case, id)
    where = elsewhere.where if elsewhere else f"git show {quoted(case.memory.git_name(case.table, id))}"
    text = _(
        "{revision} is applied, but what ran is another migration than the one here, which "
        "has not run. Nothing was done.\n"
        "  ran:  {ran}\n"
        "  here: {here}\n"
        "  To keep both, give the one here another id: revision in {path}\n"
        "  To have the one here instead, take back what ran: {take_back}\n"
        "  If the one here is what ran: alembic-worktrees upgrade --trust-files"
    )
    return Objection(
        "another-ran",
        text,
        revision=id,
        ran=_told(ran.content, ran.revision.down_revisions, where),
        here=_told(here.content, here.revision.down_revisions, here.path),
        path=here.path,
        take_back=_take_back(case, id, elsewhere),
    )


def _forgotten(case: _Case, id: str) -> Objection:
    elsewhere = _lying(case, id)
    still: Message | str = ""
    if elsewhere:
        still = Message(
            _("\n  As it ran it lies in {place}; both cannot be right."), {"place": elsewhere.where}
        )
    text = _(
        "{revision} ran after {ran:list}, but by its file here it follows {now:list}: {path}\n"
        "  So no row of the database would lead to {forgotten:list} any more, and it would "
        "run a second time. Nothing was done.{still}\n"
        "  To give it back the parent with which it ran, write in that file: {line}\n"
        "  To let the new parent hold, change the rows of {database}:\n"
        "{sql:lines}\n"
        "  If {forgotten:list} was taken back since: alembic-worktrees upgrade --trust-files"
    )
    return Objection(
        "forgotten",
        text,
        forgotten=case.found.forgotten,
        still=still,
        database=case.table.name,
        sql=tuple(_sql(case.table, case.found.rows)),
        **_moved(case, id),
    )


def _skipped(case: _Case, id: str) -> Objection:
    take_back = _take_back(case, id, _lying(case, id))
    text = _(
        "{revision} ran after {ran:list}, but by its file here it follows {now:list}: {path}\n"
        "  So {skipped:list} would count as applied, and has never run. Nothing was done.\n"
        "  To run all in the new order, take back what ran, then upgrade: {take_back}\n"
        "  To give it back the parent with which it ran, write in that file: {line}\n"
        "  If {skipped:list} did run: alembic-worktrees upgrade --trust-files"
    )
    about = _moved(case, id)
    return Objection("skipped", text, skipped=case.found.never_ran, take_back=take_back, **about)


def _moved(case: _Case, id: str) -> dict[str, object]:
    ran, here = case.known[id].revision, case.scene.here[id]
    return {
        "revision": id,
        "ran": _after(ran.down_revisions),
        "now": _after(here.revision.down_revisions),
        "path": here.path,
        "line": f"down_revision = {literal(ran.down_revisions)}",
    }


def _left_behind(case: _Case) -> Objection | None:
    """Return what a copy here remembers: that its migration was applied, before rows came that we know nothing of."""
    scene, rows = case.scene, case.table.heads
    strangers = tuple(row for row in rows if row in scene.own and row not in case.memory.ever)
    unneeded = [row for row in scene.unneeded if row.entry.revision not in case.memory.taken_back]
    if not (strangers and unneeded and case.memory.ever):
        return None
    copies = [row.migration for row in unneeded]
    graph = scene.graph.joined(Node(one.revision, "") for one in copies)
    applied = graph.closure([*rows, *(one.revision.id for one in copies)]).known
    text = _(
        "{left:list}, borrowed here from {origins:list}, was applied when this checkout "
        "looked last. Now no row of the database leads to it, and {rows:list} was applied "
        "meanwhile, not through us. If that one was built on it and got another parent since, "
        "the database has forgotten it, and it would run a second time. Nothing was done.\n"
        "  If so, change the rows of {database}:\n"
        "{sql:lines}\n"
        "  If it was taken back: {remove}"
    )
    return Objection(
        "left-behind",
        text,
        left=tuple(sorted(one.revision.id for one in copies)),
        rows=strangers,
        origins=tuple(dict.fromkeys(row.entry.origin.name for row in unneeded)),
        database=case.table.name,
        sql=tuple(_sql(case.table, needed(rows, applied, graph))),
        remove=f"rm {' '.join(quoted(one.path) for one in copies)}",
    )


def _lying(case: _Case, id: str) -> Candidate | None:
    """Return where what ran lies as it ran, but for the archive."""
    content = case.known[id].content
    found = (one for one in case.scene.search.find(id) if one.content == content)
    return next((one for one in found if one.origin.kind in {"checkout", "ref"}), None)


def _told(content: bytes, parents: tuple[str, ...], where: object) -> Message:
    values = {"title": first_line(content), "parents": _after(parents), "place": where}
    return Message(_("“{title}”, after {parents:list}: {place}"), values)


def _after(parents: tuple[str, ...]) -> Message | tuple[str, ...]:
    return parents or Message(_("nothing"))


def _take_back(case: _Case, id: str, elsewhere: Candidate | None) -> str:
    """Return the command that takes back what ran: where its file lies, else with that in the place of the one here."""
    project = case.scene.project
    downgrade = project.command("downgrade", below(case.known[id].revision))
    others = case.scene.search.surroundings.others
    checkout = next(
        (one for one in others if elsewhere and elsewhere.path and one.name == elsewhere.origin.name), None
    )
    if checkout:
        return f"cd {quoted(checkout.path / os.path.relpath(project.folder, project.root))} && {downgrade}"
    relative_path = os.path.relpath(case.scene.here[id].path, project.folder)
    path, new = quoted(relative_path), quoted(f"{relative_path}.new")
    old = quoted(case.memory.git_name(case.table, id))
    swap = f"mv {path} {new} && git show {old} >{path} && {downgrade}; mv {new} {path}"
    return f"cd {quoted(project.folder)} && {swap}"


def _sql(table: VersionTable, rows: Rows) -> Iterator[str]:
    """Yield the statements that change the rows, for the user to run: we do not."""
    name = ".".join(_name(part, table.dialect) for part in (table.schema, table.table) if part)
    for id in rows.insert:
        yield f"INSERT INTO {name} (version_num) VALUES ({_text(id)});"  # noqa: S608
    for id in rows.delete:
        yield f"DELETE FROM {name} WHERE version_num = {_text(id)};"  # noqa: S608


def _name(word: str, dialect: str) -> str:
    mark = "`" if dialect in {"mysql", "mariadb"} else '"'
    return word if _PLAIN.fullmatch(word) else mark + word.replace(mark, 2 * mark) + mark


def _text(id: str) -> str:
    return "'" + id.replace("'", "''") + "'"
