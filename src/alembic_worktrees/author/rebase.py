"""The story of a rebase: own migrations get other parents, in their files and in the rows of the database together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ..borrow.copying import borrow
from ..borrow.objections import another, cases, objection_to
from ..borrow.obstacles import obstacle_to
from ..database.applied import Applied
from ..messages import OK, STEP, WARN, Message, _, _n
from ..messages.errors import UserError
from ..messages.quoting import quoted
from ..migrations.declaring import literal
from ..migrations.docstring import first_line
from ..search import archive
from ..system.writing import remove_leftovers, temporary
from .moves import Ground, choose_moves, moved, rows_after, taken_back
from .published import published_ids
from .rewriting import with_parents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..borrow.objections import Case
    from ..borrow.situation import Situation
    from ..borrow.work import Work
    from ..database.client import Database
    from ..migrations.inventory import Migration
    from ..project.settings import Settings
    from .moves import Moves, Rows

    Changes = Mapping[str, Migration]
    """Migration → it with the bytes that its file is to have."""


class Wanted(NamedTuple):
    """What the user wants: which migrations, onto which, and whether what has run may be taken back for it."""

    revisions: tuple[str, ...] = ()
    onto: str | None = None
    replay: bool = False
    dry_run: bool = False

    @property
    def command(self) -> str:
        """How it was called, to be pasted."""
        onto = [f"--onto {quoted(self.onto)}"] if self.onto else []
        return " ".join(["alembic-worktrees rebase", *map(quoted, self.revisions), *onto])


class Decision(NamedTuple):
    """What is to be done: which migrations move, and the rows of each version table."""

    situation: Situation
    published: frozenset[str]
    moves: Moves
    changes: Changes
    cases: tuple[Case, ...]
    rows: tuple[Rows, ...]

    @property
    def changed(self) -> tuple[tuple[Case, Rows], ...]:
        """The version tables that get other rows."""
        both = zip(self.cases, self.rows, strict=True)
        return tuple((case, rows) for case, rows in both if rows.before != rows.after)

    @property
    def ran(self) -> frozenset[str]:
        """What has run, in any of the databases."""
        return frozenset[str]().union(*(case.ran for case in self.cases))

    @property
    def lacking(self) -> tuple[str, ...]:
        """What would count as applied somewhere, and has not run there."""
        return tuple(sorted({id for rows in self.rows for id in rows.lacking}))

    @property
    def as_ran(self) -> Moves:
        """The parents with which those ran whose files name others, so that something would count as applied."""
        skipping = ((case, id) for case in self.cases for id in case.found.skipping)
        return {id: case.known[id].revision.down_revisions for case, id in skipping}

    @property
    def taken_back(self) -> tuple[str, ...]:
        """What is to be taken back, so that what is lacking can run below it: children first."""
        graph = self.cases[0].graph
        return taken_back(self.lacking, self.ran, moved(graph, self.as_ran), moved(graph, self.moves))


def rebase(work: Work, wanted: Wanted) -> tuple[Path, ...]:
    """Give own migrations other parents, and let the rows lead to just what has run; return the files that changed.

    With `replay` what would be skipped is to run below them, so what has run is taken back; an upgrade has to follow.
    Killed at any moment, the same call goes on. Raises UserError.
    """
    _project, settings, database, audience = work
    with work.asked_alone() as applied:
        decision = _decide(work.look(applied), settings, wanted)
        audience.tell_skipped(decision.situation.search.skipped)
        if not (decision.changes or decision.changed or decision.lacking):
            audience.tell(_nothing(decision, wanted))
            return ()
        _may_be_done(decision, wanted)
        for message in _shown(decision):
            audience.tell(message)
        if wanted.dry_run:
            return ()
        changing = tuple(case.table for case, _rows in decision.changed)
        audience.allow(applied if decision.lacking else Applied(changing))
        if decision.lacking:
            _take_back(decision, work)
            applied = database.probe()
            decision = _decide(work.look(applied), settings, wanted)
        _carry_out(decision, database)
        for message in _done(decision):
            audience.tell(message)
        return tuple(migration.path for migration in decision.changes.values())


def _decide(situation: Situation, settings: Settings, wanted: Wanted) -> Decision:
    if situation.inventory.own_graph.duplicates and (error := obstacle_to(situation)):
        raise error  # what lacks a parent is to get another one
    inventory, project = situation.inventory, situation.project
    found = tuple(cases(situation))
    for case in found:
        if case.found.others:
            raise another(case)
    published = published_ids(project, settings.published) if project.repository else frozenset()
    ground = Ground(inventory.branch_graph, situation.graph, published, situation.owners)
    moves = choose_moves(ground, wanted.revisions, wanted.onto)
    rows = tuple(rows_after(case.table.heads, case.ran, moved(case.graph, moves)) for case in found)
    return Decision(situation, published, moves, _rewritten(moves, situation), found, rows)


def _rewritten(moves: Moves, situation: Situation) -> Changes:
    """Return what these moves make of their files. Raises UserError."""
    changes = {}
    for id, parents in moves.items():
        migration = situation.loaded[id]
        content = with_parents(migration.path.name, migration.content, parents)
        if content is None:
            text = _(
                "What {revision} follows is computed in its file, so it is for you to change. "
                "Nothing was changed. Write in {path}: {line}\n"
                "  Then let the rows follow: {again}"
            )
            line = f"down_revision = {literal(parents)}"
            again = Wanted((id,), parents[0] if parents else None).command
            raise UserError(text, revision=id, path=migration.path, line=line, again=again)
        changes[id] = migration._replace(content=content)
    return changes


def _nothing(decision: Decision, wanted: Wanted) -> Message:
    if wanted.revisions:
        text = _(
            "Nothing to rebase: {revisions:list} follows that already, and the rows lead to what has run."
        )
        return Message(text, {"revisions": wanted.revisions}, OK)
    if heads := _unpublished_heads(decision):
        own = decision.situation.inventory.branch_graph
        text = _(
            "Nothing to rebase onto what is published: none of {heads:list} is. Say which follows which, for "
            "example: {command}"
        )
        apart = own.closure(heads[-1:]).known - own.closure(heads[:1]).known
        command = Wanted((own.order(apart)[0],), heads[0]).command
        return Message(text, {"heads": heads, "command": command}, WARN)
    text = _(
        "Nothing to rebase: what is not published here follows the published head already, and the "
        "rows lead to what has run. To move something else: alembic-worktrees rebase REVISION --onto PARENT"
    )
    return Message(text, mark=OK)


def _unpublished_heads(decision: Decision) -> tuple[str, ...]:
    """Return this branch's own heads that have diverged where none is published; () if there are none."""
    own = decision.situation.inventory.branch_graph
    families = own.families(own.real_heads)
    return next((one for one in families if len(one) > 1 and decision.published.isdisjoint(one)), ())


