"""What is to be said: an English text, what fills it, and the mark before it. It is translated when it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The mark that stands before a text on a terminal.
OK, BAD, WARN, STEP, TITLE, WAIT, SEEK, PLAIN = "✅", "❌", "⚠️ ", "📋", "👉", "⏳", "🔎", ""

FEW = 10  # are said one by one, more together

# A text for users. One that is the same in every language, a command for example, is made by `Text("…")` itself.
Text = NewType("Text", str)


class Message(NamedTuple):
    """What is to be said; a value may be a message too. With `many`, the value `n` chooses between that and `text`."""

    text: Text
    values: Mapping[str, object] = {}
    mark: str = PLAIN
    many: Text | None = None


def _(text: str) -> Text:
    """Mark a text for translation: `make texts` collects what stands in `_("…")`, with named placeholders."""
    return Text(text)


def _n(one: str, many: str, n: int, values: Mapping[str, object] = {}, mark: str = PLAIN) -> Message:
    """Return a message about `n` things, which a placeholder {n} shows; each language has its own plural."""
    return Message(Text(one), {**values, "n": n}, mark, Text(many))


def few(messages: Sequence[Message], together: Message) -> Sequence[Message]:
    """Return each of these messages; where they are many, what is to be said of all together."""
    return messages if len(messages) <= FEW else (together,)
