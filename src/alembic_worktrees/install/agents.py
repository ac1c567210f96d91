"""What agents are told, and what they and the managers of worktrees start: file → text with ours in it, and without.

Claude Code, worktrunk, Cursor and Conductor each have a file of their own for it, which others write into as well.
"""

from __future__ import annotations

import json
import re
import shlex
from functools import partial
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import PROGRAM
from .blocks import with_entry, with_paragraph, without_block
from .json_lists import NOTHING, with_item, without_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .extras import Home

INSTRUCTIONS = ("AGENTS.md", "CLAUDE.md")
CLAUDE, WORKTRUNK = ".claude/settings.json", ".config/wt.toml"
CURSOR, CONDUCTOR, OLD_CONDUCTOR = ".cursor/worktrees.json", ".conductor/settings.toml", "conductor.json"

FILES = (*INSTRUCTIONS, CLAUDE, WORKTRUNK, CURSOR, CONDUCTOR)

# What says that a manager of worktrees is in use: a file of the checkout, a program
SIGNS = {
    "worktrunk": ((WORKTRUNK,), "wt"),
    "cursor": ((".cursor",), "cursor"),
    "conductor": ((".conductor", OLD_CONDUCTOR), "conductor"),
}

_TEMPLATES = Path(__file__).with_name("templates")
_STARTED, _SETUP = ("hooks", "SessionStart"), ("setup-worktree",)
_CALL = re.compile(rf"{PROGRAM} upgrade (?:[^\s']+|'[^']*')")
# The hook runs where the session is. What it prints is what Claude reads; so a failure is told, and stops nothing.
_AT_START = 'cd "$(git rev-parse --show-toplevel)" && {call} 2>&1 || true'
_LONGEST = 60  # seconds that a session waits


class Addition(NamedTuple):
    """What is to stand in a file; `put` returns None where only a person can add it."""

    name: str  # of the file, from the checkout's top
    text: str
    put: Callable[[str], str | None]


def seen(root: Path) -> tuple[str, ...]:
    """Return which managers of worktrees are in use here."""
    return tuple(
        name
        for name, (files, program) in SIGNS.items()
        if which(program) or any((root / file).exists() for file in files)
    )


def additions(home: Home) -> Iterator[tuple[str, Addition]]:
    """Yield for each kind, "agents" or a manager of worktrees, what it needs."""
    root = home.target.root
    backend = shlex.quote(home.folder.relative_to(root).as_posix())
    text = (
        (_TEMPLATES / f"agents.{home.language}.md").read_text(encoding="utf-8").replace("@BACKEND@", backend)
    )
    for name in _told(root):
        yield "agents", Addition(name, text, partial(with_paragraph, body=text))
    call = f"{PROGRAM} upgrade {backend}"
    yield "agents", _listed(CLAUDE, _STARTED, _hook(call))
    yield "worktrunk", _entry(WORKTRUNK, "post-start", "migrations", call)
    yield "cursor", _listed(CURSOR, _SETUP, call)
    if (root / OLD_CONDUCTOR).exists() and not (root / CONDUCTOR).exists():
        # The new file would put this one out of use.
        yield "conductor", Addition(OLD_CONDUCTOR, call, lambda text: text if PROGRAM in text else None)
    else:
        yield "conductor", _entry(CONDUCTOR, "scripts", "setup", call)


def without(name: str, text: str) -> str | None:
    """Return the text of one of these files without ours; None if nothing is left."""
    if name == CLAUDE:
        return without_items(text, _STARTED, _is_our_hook)
    if name == CURSOR:
        return without_items(text, _SETUP, lambda value: bool(_CALL.fullmatch(str(value))))
    return without_block(text) or None


def _told(root: Path) -> tuple[str, ...]:
    """Return the files in which agents are told things: each that is here, but for one that leads to the other."""
    here = {path.resolve(): name for name in reversed(INSTRUCTIONS) if (path := root / name).is_file()}
    names = tuple(here.values()) or (INSTRUCTIONS[(root / ".claude").is_dir()],)
    leads = len(names) > 1 and "@AGENTS.md" in (root / "CLAUDE.md").read_text("utf-8", "replace")
    return INSTRUCTIONS[:1] if leads else names


def _hook(call: str) -> dict[str, object]:
    command = {"type": "command", "command": _AT_START.format(call=call), "timeout": _LONGEST}
    return {"matcher": "startup|resume", "hooks": [command]}


def _is_our_hook(value: Any) -> bool:
    call = _CALL.search(json.dumps(value, ensure_ascii=False))
    return call is not None and value == _hook(call[0])


def _listed(name: str, path: tuple[str, ...], item: object) -> Addition:
    def put(text: str) -> str | None:
        if without_items(text, path, lambda one: bool(one == item)) != text:
            return text
        left = without(name, text) or NOTHING
        return left if PROGRAM in left else with_item(left, path, item)

    return Addition(name, json.dumps(item, ensure_ascii=False, indent=2), put)


def _entry(name: str, table: str, key: str, value: str) -> Addition:
    def put(text: str) -> str | None:
        return text if PROGRAM in without_block(text) else with_entry(text, table, key, value)

    return Addition(name, value, put)
