"""The whole story: ask what is applied, find what is missing, borrow it, upgrade, keep it in the archive."""

from __future__ import annotations

from contextlib import closing, contextmanager, nullcontext
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..database.client import NO_ROWS, Applied
from ..messages import OK, PLAIN, STEP, WARN, Message, Text, _, _n
from ..messages.errors import Interrupted, UserError
from ..migrations.graph import number_of_heads
from ..migrations.inventory import Inventory, Migration, Skipped, from_origin, graph_of, take_inventory
from ..search import archive
from ..search.by_hand import copied_by_hand
from ..search.search import THOROUGH, Search
from ..search.sources import OTHERS_RAN, OTHERS_SAW
from .apply import arrived, carry_out, mend, mended
from .aside import forget, waiting
from .borrowed_parents import on_borrowed
from .lock import WAITING, only_one
from .memory import Memory
from .objections import Scene, learned, objection
from .obstacles import choice, obstacle, overlap, way_back
from .plan import Plan, make_plan
from .undoing import undoing_others

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ..database.client import Database, Outcome
    from ..migrations.graph import Graph
    from ..migrations.inventory import Borrowed
    from ..project.project import Project
    from ..project.settings import Settings
    from .errors import Objection
    from .plan import Copy

_EDITED = _(
    "The borrowed {revision} was edited here; it is left as it is: {path}\n"
    "  To keep the edit, as this branch's own: alembic-worktrees adopt {revision:q}\n"
    "  To get the original back: rm {path:q}"
)
_RETURNED = _("Removed the borrowed {revision}, no longer needed here: {path}")
_RUNS = _("Alembic will run the borrowed {revision}, from {origin}: {path}")
_LOADED = _("{revision} from {origin}: {path}")


class Audience(NamedTuple):
    """Who follows the story: what to tell it, and whom to ask before a database is changed."""

    tell: Callable[[Message], None]
    detail: Callable[[Message], None]  # what is of interest only with -v
    tell_skipped: Callable[[Sequence[Skipped]], None]
    allow: Callable[[Applied], None]  # raises UserError if this database is not to be upgraded
    review: Callable[[Situation], None]  # raises UserError if what is planned is not to be borrowed
    fetch: Callable[[], None] | None = None  # brings the archives of others


class _Look(NamedTuple):
    project: Project
    applied: Applied
    inventory: Inventory
    plan: Plan
    search: Search


class Situation(_Look):
    """What one look found, and what follows from it; what takes a graph is worked out once."""

    @property
    def adding(self) -> Situation:
        """The same with only that part of the plan that adds."""
        return self._replace(plan=self.plan.adding)

    @property
    def obstacle(self) -> UserError | None:
        """Why the plan cannot be carried out, None if it can."""
        return obstacle(self.project, self.inventory, self.plan, self.search)

    @cached_property
    def migrations(self) -> tuple[Migration, ...]:
        """What Alembic loads here when the plan is carried out."""
        if not (self.plan.copies or self.plan.returned):
            return self.inventory.all
        gone = {row.migration.path for row in self.plan.returned}
        written = {copied.path: copied for copied in self.plan.copies}
        staying = [one for one in self.inventory.all if one.path not in gone and one.path not in written]
        return (*staying, *map(_migration, written.values()))

    @cached_property
    def graph(self) -> Graph:
        """The graph of that."""
        return graph_of(self.migrations) if self.plan.copies or self.plan.returned else self.inventory.graph

    @property
    def heads(self) -> tuple[str, ...]:
        """What `alembic upgrade heads` goes to."""
        return self.graph.real_heads

    @property
    def changes(self) -> bool:
        """Whether carrying out the plan changes any file."""
        inventory = self.inventory
        return bool(self.plan.copies or self.plan.returned or inventory.arrived or not inventory.whole)

    @property
    def foreign(self) -> frozenset[str]:
        """What is applied and not this branch's own."""
        reached = self.graph.closure(self.applied.heads)
        return (reached.known | reached.unknown) - self.inventory.branch_graph.nodes.keys()

    @property
    def owners(self) -> dict[str, str]:
        """Where each borrowed revision comes from."""
        copied = {copy.candidate.revision.id: copy.candidate.origin.name for copy in self.plan.copies}
        return copied | {row.entry.revision: row.entry.origin.name for row in self.plan.kept}

    @property
    def pending(self) -> frozenset[str]:
        """What an upgrade runs, in one database at least."""
        return self.runs_to(self.heads)

    def runs_to(self, targets: Iterable[str]) -> frozenset[str]:
        """Return what an upgrade to these runs, in one database at least."""
        graph = self.graph
        done = [graph.closure(table.heads).known for table in self.applied.tables] or [frozenset()]
        return graph.closure(targets).known - frozenset.intersection(*done)

    @cached_property
    def loaded(self) -> dict[str, Migration]:
        """What Alembic loads here when the plan is carried out, by its id."""
        return {migration.revision.id: migration for migration in self.migrations}

    @cached_property
    def memory(self) -> Memory:
        """What the archive knows of that."""
        return Memory(self.project, self.loaded)

    @property
    def scene(self) -> Scene:
        """What the archive's word is held against."""
        own = {id: self.loaded[id] for id in self.inventory.branch_graph.nodes}
        tables, returned = self.applied.tables, self.plan.returned
        return Scene(self.project, tables, self.graph, self.loaded, own, returned, self.search)

    @property
    def objection(self) -> Objection | None:
        """Why nothing is to be done although it could be."""
        return objection(self.scene, self.memory)