def _may_be_done(decision: Decision, wanted: Wanted) -> None:
    """Raise UserError where something would count as applied that has not run, or where others are in the way."""
    if decision.lacking and not wanted.replay:
        if decision.as_ran and (error := objection_to(decision.situation)):
            raise error
        text = _(
            "{lacking:list} would come before what is applied, and has not run yet. Nothing was changed.\n"
            "  To run it, and then rebase: alembic-worktrees upgrade && {again}\n"
            "  To take {taken:list} back, with the data, and run all in the new order: {again} --replay"
        )
        raise UserError(text, lacking=decision.lacking, again=wanted.command, taken=decision.taken_back)
    owners = decision.situation.owners
    for id in decision.taken_back if decision.lacking else ():
        if id in owners:
            text = _(
                "{revision} of {origin} was built on what would have to be taken back. Nothing was "
                "changed. Apply what is lacking first: alembic-worktrees upgrade"
            )
            raise UserError(text, revision=id, origin=owners[id])


NO_PARENT = Message(_("nothing"))


def _shown(decision: Decision) -> Iterator[Message]:
    """Yield all that is going to be done."""
    for id, migration in decision.changes.items():
        text = _("{revision} “{title}” gets the parent {new:list} instead of {old:list}: {path}")
        values = {
            "revision": id,
            "title": first_line(migration.content),
            "new": decision.moves[id] or NO_PARENT,
            "old": migration.revision.down_revisions or NO_PARENT,
            "path": migration.path,
        }
        yield Message(text, values, STEP)
    if decision.lacking:
        text = _("Taken back, with the data, and run again after {lacking:list}: {revisions:list}")
        yield Message(text, {"lacking": decision.lacking, "revisions": decision.taken_back}, WARN)
        return
    for case, rows in decision.changed:
        text = _("Rows of {database}: {before:list} → {after:list}. What has run stays the same.")
        values = {"before": tuple(sorted(rows.before)), "after": tuple(sorted(rows.after))}
        yield Message(text, {"database": case.table.name, **values}, STEP)


