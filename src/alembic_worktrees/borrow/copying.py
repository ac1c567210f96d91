"""The story of `copy`, with which `upgrade` begins: borrow what is missing here."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from ..database.applied import Applied
from ..messages import WARN, Message, _
from ..messages.errors import UserError
from ..migrations.inventory import take_inventory
from .apply import carry_out, tidy
from .aside import forget
from .loading import make_loadable
from .objections import objection_to
from .obstacles import obstacle_to
from .telling import tell_differences, tell_skipped, touched, what_changed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from .situation import Situation
    from .work import Audience, Work


def borrow(situation: Situation, work: Work, whole: Collection[str] = (), *, again: bool = False) -> None:
    """Carry out the plan, or raise the UserError that says why it cannot be, or is not to be.

    What this branch cannot import is commented out, but for what is to stay `whole`; with `again` also what was
    borrowed before, for another commit may have been checked out since.
    """
    audience = work.audience
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
    if again or situation.plan.copies:
        make_loadable(situation, work, whole)


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
            borrow(situation, work, again=bool(told))  # Alembic asks where it could not load all
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
        with nullcontext() if dry_run else mended_at_least(work):
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
def mended_at_least(work: Work) -> Iterator[None]:
    """Let git ignore again what is borrowed, even if no database answers."""
    try:
        yield
    except UserError:
        for message in tidy(work.project, take_inventory(work.project)):
            work.audience.tell(message)
        raise