def upgrade(
    project: Project,
    settings: Settings,
    database: Database,
    audience: Audience,
    *,
    prefer: str | None = None,
    trust_files: bool = False,
    borrowed_parents: bool = False,
    drops: bool = False,
) -> None:
    """Borrow what is missing here and run `alembic upgrade`, telling each step.

    With `trust_files` what lies here is what ran, whatever the archive says; with `borrowed_parents` own migrations
    may be applied that follow borrowed ones, with `drops` those that take back what others did. Raises UserError
    whenever the database is not at the target afterwards.
    """
    if _is_at_rest(project, settings, database, audience, prefer):
        return
    database.start()
    with (
        alone(project, audience),
        closing(database),  # its lock is taken last, and given back first
    ):
        for _attempt in range(settings.max_attempts):
            with _mended_at_least(project, audience):
                applied = database.probe_alone(lambda: audience.tell(WAITING))
            situation = look(
                project, settings, database, applied, audience.tell, prefer, fetch=audience.fetch
            )
            tell_skipped(situation, audience)
            if not (trust_files or situation.obstacle) and (objection := situation.objection):
                raise objection
            audience.allow(applied)
            borrow(situation, audience)
            forget(project)
            if error := _kept_back(situation, settings.target, parents=borrowed_parents, drops=drops):
                raise error
            _announce(situation, audience)
            outcome = database.upgrade(settings.target)
            if outcome.interrupted:
                raise _interrupted(situation, database, audience.tell)
            applied = database.probe()
            if outcome.done:
                _finish(situation, applied, audience.tell, settings.target, trust_files=trust_files)
                return
            _keep_what_can_be(situation, applied, audience.tell)  # what was applied before another one failed
            if outcome.unknown not in applied.heads:
                raise _failed(project, settings.target, outcome)
            # Another checkout upgraded between our look and our upgrade, without us and so without the locks.
            text = _("{revision} was applied by another checkout meanwhile; looking again.")
            audience.tell(Message(text, {"revision": outcome.unknown}, WARN))
    text = _(
        "Still not upgraded after {count} attempts: other checkouts keep applying new migrations. "
        "Run it again when they are done."
    )
    raise UserError(text, count=settings.max_attempts)


def copy(
    project: Project,
    settings: Settings,
    database: Database,
    audience: Audience,
    *,
    prefer: str | None = None,
    dry_run: bool = False,
    told: Sequence[str] = (),
) -> Situation:
    """Borrow what is missing here; with `dry_run` only decide. A plan with an obstacle is not carried out.

    With `told` no database is asked: these are applied, and perhaps others, so that nothing is removed or replaced.
    """
    locked = (
        nullcontext() if dry_run else alone(project, audience)
    )  # the lock is a file: a dry run writes none
    with locked:
        if told:
            situation = look(
                project, settings, database, Applied.told(told), audience.tell, prefer, fetch=audience.fetch
            ).adding
        else:
            situation = _asked(project, settings, database, audience, prefer, dry_run=dry_run)
        tell_skipped(situation, audience)
        if situation.plan.returned and not situation.obstacle and situation.objection:
            # The copies are what still says that something was applied.
            situation = situation._replace(plan=situation.plan._replace(returned=()))
        if dry_run:
            _tell_differences(situation, audience)
        elif not situation.obstacle:
            borrow(situation, audience)
            if not told:
                forget(project)
        return situation


