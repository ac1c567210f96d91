"""Why may nothing be done? Files, rows and the archive disagree → the Objection that names it, with its cures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ..messages import Message, _
from ..messages.quoting import quoted
from ..migrations.declaring import literal
from ..migrations.docstring import first_line
from ..migrations.graph import Node
from .errors import Objection
from .guard import examine, same_but_for_parents
from .obstacles import below, rebase_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..database.applied import VersionTable
    from ..migrations.graph import Graph
    from ..migrations.inventory import Borrowed
    from ..search.sources import Candidate
    from .guard import Findings, Known
    from .situation import Situation


class Case(NamedTuple):
    """One version table, what the archive knows of its migrations, and what that and the files disagree in."""

    situation: Situation
    table: VersionTable
    known: Mapping[str, Known]
    found: Findings

    @property
    def graph(self) -> Graph:
        """The graph of the files here, and of what only the archive has or a copy here that nobody needs."""
        lost = (Node(one.revision, "") for one in self.known.values())
        left = (Node(row.migration.revision, "") for row in self.left)
        return self.situation.graph.joined((*lost, *left))

    @property
    def ran(self) -> frozenset[str]:
        """All that is applied in truth; also what a copy here remembers, where rows came that we know nothing of."""
        copies = (row.migration.revision.id for row in self.left) if self.strangers else ()
        return self.found.ran | self.graph.closure(copies).known

    @property
    def strangers(self) -> tuple[str, ...]:
        """Own rows that were not applied through us, where there are copies whose rows have gone."""
        ever, own = self.situation.memory.ever, self.situation.inventory.branch_graph.nodes
        strange = (row for row in self.table.heads if row in own and row not in ever)
        return tuple(strange) if self.left and ever else ()

    @property
    def left(self) -> tuple[Borrowed, ...]:
        """The copies here that nobody needs, and that were not taken back through us."""
        back = self.situation.memory.taken_back
        return tuple(row for row in self.situation.plan.returned if row.revision not in back)


def cases(situation: Situation) -> Iterator[Case]:
    """Hold each version table against the files and the archive."""
    memory = situation.memory
    own = {id: situation.loaded[id] for id in situation.inventory.branch_graph.nodes}
    for table in situation.applied.tables:
        known = memory.known(table)
        later = _later(situation, known)
        found = examine(table.heads, situation.graph, own, known, memory.ever, later)
        yield Case(situation, table, known, found)


def objection_to(situation: Situation) -> Objection | None:
    """Return the first thing that would be forgotten, or is not what it seems; None if rows and files agree."""
    for case in cases(situation):
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


def learned(situation: Situation) -> frozenset[str]:
    """Return what the archive may learn from the files here, once rows and files agree."""
    learned: set[str] = set()
    for known in map(situation.memory.known, situation.applied.tables):
        later = _later(situation, known)
        learned |= same_but_for_parents(situation.graph, situation.loaded, known, later)
    return frozenset(learned)


def _later(situation: Situation, known: Mapping[str, Known]) -> Callable[[str], int]:
    """Return what tells whether the file here of an id is a later version of what ran (1), or an earlier one (-1)."""

    def later(id: str) -> int:
        ran, here = known[id], situation.loaded[id]
        paths = {ran.path, os.path.relpath(here.path, situation.project.root)}
        return situation.search.later(paths, ran.content, here.content)

    return later


def another(case: Case) -> Objection:
    """Return what to say where another migration ran under an id than the one here."""
    id = case.found.others[0]
    ran, here = case.known[id], case.situation.loaded[id]
    elsewhere = _lying(case, id)
    where = elsewhere.where if elsewhere else f"git show {quoted(ran.git_name)}"
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
    ran, here = case.known[id].revision, case.situation.loaded[id]
    return {
        "revision": id,
        "ran": _after(ran.down_revisions),
        "now": _after(here.revision.down_revisions),
        "path": here.path,
        "line": f"down_revision = {literal(ran.down_revisions)}",
        "rebase": rebase_command(case.situation.project, id, here.revision.down_revisions),
    }


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
    row = case.situation.loaded[case.strangers[0]].revision
    return Objection(
        "left-behind",
        text,
        left=tuple(sorted(one.revision for one in left)),
        rows=case.strangers,
        origins=tuple(dict.fromkeys(one.entry.origin.name for one in left)),
        database=case.table.name,
        rebase=rebase_command(case.situation.project, row.id, row.down_revisions),
        remove=f"rm {' '.join(quoted(one.path) for one in left)}",
    )


def _lying(case: Case, id: str) -> Candidate | None:
    """Return where what ran lies as it ran, but for the archive."""
    content = case.known[id].content
    found = (one for one in case.situation.search.find(id) if one.content == content)
    return next((one for one in found if one.origin.kind in {"checkout", "ref"}), None)


def _told(content: bytes, parents: tuple[str, ...], where: object) -> Message:
    values = {"title": first_line(content), "parents": _after(parents), "place": where}
    return Message(_("“{title}”, after {parents:list}: {place}"), values)


def _after(parents: tuple[str, ...]) -> Message | tuple[str, ...]:
    return parents or Message(_("nothing"))


def _take_back(case: Case, id: str, elsewhere: Candidate | None) -> str:
    """Return the command that takes back what ran: where its file lies, else with that in the place of the one here."""
    project = case.situation.project
    downgrade = project.command("downgrade", below(case.known[id].revision))
    places = case.situation.search.surroundings.places
    if elsewhere and elsewhere.path and (there := places.get(elsewhere.origin.name)):
        return f"cd {quoted(there / os.path.relpath(project.folder, project.root))} && {downgrade}"
    relative_path = os.path.relpath(case.situation.loaded[id].path, project.folder)
    path, new = quoted(relative_path), quoted(f"{relative_path}.new")
    old = quoted(case.known[id].git_name)
    swap = f"mv {path} {new} && git show {old} >{path} && {downgrade}; mv {new} {path}"
    return f"cd {quoted(project.folder)} && {swap}"