def _done(decision: Decision) -> Iterator[Message]:
    """Yield all that was done."""
    for case, rows in decision.changed:
        values = {"database": case.table.name, "rows": tuple(sorted(rows.after))}
        yield Message(_("{database} has the rows {rows:list}, and has run what it had."), values, OK)
    if count := len(decision.changes):
        yield _n("{n} file changed. Commit it.", "{n} files changed. Commit them.", count, mark=OK)


def _take_back(decision: Decision, work: Work) -> None:
    """Take back what was built too early, with the parents with which it ran. Raises UserError."""
    situation, whole = decision.situation, {*decision.taken_back, *decision.as_ran}
    borrow(situation._replace(plan=situation.plan._replace(returned=())), work, whole, again=True)
    _write(_rewritten(decision.as_ran, situation), situation)
    outcome = work.database.downgrade(decision.taken_back)
    if not outcome.done:
        text = _(
            "Not all of {revisions:list} could be taken back; see Alembic's message above. Nothing "
            "is lost: what was not is still applied. See where you stand: alembic-worktrees status"
        )
        raise UserError(text, revisions=decision.taken_back)


def _carry_out(decision: Decision, database: Database) -> None:
    """Widen the rows, change the files, tell the archive, narrow the rows: see `moves` for what a kill leaves."""
    changed = [(case.table, rows) for case, rows in decision.changed]
    database.set_rows((table, rows.between) for table, rows in changed if rows.between != rows.before)
    _write(decision.changes, decision.situation)
    _keep(decision)
    wide = [(table._replace(heads=tuple(rows.between)), rows) for table, rows in changed]
    database.set_rows((table, rows.after) for table, rows in wide if rows.between != rows.after)


def _write(changes: Changes, situation: Situation) -> None:
    """Write the files, each as a whole. Raises UserError if one was edited meanwhile."""
    for id, migration in changes.items():
        path = migration.path.resolve()
        if path.read_bytes() != situation.loaded[id].content:
            text = _("{path} was edited meanwhile, so not all was done. Run it again.")
            raise UserError(text, path=migration.path)
        about = path.stat()
        remove_leftovers(path.parent)
        with temporary(path.parent, migration.content, mode=about.st_mode & 0o7777) as whole:
            # Of one size and second, Python would take what it has compiled of the old one.
            now = max(whole.stat().st_mtime_ns, about.st_mtime_ns + 10**9)
            os.utime(whole, ns=(now, now))
            whole.replace(path)


def _keep(decision: Decision) -> None:
    """Let the archive know with which parents each counts from now on, before any row goes."""
    situation, changes = decision.situation, decision.changes
    loaded, own = situation.loaded, situation.inventory.branch_graph
    edited = {row.entry.revision for row in situation.inventory.edited}
    known = {id: changes.get(id, loaded[id]) for id in sorted(decision.ran & loaded.keys() - edited)}
    ran = ((id, run) for case in decision.cases for id, run in case.known.items())
    told = {id for id, run in ran if id in own.nodes and run.parents != {*own.parents(id)}}
    told = (told | changes.keys()) & known.keys()
    archive.keep(situation.project, known, (), told, situation.memory.archive)
