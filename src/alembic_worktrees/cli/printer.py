"""The only printer: data to standard output, talk to standard error."""

from __future__ import annotations

import io
import os
import re
import sys
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING

from ..messages import BAD, SEEK, WARN, Message
from ..messages.quoting import columns, one_line, quoted
from ..messages.speaker import COLOURS, Speaker, language
from ..system.encoding import encoded, lacks, relax

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO


YES = frozenset({"y", "yes", "o", "oui"})
# A URL, or a word that gives a password; `no-password:wanted` is a branch of a clone.
_SUSPECT = re.compile(r"://|(pass|pwd)[^:=]*=", re.IGNORECASE)
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


def hush(stream: TextIO) -> None:
    """Let all that is still written to `stream` vanish, also what it holds back: it leads nowhere any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def has_colour(stream: TextIO) -> bool:
    """Tell whether `stream` is a terminal that may be coloured."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def room() -> int | None:
    """Return how many columns a line of standard output may have; None if that is no terminal."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


class _Screen(io.TextIOWrapper):
    """What is meant for a terminal, until all of it is there."""

    def __init__(self, encoding: str) -> None:
        self.content = io.BytesIO()
        super().__init__(self.content, encoding, write_through=True)
        relax(self)

    def isatty(self) -> bool:
        return True

    def fits(self) -> bool:
        """Tell whether the terminal has room for it, and for the line after it."""
        import shutil

        width, height = shutil.get_terminal_size()
        lines = _STYLE.sub("", self.content.getvalue().decode(self.encoding, "replace")).splitlines()
        return sum(-(-columns(line) // width) or 1 for line in lines) < height


def _page(content: bytes) -> bool:
    """Show it through git's pager, if git has one that works."""
    from pathlib import Path

    from .. import git
    from ..system.process import page

    pager = git.pager(Path.cwd())
    return bool(pager) and page(pager, content, os.environ)


class Printer:
    """Says messages in the user's language: with marks and colour on a terminal, bare elsewhere."""

    def __init__(self, stream: TextIO, argv: Sequence[str] = ()) -> None:
        """Talk on `stream` in the locale's language, and tell no password of `argv`; NO_COLOR and TERM are honoured.

        What else comes from others is masked where it comes in.
        """
        self._stream = stream
        self.quiet = False  # then it says only what is wrong
        self._hidden = _typed_passwords(argv)
        self.speak(None)

    def speak(self, setting: str | None) -> None:
        """Speak the language of the setting, or the locale's if there is none."""
        colour = has_colour(self._stream)
        marks = self._stream.isatty() and not lacks(self._stream.encoding, "".join(COLOURS))
        self._speaker = Speaker(language(setting, os.environ), marks=marks, colour=colour)

    def phrase(self, message: Message) -> str:
        """Return the words of a message."""
        return self._speaker.phrase(message)

    def tell(self, *messages: Message, data: bool = False) -> None:
        """Say each message, at once, or print it if it is the data that was asked for."""
        for message in messages:
            if data:
                self.data(*self.phrase(message).split("\n"))
            else:
                self._tell(message)

    def _tell(self, message: Message) -> None:
        """Say it on our stream; of progress only where somebody is looking."""
        progress = message.mark == SEEK and not self._stream.isatty()
        if progress or (self.quiet and message.mark not in {WARN, BAD}):
            return
        try:
            print(self._said(message), file=self._stream, flush=True)
        except OSError:
            if self._stream is sys.stdout:
                raise
            hush(self._stream)  # what nobody hears must not stop the work half-way

    def _said(self, message: Message) -> str:
        said = self._speaker.say(message)
        for typed, shown in self._hidden.items():
            said = said.replace(typed, shown)
        return said

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""
        return bool(sys.stdin and sys.stdin.isatty() and self._stream.isatty())

    def ask(self, question: Message) -> bool:
        """Ask a yes or no on the terminal; no if nobody can answer."""
        return self.choice(question) in YES

    def choice(self, question: Message) -> str:
        """Ask for a word on the terminal; none if nobody can answer."""
        if not self.can_ask:
            return ""
        print(self._said(question), file=self._stream, end="", flush=True)
        return sys.stdin.readline().strip().lower()

    @contextmanager
    def paged(self) -> Iterator[None]:
        """Show what is said and printed meanwhile: through git's pager, where a terminal is too small for it.

        It is shown also if we are quiet, where a question may follow: what is asked about is to be read.
        """
        stream, quiet = self._stream, self.quiet
        self.quiet = quiet and not self.can_ask
        terminal = stream.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        screen = _Screen(sys.stdout.encoding) if terminal else None
        self._stream = screen or stream
        try:
            with redirect_stdout(screen) if screen else nullcontext():
                yield
        finally:
            self._stream, self.quiet = stream, quiet
        if screen and (screen.fits() or not _page(screen.content.getvalue())):
            self.write(screen.content.getvalue())

    def show(self, text: str, language: str, *, data: bool = False) -> None:
        """Print a whole text with the number of each line, so that none can pass for a word of ours.

        `language` ("python", "diff") gives it its colours at a terminal. The text goes to standard output if it is
        `data`. It is to be `printable`.
        """
        stream = sys.stdout if data else self._stream
        if stream.isatty():
            import shutil

            from rich.console import Console
            from rich.syntax import Syntax

            width, height = shutil.get_terminal_size()
            console = Console(
                file=stream,
                color_system="auto" if has_colour(stream) else None,
                width=width,
                height=height,
            )
            console.print(Syntax(text, language, theme="ansi_dark", line_numbers=True, word_wrap=True))
            return
        for number, line in enumerate(text.split("\n"), 1):
            print(f"{number:5} {line}", file=stream)

    def data(self, *lines: str) -> None:
        """Print lines of data: to a terminal without what could steer it, elsewhere as they are, byte for byte."""
        if sys.stdout.isatty():
            sys.stdout.writelines(f"{one_line(line)}\n" for line in lines)
        else:
            self.write(encoded("".join(f"{line}\n" for line in lines)))

    def write(self, data: bytes) -> None:
        """Write a whole of data to standard output as it is, before what is told next."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()

    def document(self, document: Mapping[str, object]) -> None:
        """Print a document as JSON, with the version of its form."""
        import json

        self.write(json.dumps({"version": 1, **document}, indent=2).encode() + b"\n")


def _typed_passwords(argv: Sequence[str]) -> Mapping[str, str]:
    """Return the passwords that stand in these words, and what is to be said instead; the longest first."""
    # The value of an option may stand in its word: -xVALUE, --from=VALUE
    values = {value for word in argv for value in (word, word[2:], word.partition("=")[2])}
    suspect = sorted(filter(_SUSPECT.search, values), key=len, reverse=True)
    if not suspect:  # nearly always: spared the patterns of `mask`
        return {}
    from ..runner.masking import mask

    found: dict[str, str] = {}
    for value in suspect:
        if (hidden := mask(value)) != value:
            found |= {quoted(value): quoted(hidden), value: hidden}
    return found
