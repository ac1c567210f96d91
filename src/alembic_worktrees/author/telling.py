"""What is said of what others have done in the same database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import STEP, WARN, Message, _
from .content import label, labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .authors import Text
    from .content import Content, Found


def told(content: Content) -> Iterator[Message]:
    """Yield what is to be said of what is not this branch's own, and of what others touch too."""
    if content.by_names:
        yield judged_by_names(content.by_names)
    named = tuple(_row(found) for found in content.left_out if found.makers)
    unnamed = labels(found.operation for found in content.left_out if not found.makers)
    if named:
        yield Message(_("Left out, as others' work:\n{operations:lines}"), {"operations": named}, STEP)
    if unnamed:
        text = _(
            "Left out, as the published models want it too, so that it is not this branch's doing:\n{operations:lines}"
        )
        yield Message(text, {"operations": unnamed}, STEP)
    for found in content.done:
        yield _done(found, added=bool(content.added))
    for found in content.contested:
        text = _("{operation}: this migration takes back what {makers:list} has done to the same thing")
        yield Message(text, _row(found).values, WARN)


def _done(found: Found, *, added: bool) -> Message:
    text = _(
        "{operation}: these models want it, and the database has it already by {makers:list}. So "
        "it is not in this migration, and a database without that will lack it. To have it all "
        "the same: --own-it"
    )
    if added:
        text = _("{operation}: in this migration all the same; where {makers:list} was applied, it will fail")
    values = {"operation": label(found.operation, back=True), "makers": _makers(found.makers)}
    return Message(text, values, WARN)


def judged_by_names(reason: Message | str) -> Message:
    """Say that and why there was nothing to compare with."""
    text = _(
        "The published models could not be compared ({reason}), so it was judged by names: "
        "what only others' migrations name is left out, which may be too much or too little"
    )
    return Message(text, {"reason": reason}, WARN)


def _row(found: Found) -> Message:
    values = {"operation": labels([found.operation])[0], "makers": _makers(found.makers)}
    return Message(_("{operation}: {makers:list}"), values)


def _makers(makers: Sequence[Text]) -> tuple[Message, ...]:
    text = _("{revision} ({origin})")
    rows = (Message(text, {"revision": one.revision, "origin": one.origin}) for one in makers)
    return tuple(rows) or (Message(_("something that no migration found here names")),)
