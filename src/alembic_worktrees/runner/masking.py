"""What is said, with every password in it as ***."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Iterable, Match, TextIO

# user:password@ in a URL: up to the last @ of the word, or where a password has a space, to the first of the line
_URL_PASSWORD = re.compile(r"(://[^\s:/@'\"]*:)(?:[^\s'\"]*|[^\n@]*)(?=@)")
# password=… in a connection string, an environment or a call; PGPASS= and ODBC's PWD= too, but PWD: is a folder
_FIELD_PASSWORD = re.compile(
    r"((?:pass(?:word|wd|phrase)['\"]?\s*[=:]|pass['\"]?\s*=|\bpwd=|_pwd['\"]?\s*[=:])\s*)('(?:\\.|[^'\\\n])*'?|\"(?:\\.|[^\"\\\n])*\"?|[^\s&]+)",
    re.IGNORECASE,
)
# What drivers take for a host, or for a word, where a password has an @ or a space that is not quoted
_PIECE_OF_PASSWORD = re.compile(r"(\bhost(?: name)?\W{1,3})[^\s'\"]*(?=@)|(missing \"=\" after )\"[^\"]*\"")
# What SQLAlchemy, libpq and configparser quote of a URL that they cannot read: it may hold a password, or be one
_UNREADABLE = re.compile(
    r"(engine[/\\]url\.py\", line (?:.*\n)*?ValueError: invalid literal for int\(\) with base 10: ).*"
    r"|(non-integer port arguments: ).*"
    r"|(invalid (?:port number|integer value):? )\"[^\"]*\""
    r"|(must be followed by '%' or '\(', found: ).*"
    r"|(invalid interpolation syntax in )'.*'"
)


def mask(text: str) -> str:
    """Return `text` with every password in a database URL or connection string as ***."""
    for pattern in (_URL_PASSWORD, _FIELD_PASSWORD, _PIECE_OF_PASSWORD, _UNREADABLE):
        text = pattern.sub(_hide, text)
    return text


def _hide(match: Match[str]) -> str:
    kept: str = next(filter(None, match.groups()))
    return kept + "***"


class Masked:
    """A text stream that never lets a password through."""

    def __init__(self, stream: TextIO) -> None:
        with suppress(AttributeError):  # what the locale has no sign for must not end a migration half-way
            stream.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text`, masked. Where it cannot be written the work goes on: it is talk."""
        with suppress(OSError):
            self._stream.write(mask(text))
        return len(text)

    def flush(self) -> None:
        """Let what was written be seen, if it can be."""
        with suppress(OSError):
            self._stream.flush()

    def writelines(self, lines: Iterable[str]) -> None:
        """Write every one of `lines`, masked."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
