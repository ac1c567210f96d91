"""Message → text in one language, with marks and colour for a terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .message import BAD, OK, TITLE, WARN, Message
from .quoting import abbreviated, coloured, one_line, printable, quoted, word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from gettext import NullTranslations


COLOURS = {OK: "32", BAD: "1;31", WARN: "33", TITLE: "1"}
DOMAIN = "alembic-worktrees"
LOCALE = Path(__file__).with_name("locale")


def language(setting: str | None, environment: Mapping[str, str]) -> str:
    """Return "fr" or "en": the setting, else the first of LC_ALL, LC_MESSAGES, LANG that is not empty."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((value for name in names if (value := environment.get(name))), "")
    return "fr" if re.match(r"fr(?![a-z])", setting or locale, re.IGNORECASE) else "en"


def _catalogue(language: str) -> NullTranslations | None:
    """Return the translations; None for English, which stands in the source. argparse finds its own texts there too."""
    if language == "en":
        return None
    import gettext

    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)
    return gettext.translation(DOMAIN, LOCALE, [language], fallback=True)


class Speaker:
    """Turns messages into text in one language, with marks or without."""

    def __init__(self, language: str, *, marks: bool = False, colour: bool = False) -> None:
        """Speak "en" or "fr"; `marks` and `colour` are for a terminal."""
        self._catalogue = _catalogue(language)
        self._marks = marks
        self._colour = colour

    def say(self, message: Message) -> str:
        """Return the message as it is shown: with its mark and colour, safe for a terminal."""
        mark = message.mark
        shown = f"{mark} {self.phrase(message)}" if mark and self._marks else self.phrase(message)
        if not self._colour or mark not in COLOURS:
            return shown
        first, line_break, rest = shown.partition("\n")
        return f"{coloured(COLOURS[mark], first)}{line_break}{rest}"

    def phrase(self, message: Message) -> str:
        """Return the message's words alone."""
        values = {name: _Value(value, self) for name, value in message.values.items()}
        return self._translated(message).format_map(values)

    def _translated(self, message: Message) -> str:
        text, values, _mark, many = message
        n = values["n"] if many is not None else 1
        if self._catalogue is None:
            return many if many is not None and n != 1 else text
        if many is not None and isinstance(n, int):
            return self._catalogue.ngettext(text, many, n)
        return text and self._catalogue.gettext(text)  # the translation of "" is what the file says of itself


class _Value(NamedTuple):
    """One value of a message; the format spec in the text says in which of `WAYS` it is shown."""

    value: Any
    speaker: Speaker

    def __format__(self, spec: str) -> str:
        between, show = WAYS[spec]
        is_one = isinstance(self.value, Message) or not isinstance(self.value, tuple)
        several = (self.value,) if is_one else self.value
        return between.join(show(one, self.speaker) for one in several)


def _said(value: object, speaker: Speaker) -> str:
    """Show a value in one line; it may be a message too."""
    if isinstance(value, Message):
        return speaker.phrase(value)
    return one_line(abbreviated(value) if isinstance(value, Path) else str(value))


# What stands between several, and how each is shown
WAYS: Mapping[str, tuple[str, Callable[[object, Speaker], str]]] = {
    "": (", ", _said),
    "list": (", ", _said),
    "rows": ("\n", _said),
    "lines": ("\n", lambda value, speaker: f"  {_said(value, speaker)}"),
    # with its line breaks
    "text": ("\n", lambda value, _: printable(str(value))),
    # for a shell
    "q": (" ", lambda value, _: quoted(value)),
    "words": (" ", lambda value, _: quoted(value)),
    "options": ("", lambda value, _: f" {word(str(value))}"),
    # for git, which takes `:/` for the top of the checkout, wherever it is pasted
    "top": (" ", lambda value, _: word(f":/{value}")),
}