def _asked(
    project: Project,
    settings: Settings,
    database: Database,
    audience: Audience,
    prefer: str | None,
    *,
    dry_run: bool,
) -> Situation:
    """Look at what the database says, directly if that is enough, else through env.py."""
    applied = database.directly()
    situation = applied and look(
        project, settings, database, applied, audience.tell, prefer, fetch=audience.fetch
    )
    if situation is None or not situation.plan.adds_only:
        try:
            database.start()
            with nullcontext() if dry_run else _mended_at_least(project, audience):
                applied = database.probe()
            situation = look(
                project, settings, database, applied, audience.tell, prefer, fetch=audience.fetch
            )
        except UserError:
            if situation is None or situation.obstacle:
                raise
            situation = _only_adding(situation, audience)
    return situation


def _only_adding(direct: Situation, audience: Audience) -> Situation:
    """Return what `database-url` tells without what another table might contradict, where env.py cannot be asked.

    It may lead to more tables. What this one needs is needed then too; but what a plan removes or replaces for want
    of a row, another table may have.
    """
    stale = (*(row.entry.revision for row in direct.plan.returned), *direct.plan.refreshed)
    text = _(
        "The project's env.py could not be asked, so what was borrowed before stays as it is: {revisions:list}"
    )
    audience.tell(Message(text, {"revisions": stale}, WARN))
    return direct.adding


@contextmanager
def _mended_at_least(project: Project, audience: Audience) -> Iterator[None]:
    """Let git ignore again what is borrowed, even if no database answers."""
    try:
        yield
    except UserError:
        inventory = take_inventory(project)
        mend(project, inventory)
        for message in mended(inventory):
            audience.tell(message)
        raise


def _is_at_rest(
    project: Project,
    settings: Settings,
    database: Database,
    audience: Audience,
    prefer: str | None,
) -> bool:
    """Tell, without starting Alembic, whether there is nothing to do: only with the setting `database-url`."""
    if settings.target != "heads" or prefer:
        return False
    applied = database.directly()
    if applied is None:
        return False
    inventory = take_inventory(project)
    if frozenset(inventory.graph.real_heads) != applied.heads:
        return False  # the search, and what it tells, is for the one who acts on it
    situation = look(project, settings, database, applied, audience.tell, None, inventory)
    if situation.obstacle or situation.changes or frozenset(situation.heads) != applied.heads:
        return False
    if situation.objection:
        return False
    tell_skipped(situation, audience)
    _finish(situation, applied, audience.tell)
    return True


def alone(project: Project, audience: Audience) -> AbstractContextManager[None]:
    """Hold the lock of all checkouts of the repository."""
    return only_one(project.repository, lambda: audience.tell(WAITING))


def look(
    project: Project,
    settings: Settings,
    database: Database,
    applied: Applied,
    tell: Callable[[Message], None],
    prefer: str | None = None,
    inventory: Inventory | None = None,
    fetch: Callable[[], None] | None = None,
) -> Situation:
    """Compare what is applied with what is here, and decide. Reads only."""
    inventory = inventory or take_inventory(project)
    borrowed, loads = inventory.borrowed, database.loads
    search = Search(
        project,
        settings,
        borrowed=borrowed,
        waiting=waiting(project) if project.repository else (),
        prefer=prefer,
        loads=loads,
        tell=tell,
        fetch=fetch,
        timeout=THOROUGH,
    )
    if prefer:
        search.must_know_preferred()
    inventory = _take_over(inventory, applied, project, search)
    tables = [table.heads for table in applied.tables]
    stashed = partial(git.stashed_files, project.root) if project.repository else frozenset
    plan = make_plan(applied.heads, inventory, project, search.choices, tables, stashed)
    return Situation(project, applied, inventory, plan, search)


def _take_over(inventory: Inventory, applied: Applied, project: Project, search: Search) -> Inventory:
    """Count as borrowed what somebody has copied here by hand, if it is applied: git would stumble over it."""
    found = copied_by_hand(project, inventory, lambda: search.surroundings)
    reached = inventory.graph.closure(applied.heads).known if found else frozenset()
    ids = {one.path: one.revision.id for one in inventory.own} if found else {}
    return inventory.taking_over({path: one for path, one in found.items() if ids[path] in reached})


