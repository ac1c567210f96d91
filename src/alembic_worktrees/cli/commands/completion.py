"""`completion`: the script for a shell, and what that script asks with each press of the tab key.

By hand, for argcomplete offers nothing inside `$(…)` in zsh and no `~/…` anywhere, shtab nothing after `--shell=`.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ... import git
from ...install.shim import FUNCTIONS, detect, render_completion
from ...messages import Message
from ...messages.errors import DONE, UserError
from ...migrations.inventory import take_inventory, visit
from ...search.checkouts import look_around
from ..options import HELP, QUIET, VERBOSE, VERSION
from ..subcommands import COMMANDS, flat
from .call import Call, open_call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..printer import Printer
    from ..subcommands import Argument

    Offer = tuple[
        str, Mapping[str, str]
    ]  # "words" and what each means; or "dirs" or "files", for the shell to find

_PATHS = {"DIR": "dirs", "FILE": "files"}
_NOTHING: Offer = ("words", {})


def completion(options: argparse.Namespace, printer: Printer) -> int:
    """Print the script of a shell, or answer it: the kind of what may stand next, then each word and its meaning."""
    if options.line is None:
        sys.stdout.write(render_completion(options.shell or detect()))
        return DONE
    kind, words = _offer(_without_equals(options.line), printer)
    rows = (f"{word}\t{meaning}" for word, meaning in words.items() if f"{word}{meaning}".isprintable())
    printer.data(kind, *rows)
    return DONE


def _without_equals(line: Sequence[str]) -> list[str]:
    """Return the words without the `=` that bash makes a word of its own: `--shell`, `=`, `ba`."""
    if len(line) > 1 and line[-1] == "=" and line[-2].startswith("--"):
        return [*line[:-1], ""]
    return [word for word, last in zip(line, ["", *line], strict=False) if word != "=" or last[:2] != "--"]


def _offer(line: Sequence[str], printer: Printer) -> Offer:
    """Offer what may replace the last word of `line`, whose first is the command or a function of the shell file."""
    *before, current = line[1:] or [""]
    if line[:1] and line[0] in FUNCTIONS:
        before = [FUNCTIONS[line[0]], *before]
    if before:
        kind, words = _after(before[0], before[1:], current, printer) if before[0] in COMMANDS else _NOTHING
    elif current.startswith("-"):
        kind, words = _options([HELP, VERSION], printer)
    else:
        kind, words = "words", {name: printer.phrase(Message(one.does)) for name, one in COMMANDS.items()}
    return kind, {word: meaning for word, meaning in words.items() if word.startswith(current)}


class _Line(NamedTuple):
    """How far a line has come: the option that waits for its value, and the arguments that may still come."""

    waiting: Argument | None
    positionals: Sequence[Argument]
    options_ended: bool  # by `--`

    def after(self, word: str, taking: Mapping[str, Argument]) -> _Line:
        """Return how far it is with one word more."""
        if self.waiting:
            return self._replace(waiting=None)
        if word == "--":
            return self._replace(options_ended=True)
        if word.startswith("-") and not self.options_ended:
            return self._replace(waiting=taking.get(word))
        again = [one for one in self.positionals if one.given.get("nargs") in {"+", "*"}]
        return self._replace(positionals=self.positionals[1:] or again)


def _after(name: str, before: Sequence[str], current: str, printer: Printer) -> Offer:
    """Offer what may follow `before`, the words after the subcommand `name`."""
    arguments = [*flat((HELP, VERBOSE, QUIET, *COMMANDS[name].arguments))]
    options = [one for one in arguments if one.is_option]
    taking = {word: one for one in options for word in one.names if one.takes and "nargs" not in one.given}
    line = _Line(None, [one for one in arguments if not one.is_option], options_ended=False)
    for word in before:
        line = line.after(word, taking)
    if line.waiting:
        return _values(name, line.waiting, printer)
    if line.options_ended or not current.startswith("-"):
        return _values(name, line.positionals[0], printer) if line.positionals else _NOTHING
    option, equals, _ = current.partition("=")
    if not equals or option not in taking:
        return _options(options, printer)
    kind, words = _values(name, taking[option], printer)
    return kind, {f"{option}={word}": meaning for word, meaning in words.items()}


def _options(options: Iterable[Argument], printer: Printer) -> Offer:
    """Offer each option by its longest name."""
    return "words", {max(one.names, key=len): printer.phrase(Message(one.does)) for one in options}


def _values(name: str, argument: Argument, printer: Printer) -> Offer:
    if choices := argument.given.get("choices"):
        return "words", dict.fromkeys(choices, "")
    if argument.takes in _PATHS:
        return _PATHS[argument.takes], {}
    words: dict[str, str] = {}
    with suppress(UserError):  # the user presses tab and shall see nothing but the line
        for word, meaning in _known(name, argument.takes, printer):
            words.setdefault(word, meaning)
    return "words", words


def _known(command: str, kind: str, printer: Printer) -> Iterator[tuple[str, str]]:
    if kind not in {"REVISION", "PARENT", "ORIGIN", "REV"}:
        return
    call = open_call(argparse.Namespace(config=[], name="alembic", directory=None, verbose=False), printer)
    if kind in {"REVISION", "PARENT"}:
        yield from _borrowed(call) if command == "adopt" else _revisions(call, everywhere=command == "find")
        return
    if kind == "ORIGIN":
        yield from ((checkout.name, str(checkout.path)) for checkout in look_around(call.project).others)
    else:
        yield "HEAD", ""
    if call.project.repository:
        for tip in git.refs(call.project.root, "refs/heads", "refs/tags", "refs/remotes"):
            yield tip.name.split("/", 2)[2], ""


def _borrowed(call: Call) -> Iterator[tuple[str, str]]:
    for row in take_inventory(call.project).copies:
        yield row.entry.revision, f"{row.migration.path.name} ({row.entry.origin.name})"


def _revisions(call: Call, *, everywhere: bool) -> Iterator[tuple[str, str]]:
    """Yield every revision of this checkout, or of all of them."""
    around = look_around(call.project, call.settings.search)
    for checkout in around.checkouts if everywhere else [around.here]:
        for migration in visit(checkout.project, []).all:
            name = os.path.basename(migration.relative_path)
            yield migration.revision.id, f"{name} ({checkout.name})" if everywhere else name
