"""The whole story: ask what is applied, find what is missing, borrow it, upgrade, keep it in the archive."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from ..database.applied import NO_ROWS, Applied
from ..messages import OK, WARN, Message, _
from ..messages.errors import UserError
from ..migrations.inventory import take_inventory
from .aside import forget
from .copying import borrow, mended_at_least
from .ending import failed, interrupted, not_loaded
from .keeping import keep, keep_what_can_be
from .kept_back import on_borrowed, undoing_others
from .loading import may_not_load
from .lock import WAITING
from .objections import objection_to
from .obstacles import obstacle_to, overlap
from .telling import announce, tell_skipped, with_owners

if TYPE_CHECKING:
    from collections.abc import Callable

    from .situation import Situation
    from .work import Work


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
            outcome = database.upgrade(settings.target)
            if outcome.interrupted:
                raise interrupted(situation, database, audience.tell)
            applied = database.probe()
            if outcome.done:
                _finish(situation, applied, audience.tell, settings.target, trust_files=trust_files)
                return
            keep_what_can_be(situation, applied, audience.tell)  # what was applied before another one failed
            if outcome.unknown not in applied.heads:
                raise not_loaded(situation, outcome) or failed(project, settings.target, outcome)
            # Another checkout upgraded between our look and our upgrade, without us and so without the locks.
            text = _("{revision} was applied by another checkout meanwhile; looking again.")
            audience.tell(Message(text, {"revision": outcome.unknown}, WARN))
    text = _(
        "Still not upgraded after {count} attempts: other checkouts keep applying new migrations. "
        "Run it again when they are done."
    )
    raise UserError(text, count=settings.max_attempts)


def _borrowed(work: Work, prefer: str | None, *, trust_files: bool) -> Situation:
    """Ask what is applied, and borrow what is missing here, unless something speaks against an upgrade."""
    audience = work.audience
    with mended_at_least(work):
        applied = _probed(work, prefer)
    situation = work.look(applied, prefer)
    tell_skipped(situation, audience)
    if not (trust_files or obstacle_to(situation)) and (objection := objection_to(situation)):
        raise objection
    audience.allow(applied)
    borrow(situation, work, again=True)
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
        borrow(direct, work)
        return database.probe_alone(lambda: tell(WAITING))


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
    if may_not_load(situation) or obstacle_to(situation) or objection_to(situation):
        return False
    tell_skipped(situation, work.audience)
    _finish(situation, applied, work.audience.tell)
    return True


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