def tell_skipped(situation: Situation, audience: Audience) -> None:
    """Name what was skipped; here that may be what is missed, or what stops Alembic."""
    for one in situation.inventory.skipped:
        audience.tell(one.message)
    audience.tell_skipped(situation.search.skipped)


def borrow(situation: Situation, audience: Audience) -> None:
    """Carry out the plan, or raise the UserError that says why it cannot be, or is not to be."""
    for message in touched(situation.inventory):  # which may be what is in the way
        audience.tell(message)
    if error := situation.obstacle:
        raise error
    _tell_differences(situation, audience)
    if situation.plan.copies:
        audience.review(situation)
    carry_out(situation.plan, situation.project, situation.inventory)
    for message in _what_changed(situation):
        audience.tell(message)


def touched(inventory: Inventory) -> Iterator[Message]:
    """Name the copies that were edited or staged here, which are left as they are."""
    yield from (_about(_EDITED, row, WARN) for row in inventory.edited if not row.staged)
    if staged := [row for row in inventory.edited if row.staged]:
        revisions = tuple(row.entry.revision for row in staged)
        text = _(
            "{revisions:list} is only borrowed here, and is staged, so the next commit would "
            "record it.\n"
            "  To leave it out: git rm --cached {paths:words}, then run this again\n"
            "  To record it, as this branch's own: alembic-worktrees adopt {revisions:words}"
        )
        yield Message(
            text, {"revisions": revisions, "paths": tuple(row.migration.path for row in staged)}, WARN
        )


def _what_changed(situation: Situation) -> Iterator[Message]:
    plan, inventory = situation.plan, situation.inventory
    yield from mended(inventory)
    yield from map(taken_over, inventory.taken)
    yield from map(_copied, plan.copies)
    yield from (_about(_RETURNED, row, STEP) for row in plan.returned)
    yield from map(arrived, inventory.arrived)
    if plan.held_back:
        text = _(
            "{revisions:list} changed its parents where it comes from, after it was applied. The "
            "copy here stays as it was: with the new one the database's rows would overlap, and "
            "Alembic would refuse to upgrade. There alembic-worktrees upgrade names the command that "
            "mends the rows."
        )
        yield Message(text, {"revisions": plan.held_back}, WARN)
    if never_ran := _never_ran(situation):
        text = _(
            "{revisions:list} now comes before a migration that is applied, so it counts as "
            "applied too, but it has never run on this database. To run it, go back to the old "
            "parents where they were changed, downgrade below them, take the new parents, and "
            "upgrade."
        )
        yield Message(text, {"revisions": never_ran}, WARN)


def taken_over(row: Borrowed) -> Message:
    """Say that a file here counts as borrowed from now on, or would."""
    text = _(
        "{revision}, copied here by hand, counts as borrowed from {origin}, which has it "
        "committed: {path}\n"
        "  To make it this branch's own instead: alembic-worktrees adopt {revision:q}"
    )
    return Message(text, {**_about(text, row, STEP).values, "origin": row.entry.origin.name}, STEP)


def _kept_back(situation: Situation, target: str, *, parents: bool, drops: bool) -> UserError | None:
    """Return what keeps Alembic from upgrading; borrowed `parents` of own migrations do not, nor `drops`, if meant."""
    project, inventory = situation.project, situation.inventory
    targets = [target] if target in situation.graph.nodes else situation.heads
    edited = {row.entry.revision: row.entry.origin.name for row in inventory.edited}
    pending, owners = situation.runs_to(targets), situation.owners | edited
    return (
        (None if drops else undoing_others(project, inventory, pending, situation.loaded, owners))
        or (None if parents else on_borrowed(project, inventory, situation.graph, pending, owners))
        or overlap(project, situation.plan, situation.graph)
    )


def _about(text: Text, row: Borrowed, mark: str) -> Message:
    return Message(text, {"revision": row.entry.revision, "path": row.migration.path}, mark)


def _never_ran(situation: Situation) -> tuple[str, ...]:
    """Return what counts as applied only since a file changed its parents; the archive knows better of some."""
    revisions = situation.plan.never_ran
    ever = situation.memory.ever if revisions else ()
    return tuple(revision for revision in revisions if revision not in ever)


