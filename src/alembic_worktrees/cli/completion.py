"""What may stand next on the command line? The parser and the words so far → Offer."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

from ..install.hook_scripts import HOOKS
from ..install.shim import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Know = Callable[[str, str], Iterable["Word"]]

_PATHS = {"DIR": "dirs", "FILE": "files"}  # the shell knows them better than we do
_LISTS = {
    "dev,claude": ("dev", "claude", "dev,claude"),
    "HOOK [ARG ...]": tuple(name for name in HOOKS if name.startswith("post-")),
}


class Word(NamedTuple):
    """A word that may stand next, and what it means."""

    word: str
    meaning: str = ""


class Offer(NamedTuple):
    """What may stand next: these words, or "dirs" or "files" that the shell is to find."""

    kind: str = "words"
    words: tuple[Word, ...] = ()


def complete(parser: argparse.ArgumentParser, line: Sequence[str], know: Know) -> Offer:
    """Offer what may replace the last word of `line`, whose first is the command.

    `know` is asked for the values of a kind ("REVISION", "REV", "ORIGIN") that an option of a subcommand takes.
    """
    words = _without_equals(line)
    if len(words) > 1 and words[0] in FUNCTIONS:
        words = ["", FUNCTIONS[words[0]], *words[1:]]
    *before, current = words[1:] or [""]
    commands = _commands(parser)
    if not before:
        offered = _options(parser, ()) if current.startswith("-") else _subcommands(parser)
        return _beginning(current, Offer(words=tuple(offered)))
    if before[0] not in commands:
        return Offer()
    name, *rest = before
    return _beginning(current, _after(commands[name], rest, current, lambda kind: know(name, kind)))


def _without_equals(line: Sequence[str]) -> list[str]:
    """Return the words without the `=` that bash makes a word of its own: `--shell`, `=`, `ba`."""
    if len(line) > 1 and line[-1] == "=" and line[-2].startswith("--"):
        return [*line[:-1], ""]
    return [word for word, last in zip(line, ["", *line], strict=False) if word != "=" or last[:2] != "--"]


def _beginning(current: str, offer: Offer) -> Offer:
    return offer._replace(words=tuple(word for word in offer.words if word.word.startswith(current)))


def _commands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    return next(
        action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )


def _subcommands(parser: argparse.ArgumentParser) -> Iterator[Word]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from (Word(choice.dest, choice.help or "") for choice in action._choices_actions)


def _options(parser: argparse.ArgumentParser, used: Iterable[str]) -> Iterator[Word]:
    """Yield the options that have not been used, each by its longest name."""
    for action in parser._actions:
        spent = set(action.option_strings) & set(used) and not isinstance(action, argparse._AppendAction)
        if action.option_strings and not spent:
            yield Word(max(action.option_strings, key=len), (action.help or "").replace("%%", "%"))


def _after(
    parser: argparse.ArgumentParser,
    before: Sequence[str],
    current: str,
    know: Callable[[str], Iterable[Word]],
) -> Offer:
    """Offer what may follow `before`, the words after a subcommand."""
    taking = {
        name: action for action in parser._actions for name in action.option_strings if action.nargs is None
    }
    waiting: argparse.Action | None = None
    positions, only_positions = 0, False
    for word in before:
        if waiting:
            waiting = None
        elif word == "--":
            only_positions = True
        elif only_positions or not word.startswith("-"):
            positions += 1
        else:
            waiting = taking.get(word)
    if waiting:
        return _values(waiting, know)
    option, equals, _ = current.partition("=")
    if equals and option in taking and not only_positions:
        offer = _values(taking[option], know)
        return offer._replace(words=tuple(Word(f"{option}={word}", meaning) for word, meaning in offer.words))
    if current.startswith("-") and not only_positions:
        return Offer(words=tuple(_options(parser, before)))
    action = _positional(parser, positions)
    return _values(action, know) if action else Offer()


def _positional(parser: argparse.ArgumentParser, count: int) -> argparse.Action | None:
    """Return what the next word is for that is no option, after `count` of them."""
    places = [action for action in parser._actions if not action.option_strings]
    if count < len(places):
        return places[count]
    return places[-1] if places and places[-1].nargs in {"+", "*"} else None


def _values(action: argparse.Action, know: Callable[[str], Iterable[Word]]) -> Offer:
    if action.choices:
        return Offer(words=tuple(Word(str(choice)) for choice in action.choices))
    kind = str(action.metavar)
    if kind in _PATHS:
        return Offer(_PATHS[kind])
    return Offer(words=tuple(map(Word, _LISTS[kind])) if kind in _LISTS else tuple(know(kind)))
