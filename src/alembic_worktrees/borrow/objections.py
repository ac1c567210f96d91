"""Why may nothing be done? Files, rows and the archive disagree → the Objection that names it, with its cures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ..messages import Message, _
from ..messages.quoting import quoted
from ..migrations.docstring import first_line
from ..migrations.graph import Node
from ..migrations.record import Origin
from ..search.sources import UNCOMMITTED, Candidate
from .errors import Objection
from .guard import examine, same_but_for_parents
from .obstacles import below, rebase_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..database.client import VersionTable
    from ..migrations.graph import Graph
    from ..migrations.inventory import Borrowed, Migration
    from ..migrations.revision import Revision
    from ..project.project import Project
    from ..search.search import Search
    from .guard import Findings, Known
    from .memory import Memory


class Scene(NamedTuple):
    """What is looked at: what Alembic loads, or would; what of it is this branch's own; and the copies nobody needs."""

    project: Project
    tables: Sequence[VersionTable]
    graph: Graph
    here: Mapping[str, Migration]
    own: Mapping[str, Migration]
    unneeded: Sequence[Borrowed]
    search: Search


class Case(NamedTuple):
    """One version table, what the archive knows of its migrations, and what that and the files disagree in."""

    scene: Scene
    memory: Memory
    table: VersionTable
    known: Mapping[str, Known]
    found: Findings

    @property
    def graph(self) -> Graph:
        """The graph of the files here, and of what only the archive has or a copy here that nobody needs."""
        lost = (Node(one.revision, "") for one in self.known.values())
        left = (Node(row.migration.revision, "") for row in self.left)
        return self.scene.graph.joined((*lost, *left))

    @property
    def ran(self) -> frozenset[str]:
        """All that is applied in truth; also what a copy here remembers, where rows came that we know nothing of."""
        copies = (row.migration.revision.id for row in self.left) if self.strangers else ()
        return self.found.ran | self.graph.closure(copies).known

    @property
    def strangers(self) -> tuple[str, ...]:
        """Own rows that were not applied through us, where there are copies whose rows have gone."""
        ever = self.memory.ever
        strange = (row for row in self.table.heads if row in self.scene.own and row not in ever)
        return tuple(strange) if self.left and ever else ()

    @property
    def left(self) -> tuple[Borrowed, ...]:
        """The copies here that nobody needs, and that were not taken back through us."""
        back = self.memory.taken_back
        return tuple(row for row in self.scene.unneeded if row.entry.revision not in back)


def cases(scene: Scene, memory: Memory) -> Iterator[Case]:
    """Hold each version table against the files and the archive."""
    for table in scene.tables:
        known = memory.known(table)
        later = _later(scene, known)
        found = examine(table.heads, scene.graph, scene.own, known, memory.ever, later)
        yield Case(scene, memory, table, known, found)


def objection(scene: Scene, memory: Memory) -> Objection | None:
    """Return the first thing that would be forgotten, or is not what it seems; None if rows and files agree."""
    for case in cases(scene, memory):
        found = case.found
        if found.others:
            return another(case)
        if found.forgetting:
            return _forgotten(case, found.forgetting[0])
        if found.skipping:
            return _skipped(case, found.skipping[0])
        if case.strangers:
            return _left_behind(case)
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


def another(case: Case) -> Objection:
    """Return what to say where another migration ran under an id than the one here."""
    id = case.found.others[0]
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


def _forgotten(case: Case, id: str) -> Objection:
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
        "  To let the new parent hold, in the rows of {database} too: {rebase}\n"
        "  If {forgotten:list} was taken back since: alembic-worktrees upgrade --trust-files"
    )
    about = _moved(case, id)
    database = case.table.name
    return Objection(
        "forgotten", text, forgotten=case.found.forgotten, still=still, database=database, **about
    )


def _skipped(case: Case, id: str) -> Objection:
    text = _(
        "{revision} ran after {ran:list}, but by its file here it follows {now:list}: {path}\n"
        "  So {skipped:list} would count as applied, and has never run. Nothing was done.\n"
        "  To take back what ran, with its data, and run all in the new order: {rebase}\n"
        "  To give it back the parent with which it ran, write in that file: {line}\n"
        "  If {skipped:list} did run: alembic-worktrees upgrade --trust-files"
    )
    about = _moved(case, id)
    about |= {"skipped": case.found.never_ran, "rebase": f"{about['rebase']} --replay"}
    return Objection("skipped", text, **about)


def _moved(case: Case, id: str) -> dict[str, object]:
    ran, here = case.known[id].revision, case.scene.here[id]
    return {
        "revision": id,
        "ran": _after(ran.down_revisions),
        "now": _after(here.revision.down_revisions),
        "path": here.path,
        "line": f"down_revision = {literal(ran.down_revisions)}",
        "rebase": rebase_command(case.scene.project, id, here.revision.down_revisions),
    }


def literal(parents: Sequence[str]) -> str:
    """Return parents as a migration spells them."""
    return repr(parents[0] if len(parents) == 1 else tuple(parents) or None)


def _left_behind(case: Case) -> Objection:
    """Return what a copy here remembers: that its migration was applied, before rows came that we know nothing of."""
    left = case.left
    text = _(
        "{left:list}, borrowed here from {origins:list}, was applied when this checkout "
        "looked last. Now no row of the database leads to it, and {rows:list} was applied "
        "meanwhile, not through us. If that one was built on it and got another parent since, "
        "the database has forgotten it, and it would run a second time. Nothing was done.\n"
        "  If so, let the rows of {database} lead to it again: {rebase}\n"
        "  If it was taken back: {remove}"
    )
    row = case.strangers[0]
    return Objection(
        "left-behind",
        text,
        left=tuple(sorted(one.entry.revision for one in left)),
        rows=case.strangers,
        origins=tuple(dict.fromkeys(one.entry.origin.name for one in left)),
        database=case.table.name,
        rebase=rebase_command(case.scene.project, row, case.scene.own[row].revision.down_revisions),
        remove=f"rm {' '.join(quoted(one.migration.path) for one in left)}",
    )


def _lying(case: Case, id: str) -> Candidate | None:
    """Return where what ran lies as it ran, but for the archive."""
    content = case.known[id].content
    found = (one for one in case.scene.search.find(id) if one.content == content)
    return next((one for one in found if one.origin.kind in {"checkout", "ref"}), None)


def _told(content: bytes, parents: tuple[str, ...], where: object) -> Message:
    values = {"title": first_line(content), "parents": _after(parents), "place": where}
    return Message(_("“{title}”, after {parents:list}: {place}"), values)


def _after(parents: tuple[str, ...]) -> Message | tuple[str, ...]:
    return parents or Message(_("nothing"))


def _take_back(case: Case, id: str, elsewhere: Candidate | None) -> str:
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
