"""The whole story: ask what is applied, find what is missing, borrow it, upgrade, keep it in the archive."""

from __future__ import annotations

from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING

from ..database.applied import NO_ROWS, Applied
from ..messages import OK, WARN, Message, _
from ..messages.errors import Interrupted, UserError
from ..migrations.inventory import take_inventory
from .apply import carry_out, comment_out, tidy
from .aside import forget
from .keeping import keep, keep_what_can_be
from .kept_back import on_borrowed, undoing_others
from .lock import WAITING
from .objections import objection_to
from .obstacles import obstacle_to, overlap
from .telling import announce, tell_differences, tell_skipped, touched, what_changed, with_owners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..database.client import Database, Outcome
    from ..project.project import Project
    from .situation import Situation
    from .work import Audience, Work


def upgrade(
    work: Work,
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
    project, settings, database, audience = work
    if not prefer and _is_at_rest(work):
        return
    database.start()
    with (
        work.locked(),
        closing(database),  # its lock is taken last, and given back first
    ):
        for _attempt in range(settings.max_attempts):
            situation = _borrowed(work, prefer, trust_files=trust_files)
            if error := _kept_back(situation, settings.target, parents=borrowed_parents, drops=drops):
                raise error
            announce(situation, audience)
            outcome = _upgraded(situation, work)
            if outcome.interrupted:
                raise _interrupted(situation, database, audience.tell)
            applied = database.probe()
            if outcome.done:
                _finish(situation, applied, audience.tell, settings.target, trust_files=trust_files)
                return
            keep_what_can_be(situation, applied, audience.tell)  # what was applied before another one failed
            if outcome.unknown not in applied.heads:
                raise _not_loaded(situation, outcome) or _failed(project, settings.target, outcome)
            # Another checkout upgraded between our look and our upgrade, without us and so without the locks.
            text = _("{revision} was applied by another checkout meanwhile; looking again.")
            audience.tell(Message(text, {"revision": outcome.unknown}, WARN))
    text = _(
        "Still not upgraded after {count} attempts: other checkouts keep applying new migrations. "
        "Run it again when they are done."
    )
    raise UserError(text, count=settings.max_attempts)


def _upgraded(situation: Situation, work: Work) -> Outcome:
    """Run the upgrade. A copy that has run and cannot be imported here is commented out, and it begins again."""
    edited = {row.revision for row in situation.inventory.edited}
    done = situation.owners.keys() - situation.pending - edited
    paths = [situation.loaded[id].path for id in done]
    while True:
        outcome = work.database.upgrade(work.settings.target, paths)
        failed = next((path for path in outcome.importing if path in paths), None)
        if failed is None or not comment_out(failed):
            return outcome
        text = _("{path} is commented out here: it has run, and cannot be imported by this branch: {reason}")
        work.audience.tell(Message(text, {"path": failed, "reason": outcome.reason}, OK))


def _borrowed(work: Work, prefer: str | None, *, trust_files: bool) -> Situation:
    """Ask what is applied, and borrow what is missing here, unless something speaks against an upgrade."""
    audience = work.audience
    with _mended_at_least(work):
        applied = _probed(work, prefer)
    situation = work.look(applied, prefer)
    tell_skipped(situation, audience)
    if not (trust_files or obstacle_to(situation)) and (objection := objection_to(situation)):
        raise objection
    audience.allow(applied)
    borrow(situation, audience)
    forget(work.project)
    return situation


def _probed(work: Work, prefer: str | None) -> Applied:
    """Ask what is applied. An application that upgrades whenever it is made cannot be asked while something is missing.

    Then the setting `database-url` says what that is; it is borrowed, and env.py is asked again.
    """
    database, tell = work.database, work.audience.tell
    try:
        return database.probe_alone(lambda: tell(WAITING))
    except UserError:
        applied = database.directly()
        direct = work.look(applied, prefer).adding if applied else None
        if not direct or not direct.plan.copies or obstacle_to(direct):
            raise
        tell(
            Message(
                _("Borrowing what database-url says is missing here, then asking env.py again."), mark=WARN
            )
        )
        borrow(direct, work.audience)
        return database.probe_alone(lambda: tell(WAITING))


def copy(
    work: Work, *, prefer: str | None = None, dry_run: bool = False, told: Sequence[str] = ()
) -> Situation:
    """Borrow what is missing here; with `dry_run` only decide. A plan with an obstacle is not carried out.

    With `told` no database is asked: these are applied, and perhaps others, so that nothing is removed or replaced.
    """
    audience = work.audience
    with nullcontext() if dry_run else work.locked():  # it is a file: a dry run writes none
        situation = _asked(work, prefer, told, dry_run=dry_run)
        tell_skipped(situation, audience)
        can_be = not obstacle_to(situation)
        if situation.plan.returned and can_be and objection_to(situation):
            # The copies are what still says that something was applied.
            situation = situation._replace(plan=situation.plan._replace(returned=()))
        if dry_run:
            tell_differences(situation, audience)
        elif can_be:
            borrow(situation, audience)
            if not told:
                forget(work.project)
        return situation


def _asked(work: Work, prefer: str | None, told: Sequence[str], *, dry_run: bool) -> Situation:
    """Look at what is told, or what the database says: directly if that is enough, else through env.py."""
    if told:
        return work.look(Applied.told(told), prefer).adding
    applied = work.database.directly()
    direct = work.look(applied, prefer) if applied else None
    if direct and direct.plan.adds_only:
        return direct
    try:
        work.database.start()
        with nullcontext() if dry_run else _mended_at_least(work):
            applied = work.database.probe()
        return work.look(applied, prefer)
    except UserError:
        if direct is None or obstacle_to(direct):
            raise
        return _only_adding(direct, work.audience)


def _only_adding(direct: Situation, audience: Audience) -> Situation:
    """Return what `database-url` tells without what another table might contradict, where env.py cannot be asked.

    It may lead to more tables. What this one needs is needed then too; but what a plan removes or replaces for want
    of a row, another table may have.
    """
    refreshed = (copy.revision for copy in direct.plan.refreshed)
    stale = (*(row.revision for row in direct.plan.returned), *refreshed)
    text = _(
        "The project's env.py could not be asked, so what was borrowed before stays as it is: {revisions:list}"
    )
    audience.tell(Message(text, {"revisions": stale}, WARN))
    return direct.adding


@contextmanager
def _mended_at_least(work: Work) -> Iterator[None]:
    """Let git ignore again what is borrowed, even if no database answers."""
    try:
        yield
    except UserError:
        for message in tidy(work.project, take_inventory(work.project)):
            work.audience.tell(message)
        raise


def _is_at_rest(work: Work) -> bool:
    """Tell, without starting Alembic, whether there is nothing to do: only with the setting `database-url`."""
    if work.settings.target != "heads":
        return False
    applied = work.database.directly()
    if applied is None:
        return False
    inventory = take_inventory(work.project)
    if frozenset(inventory.graph.real_heads) != applied.heads:
        return False  # the search, and what it tells, is for the one who acts on it
    situation = work.look(applied, inventory=inventory)
    here, plan = situation.inventory, situation.plan
    if plan.copies or plan.returned or here.arrived or not here.whole:
        return False
    if obstacle_to(situation) or objection_to(situation):
        return False
    tell_skipped(situation, work.audience)
    _finish(situation, applied, work.audience.tell)
    return True


def borrow(situation: Situation, audience: Audience) -> None:
    """Carry out the plan, or raise the UserError that says why it cannot be, or is not to be."""
    for message in touched(situation.inventory):  # which may be what is in the way
        audience.tell(message)
    if error := obstacle_to(situation):
        raise error
    tell_differences(situation, audience)
    if situation.plan.copies:
        audience.review(situation)
    carry_out(situation.plan, situation.project, situation.inventory)
    for message in what_changed(situation):
        audience.tell(message)


def _kept_back(situation: Situation, target: str, *, parents: bool, drops: bool) -> UserError | None:
    """Return what keeps Alembic from upgrading; borrowed `parents` of own migrations do not, nor `drops`, if meant."""
    pending = situation.runs_to([target] if target in situation.graph.nodes else situation.heads)
    return (
        (None if drops else undoing_others(situation, pending))
        or (None if parents else on_borrowed(situation, pending))
        or overlap(situation)
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
    if target in situation.reached_by(applied.heads) - applied.heads:  # Alembic says nothing then
        back = situation.project.command("downgrade", target)
        about |= {"target": target, "folder": situation.project.folder, "command": back}
        text = _(
            "{database:list} had {target} before, and is further on: {heads:list}. An upgrade "
            "leads only forward; to go back: cd {folder:q} && {command}"
        )
        tell(Message(text, about, WARN))
    else:
        tell(Message(_("{database:list} is up to date: {heads:list}"), about, OK))
    keep(situation, applied, trust_files=trust_files)


def _not_loaded(situation: Situation, outcome: Outcome) -> UserError | None:
    """Return what to say of a copy that cannot be imported here, None if that is not why Alembic failed."""
    owners = situation.owners
    borrowed = {one.path: one.revision.id for one in situation.migrations if one.revision.id in owners}
    revision = next((borrowed[path] for path in outcome.importing if path in borrowed), None)
    if revision is None:
        return None
    branches = {one.name: one.branch for one in situation.search.surroundings.checkouts if one.worktree}
    origin = owners[revision]
    text = _(
        "Alembic imports every migration, and this branch, or its Python, cannot import the borrowed {revision}: "
        "{reason}\n"
        "  If {origin} has what is lacking: git merge --autostash {branch:q}\n"
        "  To have only this branch's own migrations here until then: alembic-worktrees return"
    )
    about = {"revision": revision, "reason": outcome.reason, "origin": origin}
    return UserError(text, **about, branch=branches.get(origin) or origin)


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
