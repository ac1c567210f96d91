"""What belongs into this branch's migration? Two comparisons with one database → what is its own. Pure.

What the models of this checkout want of the database, and those of the published point want too, is not this branch's
doing: somebody else has brought the database there.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..database.comparison import Operation
    from ..messages.message import Message
    from .authors import Authors, Text

    Thing = tuple[str, str | None, str | None, str, str]  # engine, schema, table, kind, name
    Slot = tuple[Thing, str]  # and which aspect of a column

BACK = {
    "create_table": "drop_table",
    "drop_table": "create_table",
    "add_column": "drop_column",
    "drop_column": "add_column",
    "create_index": "drop_index",
    "drop_index": "create_index",
}


class Found(NamedTuple):
    """An operation, and the foreign migrations that name what it concerns."""

    operation: Operation
    makers: tuple[Text, ...]


class Content(NamedTuple):
    """What a new migration is to have in it, and what is to be said of the rest."""

    mine: Sequence[Operation]  # all that the models want
    left_out: tuple[Found, ...] = ()
    done: tuple[Found, ...] = ()  # these models want it too: the undoing of it, which the published ones want
    undoing: tuple[int, ...] = ()  # the numbers of all such operations of theirs, the last first
    contested: tuple[Found, ...] = ()  # what is in it, and takes back what others have done to the same thing
    numbers: tuple[int, ...] = ()  # of all that is left out, of the downgrade too
    kept: tuple[Operation, ...] = ()
    by_names: Message | str = ""  # why names had to decide
    added: tuple[
        Mapping[str, object], ...
    ] = ()  # what does as `done`, if it is to be in the migration all the same


def thing_of(operation: Operation) -> Thing:
    """Return what an operation concerns; what is of no known kind is known by its text."""
    name = operation.name if operation.kind != "other" else operation.text
    return operation.engine, operation.schema, operation.table, operation.kind, name


def own_content(mine: Sequence[Operation], published: Sequence[Operation], authors: Authors) -> Content:
    """Return which of the operations of `mine` are this branch's own; the `published` models want others."""
    here, there = _Wanted(mine), _Wanted(published)
    changed = there.replaced - here.replaced
    same = [one for one in here.upward if _slot(one) not in changed and _is_shared(one, there, authors)]
    content = _without(mine, here.with_their_pair(same), authors, there)
    done = [one for one in there.upward if _slot(one) not in here.slots and authors.may_be_foreign(one)]
    contested = [one for one in content.kept if there.concern(one) and authors.may_be_foreign(one)]
    differing = [one for one in contested if _slot(one) in changed or not there.wants(one)]
    return content._replace(
        done=tuple(_found(_outermost(done), authors)),
        undoing=tuple(_numbers(published, [one for one in done if one.kind != "other"])[::-1]),
        contested=tuple(_found(differing, authors)),
    )


def _numbers(operations: Sequence[Operation], wanted: Sequence[Operation]) -> list[int]:
    return [number for number, one in enumerate(operations) if one in wanted]


def _is_shared(operation: Operation, there: _Wanted, authors: Authors) -> bool:
    """Whether others brought the database there: the published models want it too, unless this branch made the thing.

    What include_object hides from them is others' as well if a statement of theirs made it and none of this branch.
    """
    if there.wants(operation):
        return not authors.only_own(operation)
    return not operation.is_adding and authors.states_only_foreign(operation)


def content_by_names(mine: Sequence[Operation], authors: Authors, reason: Message | str) -> Content:
    """Return what is left where, for this reason, there is nothing to compare with: all but what only others name."""
    here = _Wanted(mine)
    foreign = [one for one in here.upward if authors.only_foreign(one)]
    content = _without(mine, here.with_their_pair(foreign), authors, _Wanted(()))
    contested = tuple(one for one in _found(content.kept, authors) if one.makers)
    return content._replace(contested=contested, by_names=reason)


def whole_content(mine: Sequence[Operation]) -> Content:
    """Return all of it."""
    return Content(mine, kept=tuple(one for one in mine if not one.down))


