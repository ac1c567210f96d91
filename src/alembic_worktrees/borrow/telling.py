"""How is the story of borrowing told? Each step as messages, and who hears them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import STEP, WARN, Message, Text, _, _n, few
from ..migrations.graph import number_of_heads
from ..migrations.inventory import from_origin
from ..search.sources import OTHERS_RAN, OTHERS_SAW
from .apply import arrived, mended

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..migrations.inventory import Borrowed, Inventory
    from ..search.sources import Candidate
    from .plan import Copy
    from .situation import Situation
    from .work import Audience

_EDITED = _(
    "The borrowed {revisions:list} was edited here; it is left as it is.\n"
    "  To keep the edit, as this branch's own: alembic-worktrees adopt {revisions:words}\n"
    "  To get the original back: rm {paths:words}"
)
_STAGED = _(
    "{revisions:list} is only borrowed here, and is staged, so the next commit would "
    "record it.\n"
    "  To leave it out: git rm --cached {paths:words}, then run this again\n"
    "  To record it, as this branch's own: alembic-worktrees adopt {revisions:words}"
)
_COPIED = _("Borrowed {revision} from {origin}: {path}")
_ALL_COPIED = _("Borrowed {count} migrations from {origins:list}")
_REFRESHED = _("Refreshed {revision}, which changed in {origin}: {path}")
_ALL_REFRESHED = _("Refreshed {count} migrations, which changed in {origins:list}")
_RETURNED = _("Removed the borrowed {revision}, no longer needed here: {path}")
_ALL_RETURNED = _("Removed {count} borrowed migrations, no longer needed here")
_RUNS = _("Alembic will run the borrowed {revision}, from {origin}: {path}")
_LOADED = _("{revision} from {origin}: {path}")


def tell_skipped(situation: Situation, audience: Audience) -> None:
    """Name what was skipped; here that may be what is missed, or what stops Alembic."""
    for one in situation.inventory.skipped:
        audience.tell(one.message)
    audience.tell_skipped(situation.search.skipped)


def touched(inventory: Inventory) -> Iterator[Message]:
    """Name the copies that were edited or staged here, which are left as they are."""
    for text, is_staged in ((_EDITED, False), (_STAGED, True)):
        if rows := [row for row in inventory.edited if row.staged == is_staged]:
            revisions, paths = tuple(row.revision for row in rows), tuple(row.path for row in rows)
            yield Message(text, {"revisions": revisions, "paths": paths}, WARN)


def what_changed(situation: Situation) -> Iterator[Message]:
    """Name what was written and removed, and what that leaves to be done."""
    plan, inventory = situation.plan, situation.inventory
    yield from mended(inventory)
    yield from map(taken_over, inventory.taken)
    yield from _copies([copy for copy in plan.copies if not copy.replaces], _COPIED, _ALL_COPIED)
    yield from _copies(plan.refreshed, _REFRESHED, _ALL_REFRESHED)
    returned = [Message(_RETURNED, row.about, STEP) for row in plan.returned]
    yield from few(returned, Message(_ALL_RETURNED, {"count": len(returned)}, STEP))
    yield from arrived(inventory)
    if plan.held_back:
        text = _(
            "{revisions:list} changed its parents where it comes from, after it was applied. The "
            "copy here stays as it was: with the new one the database's rows would overlap, and "
            "Alembic would refuse to upgrade. There alembic-worktrees upgrade names the command that "
            "mends the rows."
        )
        yield Message(text, {"revisions": plan.held_back}, WARN)
    if never_ran := situation.never_ran:
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
    return Message(text, row.about, STEP)


def _copies(copies: Sequence[Copy], text: Text, all_of_them: Text) -> Iterator[Message]:
    """Say of each copy where it is from, or of many."""
    origins = {copy.candidate.origin.name: _origin(copy) for copy in copies}
    each = [Message(text, copy.about | {"origin": _origin(copy)}, STEP) for copy in copies]
    together = {"count": len(each), "origins": tuple(origins.values())}
    yield from few(each, Message(all_of_them, together, STEP))


def _origin(copy: Copy) -> Message | str:
    name = copy.candidate.origin.name
    if copy.candidate.trust in {OTHERS_RAN, OTHERS_SAW}:
        return Message(_("the archive of {person}"), {"person": name.partition(":")[0]})
    return name


def tell_differences(situation: Situation, audience: Audience) -> None:
    """Say what was chosen where copies differ: what matters to Alembic always, what does not only in detail."""
    copied = {copied.revision for copied in situation.plan.copies}
    for one in situation.plan.differences:
        if one.chosen.revision.id not in copied:
            continue
        values = {"revision": one.chosen.revision.id, "chosen": one.chosen.origin.name}
        if others := dict.fromkeys(rival.origin.name for rival in _elsewhere(one.rivals, one.chosen)):
            options = tuple(Message(Text("--from {origin:q}"), {"origin": name}) for name in others)
            text = _(
                "{revision} is not the same everywhere for Alembic. Taken: {chosen}. To choose "
                "otherwise: {others:list}"
            )
            audience.tell(Message(text, {**values, "others": options}, WARN))
        if equals := _elsewhere(one.equals, one.chosen):
            text = _(
                "{revision} lies elsewhere with other bytes, the same for Alembic. Taken: "
                "{chosen}. Not taken:\n"
                "{others:lines}"
            )
            audience.detail(Message(text, {**values, "others": tuple(map(_choice, equals))}, STEP))


def _elsewhere(candidates: Iterable[Candidate], chosen: Candidate) -> list[Candidate]:
    """Return those that --from could take: an old copy from where the chosen one lies is no choice."""
    return [one for one in candidates if one.origin.name != chosen.origin.name]


def _choice(candidate: Candidate) -> Message:
    text = _("{path} (to choose it: --from {origin:q})")
    return Message(text, {"path": candidate.where, "origin": candidate.origin.name})


def announce(situation: Situation, audience: Audience) -> None:
    """Name what is executed that others wrote, the database before it is changed, what cannot be locked, and heads."""
    tell = audience.tell
    _tell_what_runs(situation, audience)
    for name in situation.applied.names:
        tell(Message(_("Upgrading {database}"), {"database": name}, STEP))
    for table in situation.applied.tables:
        if table.unlocked is not None:
            tell(_unlocked(table.name, table.unlocked))
    if len(situation.heads) > 1:
        count = number_of_heads(len(situation.heads))
        text = _("This checkout has {count}, and the database gets them all:\n{heads:lines}")
        heads = with_owners(situation.heads, situation)
        tell(Message(text, {"count": count, "heads": heads}, STEP))


def _unlocked(database: str, reason: str) -> Message:
    if not reason:
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
    pending = situation.pending
    rows = [
        {"revision": id, "origin": origin, "path": situation.loaded[id].path}
        for id, origin in situation.owners.items()
    ]
    for row in rows:
        if row["revision"] in pending:
            audience.tell(Message(_RUNS, row, STEP))
    named = pending | {copied.revision for copied in situation.plan.copies}
    loaded = tuple(Message(_LOADED, row) for row in rows if row["revision"] not in named)
    if pending and loaded:
        text = _n(
            "Alembic also loads {n} file that was borrowed before; -v names it.",
            "Alembic also loads {n} files that were borrowed before; -v names them.",
            len(loaded),
            mark=STEP,
        )
        audience.tell(text)
        audience.detail(Message(Text("{files:lines}"), {"files": loaded}))


def with_owners(heads: Iterable[str], situation: Situation) -> tuple[Message | str, ...]:
    """Return the heads, each borrowed one with where it is from."""
    owners = situation.owners
    return tuple(from_origin(head, owners[head]) if head in owners else head for head in heads)