def _copied(copied: Copy) -> Message:
    revision, origin = copied.candidate.revision.id, copied.candidate.origin.name
    text = _("Borrowed {revision} from {origin}: {path}")
    if copied.candidate.trust in {OTHERS_RAN, OTHERS_SAW}:
        text, origin = _("Borrowed {revision} from the archive of {origin}: {path}"), origin.partition(":")[0]
    if copied.replaces:
        text = _("Refreshed {revision}, which changed in {origin}: {path}")
    return Message(text, {"revision": revision, "path": copied.path, "origin": origin}, STEP)


def _tell_differences(situation: Situation, audience: Audience) -> None:
    """Say what was chosen where copies differ: what matters to Alembic always, what does not only in detail."""
    copied = {copied.candidate.revision.id for copied in situation.plan.copies}
    for one in situation.plan.differences:
        if one.chosen.revision.id not in copied:
            continue
        values = {"revision": one.chosen.revision.id, "chosen": one.chosen.origin.name}
        if one.rivals:
            others = dict.fromkeys(rival.origin.name for rival in one.rivals)
            options = tuple(Message(Text("--from {origin:q}"), {"origin": name}) for name in others)
            text = _(
                "{revision} is not the same everywhere for Alembic. Taken: {chosen}. To choose "
                "otherwise: {others:list}"
            )
            audience.tell(Message(text, {**values, "others": options}, WARN))
        if one.equals:
            text = _(
                "{revision} lies elsewhere with other bytes, the same for Alembic. Taken: "
                "{chosen}. Not taken:\n"
                "{others:lines}"
            )
            audience.detail(Message(text, {**values, "others": tuple(map(choice, one.equals))}, STEP))


def _announce(situation: Situation, audience: Audience) -> None:
    """Name what is executed that others wrote, the database before it is changed, what cannot be locked, and heads."""
    tell = audience.tell
    _tell_what_runs(situation, audience)
    for name in situation.applied.names:
        tell(Message(_("Upgrading {database}"), {"database": name}, STEP))
    for table in situation.applied.tables:
        if table.unlocked:
            tell(_unlocked(table.name, table.unlocked.reason))
    if len(situation.heads) > 1:
        count = number_of_heads(len(situation.heads))
        text = _("This checkout has {count}, and the database gets them all:\n{heads:lines}")
        heads = _with_owners(situation.heads, situation)
        tell(Message(text, {"count": count, "heads": heads}, STEP))


def _unlocked(database: str, reason: str | None) -> Message:
    if reason is None:
        text = _(
            "{database} is reached through a connection pooler and cannot be locked, so do not "
            "upgrade from another clone now."
        )
        return Message(text, {"database": database}, WARN)
    text = _("{database} cannot be locked, so do not upgrade from another clone now: {reason}")
    return Message(text, {"database": database, "reason": reason}, WARN)


def _tell_what_runs(situation: Situation, audience: Audience) -> None:
    """Name each borrowed migration that is going to run, and count those of earlier runs that are loaded with it.

    What was borrowed just now has been named. Where nothing is to run, nothing is repeated.
    """
    plan, pending = situation.plan, situation.pending
    before = [
        (row.entry.revision, row.entry.origin.name, row.migration.path)
        for row in (*plan.kept, *situation.inventory.edited)
    ]
    now = [(one.candidate.revision.id, one.candidate.origin.name, one.path) for one in plan.copies]
    for row in (*now, *before):
        if row[0] in pending:
            audience.tell(_executed(_RUNS, *row, STEP))
    loaded = tuple(_executed(_LOADED, *row) for row in before if row[0] not in pending)
    if pending and loaded:
        text = _n(
            "Alembic also loads {n} file that was borrowed before; -v names it.",
            "Alembic also loads {n} files that were borrowed before; -v names them.",
            len(loaded),
            mark=STEP,
        )
        audience.tell(text)
        audience.detail(Message(Text("{files:lines}"), {"files": loaded}))


def _executed(text: Text, revision: str, origin: str, path: Path, mark: str = PLAIN) -> Message:
    return Message(text, {"revision": revision, "origin": origin, "path": path}, mark)


def _with_owners(heads: Iterable[str], situation: Situation) -> tuple[Message, ...]:
    owners = situation.owners
    return tuple(
        from_origin(head, owners[head]) if head in owners else Message(Text("{revision}"), {"revision": head})
        for head in heads
    )


