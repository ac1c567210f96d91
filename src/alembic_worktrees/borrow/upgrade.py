"""The whole story: ask what is applied, find what is missing, borrow it, upgrade, keep it in the archive."""

from __future__ import annotations

from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING

from ..database.client import NO_ROWS, Applied
from ..messages import OK, WARN, Message, _
from ..messages.errors import Interrupted, UserError
from ..migrations.inventory import take_inventory
from .apply import carry_out, mend, mended
from .aside import forget
from .borrowed_parents import on_borrowed
from .keeping import keep, keep_what_can_be
from .lock import WAITING, only_one
from .obstacles import overlap, way_back
from .situation import look
from .telling import announce, tell_differences, tell_skipped, touched, what_changed, with_owners
from .undoing import undoing_others

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ..database.client import Database, Outcome
    from ..project.project import Project
    from ..project.settings import Settings
    from .situation import Situation
    from .telling import Audience


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
        locked(project, audience),
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
            announce(situation, audience)
            outcome = database.upgrade(settings.target)
            if outcome.interrupted:
                raise _interrupted(situation, database, audience.tell)
            applied = database.probe()
            if outcome.done:
                _finish(situation, applied, audience.tell, settings.target, trust_files=trust_files)
                return
            keep_what_can_be(situation, applied, audience.tell)  # what was applied before another one failed
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
    with nullcontext() if dry_run else locked(project, audience):  # it is a file: a dry run writes none
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
            tell_differences(situation, audience)
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
    refreshed = (copy.candidate.revision.id for copy in direct.plan.refreshed)
    stale = (*(row.entry.revision for row in direct.plan.returned), *refreshed)
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


def locked(project: Project, audience: Audience) -> AbstractContextManager[None]:
    """Hold the lock of all checkouts of the repository."""
    return only_one(project.repository, lambda: audience.tell(WAITING))


@contextmanager
def asked_alone(
    project: Project, database: Database, audience: Audience, *, dry_run: bool
) -> Iterator[Applied]:
    """Hold that lock and the database's, but not with `dry_run`; yield what is applied."""
    with nullcontext() if dry_run else locked(project, audience), closing(database):
        yield database.probe() if dry_run else database.probe_alone(lambda: audience.tell(WAITING))


def borrow(situation: Situation, audience: Audience) -> None:
    """Carry out the plan, or raise the UserError that says why it cannot be, or is not to be."""
    for message in touched(situation.inventory):  # which may be what is in the way
        audience.tell(message)
    if error := situation.obstacle:
        raise error
    tell_differences(situation, audience)
    if situation.plan.copies:
        audience.review(situation)
    carry_out(situation.plan, situation.project, situation.inventory)
    for message in what_changed(situation):
        audience.tell(message)


def _kept_back(situation: Situation, target: str, *, parents: bool, drops: bool) -> UserError | None:
    """Return what keeps Alembic from upgrading; borrowed `parents` of own migrations do not, nor `drops`, if meant."""
    project, inventory = situation.project, situation.inventory
    targets = [target] if target in situation.graph.nodes else situation.heads
    edited = {row.entry.revision: row.entry.origin.name for row in inventory.edited}
    pending, owners = situation.runs_to(targets), situation.owners | edited
    return (
        (None if drops else undoing_others(project, inventory, pending, situation.loaded, owners))
        or (None if parents else on_borrowed(project, inventory, situation.graph, pending, owners))
        or overlap(project, situation.plan, situation.graph, situation.applied.heads)
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
    heads = with_owners(sorted(applied.heads), situation) or (NO_ROWS,)
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
    keep(situation, applied, trust_files=trust_files)


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
    keep_what_can_be(situation, applied, tell)
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
