"""Message → text in one language, with marks and colour for a terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from .message import BAD, OK, TITLE, WARN, Message
from .quoting import abbreviated, one_line, printable, quoted, word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from gettext import NullTranslations


COLOURS = {OK: "\x1b[32m", BAD: "\x1b[1;31m", WARN: "\x1b[33m", TITLE: "\x1b[1m"}
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
        return f"{COLOURS[mark]}{first}\x1b[0m{line_break}{rest}"

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


class _Value:
    """One value of a message; the format spec in the text says how it is shown.

    "" in one line; "text" with its line breaks; "q" quoted for a shell, "words" several; "options" the same, each
    after a space; "toml" as a string of TOML; "top" paths from the top, quoted for git; "list" with commas; "rows"
    and "lines" one a line, "lines" indented.
    """

    def __init__(self, value: object, speaker: Speaker) -> None:
        self._value = value
        self._speaker = speaker

    def __format__(self, spec: str) -> str:
        shown: str = getattr(self, f"_{spec or 'plain'}")()
        return shown

    def _plain(self) -> str:
        return self._show(self._value)

    def _show(self, value: object) -> str:
        if isinstance(value, Message):
            return self._speaker.phrase(value)
        return one_line(abbreviated(value) if isinstance(value, Path) else str(value))

    def _toml(self) -> str:
        import json

        return json.dumps(str(self._value), ensure_ascii=False)

    def _text(self) -> str:
        return printable(str(self._value))

    def _q(self) -> str:
        return quoted(self._value)

    def _words(self) -> str:
        return " ".join(map(quoted, self._value if isinstance(self._value, tuple) else (self._value,)))

    def _options(self) -> str:
        words = self._value if isinstance(self._value, tuple) else (self._value,)
        return "".join(f" {word(str(one))}" for one in words)

    def _top(self) -> str:
        paths = self._value if isinstance(self._value, tuple) else (self._value,)
        # git takes `:/` for the top of the checkout, wherever it is pasted
        return " ".join(word(f":/{path}") for path in paths)

    def _each(self) -> list[str]:
        return (
            [self._show(value) for value in self._value]
            if isinstance(self._value, tuple)
            else [self._plain()]
        )

    def _list(self) -> str:
        return ", ".join(self._each())

    def _rows(self) -> str:
        return "\n".join(self._each())

    def _lines(self) -> str:
        return "\n".join("  " + line for line in self._each())