class _Wanted:
    """What some models want of the database."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        rows = list(operations)
        self.upward = [one for one in rows if not one.down]
        counted = Counter(map(_slot, self.upward))
        self.slots = counted.keys()
        # What they only change, by drop and create. Who only drops the same wants something else.
        self.replaced = {slot for slot, number in counted.items() if number > 1}
        self._same = {_identity(one) for one in rows}
        self._gone = {thing_of(one) for one in self.upward if one.verb in ("drop_table", "drop_column")}

    def wants(self, operation: Operation) -> bool:
        """Whether they want it too, or all that it is done to gone; nobody adds to what he wants gone."""
        if _identity(operation) in self._same:
            return True
        return not operation.is_adding and not self._gone.isdisjoint(_around(operation))

    def concern(self, operation: Operation) -> bool:
        """Whether they want something of the same thing, be it something else."""
        return _slot(operation) in self.slots

    def with_their_pair(self, chosen: Sequence[Operation]) -> list[Operation]:
        """Return the operations of them that are chosen with their pair: an index is changed by drop and create."""
        others = {_slot(one) for one in self.upward if one not in chosen}
        return [one for one in chosen if _slot(one) not in others]


def _identity(operation: Operation) -> tuple[object, ...]:
    return (operation.engine, operation.down, operation.schema, operation.table, operation.text)


def _slot(operation: Operation) -> Slot:
    return thing_of(operation), operation.aspect


def _around(operation: Operation) -> Iterator[Thing]:
    """Yield the table and the column that an operation is done to."""
    engine, schema, table, kind, _ = thing_of(operation)
    if table is not None and kind != "table":
        yield engine, schema, table, "table", table
    if operation.aspect:
        yield thing_of(operation)


def _without(
    mine: Sequence[Operation], left: Sequence[Operation], authors: Authors, there: _Wanted
) -> Content:
    slots = {_slot(one) for one in left}
    numbers = [
        number
        for number, one in enumerate(mine)
        if _slot(one) in slots or (one.down and one.kind == "other" and there.wants(one))
    ]
    kept = tuple(one for number, one in enumerate(mine) if number not in numbers and not one.down)
    return Content(mine, tuple(_found(_outermost(left), authors)), numbers=tuple(numbers), kept=kept)


def _outermost(operations: Sequence[Operation]) -> list[Operation]:
    """Return the operations without those on a table that another one makes or drops as a whole."""
    whole = {thing_of(one) for one in operations if one.kind == "table"}
    return [one for one in operations if one.kind == "table" or whole.isdisjoint(_around(one))]


def _found(operations: Iterable[Operation], authors: Authors) -> Iterator[Found]:
    return (Found(one, authors.foreign_of(one)) for one in operations)


def labels(operations: Iterable[Operation]) -> tuple[str, ...]:
    """Return each operation in a few words, what an `alter_column` does in one: "drop_column users.email"."""
    aspects: dict[str, list[str]] = {}
    for one in operations:
        aspects.setdefault(label(one), []).extend(filter(None, [one.aspect]))
    return tuple(f"{text} ({', '.join(found)})" if found else text for text, found in aspects.items())


def done_labels(content: Content) -> tuple[str, ...]:
    """Return in a few words what others have done and these models want too."""
    return tuple(label(found.operation, back=True) for found in content.done)


def label(operation: Operation, *, back: bool = False) -> str:
    """Return an operation in a few words, or with `back` the one that undoes it."""
    table = ".".join(filter(None, [operation.schema, operation.table]))
    what = {
        "table": table,
        "column": f"{table}.{operation.name}",
        "foreign key": f"{table}.{operation.name}",
        "other": " ".join(operation.text.split())[:60],
    }.get(operation.kind, f"{operation.name} ({table})")
    verb = _back(operation) if back else operation.verb
    return f"{verb} {what}" if operation.kind != "other" else what


def _back(operation: Operation) -> str:
    if operation.kind in ("constraint", "foreign key"):
        return "drop_constraint" if operation.verb.startswith("create") else f"create {operation.kind}"
    return BACK.get(operation.verb, operation.verb)