def _finish(
    situation: Situation,
    applied: Applied,
    tell: Callable[[Message], None],
    target: str = "heads",
    *,
    trust_files: bool = False,
) -> None:
    """Say where the database is, and archive what is applied now."""
    heads = _with_owners(sorted(applied.heads), situation) or (NO_ROWS,)
    about: dict[str, object] = {"database": applied.names, "heads": heads}
    if target in situation.graph.closure(applied.heads).known - applied.heads:  # Alembic says nothing then
        back = way_back(situation.project, target)
        about |= {"target": target, "folder": situation.project.folder, "command": back}
        text = _(
            "{database:list} had {target} before, and is further on: {heads:list}. An upgrade "
            "leads only forward; to go back: cd {folder:q} && {command}"
        )
        tell(Message(text, about, WARN))
    else:
        tell(Message(_("{database:list} is up to date: {heads:list}"), about, OK))
    _keep(situation, applied, trust_files=trust_files)


def _failed(project: Project, target: str, outcome: Outcome) -> UserError:
    again = {"folder": project.folder, "command": project.command("upgrade", target)}
    if outcome.migration is None:
        text = _(
            "Alembic could not upgrade; see its message above. See it again with: cd {folder:q} && {command}"
        )
        return UserError(text, **again)
    revision, path = outcome.migration
    text = _(
        "Alembic could not upgrade: {revision} failed, see its message above: {path}. See it "
        "again with: cd {folder:q} && {command}"
    )
    return UserError(text, revision=revision, path=path, **again)


def _interrupted(situation: Situation, database: Database, tell: Callable[[Message], None]) -> Interrupted:
    """Return what to say after ^C: what was done, and what was not."""
    applied = database.after_interruption()
    if applied is None:
        return cannot_tell(situation.project)
    _keep_what_can_be(situation, applied, tell)
    order = situation.graph.order(situation.pending)
    left = situation._replace(applied=applied).pending
    parts = ([one for one in order if one not in left], [one for one in order if one in left])
    done, not_done = (tuple(part) or (Message(_("none")),) for part in parts)
    text = _("Interrupted. In {database:list} applied before that: {done:list}; not applied: {left:list}.")
    return Interrupted(text, database=applied.names, done=done, left=not_done)


def cannot_tell(project: Project) -> Interrupted:
    """Return what to say where nobody knows how far Alembic came."""
    text = _(
        "Interrupted. Alembic did not stop in order and was ended; its server may still be at "
        "work on the last statement. See what is applied with: cd {folder:q} && {command}"
    )
    return Interrupted(text, folder=project.folder, command=project.command("current"))


def _keep_what_can_be(situation: Situation, applied: Applied, tell: Callable[[Message], None]) -> None:
    """Archive what is applied; that it cannot be is told, and hides no worse failure."""
    try:
        _keep(situation, applied)
    except UserError as error:
        tell(error.message)


def _keep(situation: Situation, applied: Applied, *, trust_files: bool = False) -> None:
    """Archive what is applied, as it ran. Raises UserError."""
    memory, runs = situation.memory, _runs(situation, applied)
    edited = {row.entry.revision for row in situation.inventory.edited}
    doubtful = edited.difference(*(run.ran for run in runs))  # nobody knows how it was when it ran
    reached = situation.graph.closure(applied.heads).known
    known = {id: situation.loaded[id] for id in sorted(reached - doubtful)}
    changed = (
        known.keys() if trust_files else learned(situation.scene._replace(tables=applied.tables), memory)
    )
    try:
        archive.keep(situation.project, known, runs, changed & known.keys(), memory.archive)
    except git.GitFailed as error:
        text = _(
            "The database has what stands above, but it could not be kept in the archive: "
            "{command} failed in {folder}:\n"
            "{words}\n"
            "  Mend that, then run it again; see what is broken with: git -C {folder:q} fsck"
        )
        raise UserError(text, **error.values) from error


def _runs(situation: Situation, after: Applied) -> tuple[archive.Run, ...]:
    """Return what ran in each database, by its rows before and after."""
    project, reach = situation.project, situation.graph.closure
    before = {archive.database_key(table, project): table.heads for table in situation.applied.tables}
    now = {archive.database_key(table, project): table.heads for table in after.tables}
    return tuple(
        archive.Run(key, reach(rows).known - reach(before[key]).known, reach(rows).known)
        for key, rows in now.items()
        if key in before
    )


def _migration(copied: Copy) -> Migration:
    candidate, path = copied.candidate, copied.path
    return Migration(candidate.revision, candidate.content, path.parent, path.name)
