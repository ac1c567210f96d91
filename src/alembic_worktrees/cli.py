"""The command line: dispatch, and the only printer. Data goes to stdout, talk to stderr."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .errors import DONE, INTERRUPTED, OUR_BUG, Refusal
from .messages import Message, Speaker, language, printable
from .options import parse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence
    from typing import TextIO

    from .checkouts import Checkout
    from .database import Applied
    from .inventory import Inventory, Stepped
    from .project import Project
    from .settings import Settings
    from .upgrade import Audience, Situation

SETTINGS_FILE = "pyproject.toml"
PROGRESS = {"looking"}


class Voice:
    """Says messages on standard error: with marks and colour on a terminal, bare elsewhere."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        """Speak the locale's language on `stream`; NO_COLOR and TERM are honoured."""
        self._stream = stream
        self._environment = environment
        self.speak(None)

    def speak(self, setting: str | None) -> None:
        """Speak the language of the setting, or the locale's if there is none."""
        terminal = self._stream.isatty()
        colour = terminal and "NO_COLOR" not in self._environment and self._environment.get("TERM") != "dumb"
        self.speaker = Speaker(language(setting, self._environment), marks=terminal, colour=colour)

    def tell(self, message: Message) -> None:
        """Say one message, at once and without passwords; one about progress only where somebody is looking."""
        from .runner import mask

        if message.key in PROGRESS and not self._stream.isatty():
            return
        print(mask(self.speaker.say(message)), file=self._stream, flush=True)

    def ask(self, question: Message) -> bool:
        """Ask a yes or no on the terminal; no if nobody can answer."""
        if not (sys.stdin and sys.stdin.isatty() and self._stream.isatty()):
            return False
        print(self.speaker.say(question), file=self._stream, end="", flush=True)
        return sys.stdin.readline().strip().lower() in {"y", "yes", "o", "oui"}


class Call(NamedTuple):
    """One call of the command: its options, and what they are about."""

    options: argparse.Namespace
    project: Project
    settings: Settings
    voice: Voice

    @property
    def audience(self) -> Audience:
        """The user, as one who follows a borrowing or an upgrade."""
        from .upgrade import Audience

        asked = not (self.settings.remote_database or getattr(self.options, "remote_database", None))
        return Audience(
            self.voice.tell,
            self.tell_stepped,
            lambda applied: _consent(applied, self.voice) if asked else None,
        )

    def tell_stepped(self, stepped: Sequence[Stepped]) -> None:
        """Name what was stepped over: a folder of another user always, the rest with -v."""
        for path, reason, _detail in dict.fromkeys(stepped):
            if self.options.verbose or reason == "foreign-owner":
                self.voice.tell(Message("stepped", {"path": path, "reason": reason}))


def run(argv: Sequence[str]) -> int:
    """Run the command line `argv` and return the exit status; every error ends here."""
    voice = Voice(sys.stderr, os.environ)
    try:
        status = _dispatch(parse(argv, voice.speaker), voice)
        sys.stdout.flush()
    except Refusal as refusal:
        voice.tell(Message(refusal.key, refusal.values))
        return refusal.status
    except KeyboardInterrupt:
        voice.tell(Message("interrupted"))
        return INTERRUPTED
    except BrokenPipeError:  # the reader, `head` for example, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception:
        voice.tell(Message("bug", {"report": _bug_report(argv)}))
        return OUR_BUG
    return status


def _bug_report(argv: Sequence[str]) -> str:
    import platform
    import traceback

    from . import __version__

    versions = f"alembic-worktrees {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return f"$ alembic-worktrees {' '.join(argv)}\n{versions}\n{traceback.format_exc()}"


def _dispatch(options: argparse.Namespace, voice: Voice) -> int:
    if options.command in _WITHOUT_PROJECT:
        return _WITHOUT_PROJECT[options.command](options, voice)
    from .project import config_files, find_project
    from .settings import load_settings

    files = config_files(options.config, options.name, getattr(options, "arguments", ()), os.environ)
    home = os.environ.get("ALEMBIC_WORKTREES_HOME")
    project = find_project(options.directory, here=Path.cwd(), home=Path(home) if home else None, files=files)
    settings = load_settings(project.root / SETTINGS_FILE, project.folder / SETTINGS_FILE)
    voice.speak(settings.language)
    return _WITH_PROJECT[options.command](Call(options, project, settings, voice))


def _shim(options: argparse.Namespace, _voice: Voice) -> int:
    from .shim import detect, render

    sys.stdout.write(render(options.shell or detect()))
    return DONE


def _demo(_options: argparse.Namespace, _voice: Voice) -> int:
    from .demo import run_demo

    run_demo(Voice(sys.stdout, os.environ).tell, os.environ)  # here the talk is the data
    return DONE


def _upgrade(call: Call) -> int:
    from .upgrade import upgrade

    options, settings = call.options, call.settings
    settings = settings._replace(
        target=options.target or settings.target, max_attempts=options.max_attempts or settings.max_attempts
    )
    upgrade(call.project, settings, os.environ, call.audience, prefer=options.prefer)
    return DONE


def _consent(applied: Applied, voice: Voice) -> None:
    for name in dict.fromkeys(table.name for table in applied.tables if not table.local):
        if not voice.ask(Message("ask-not-local", {"database": name})):
            raise Refusal("not-local", database=name)


def _copy(call: Call) -> int:
    from .upgrade import copy

    options = call.options
    situation = copy(
        call.project, call.settings, os.environ, call.audience, prefer=options.prefer, dry_run=options.dry_run
    )
    if options.json:
        _print_json(_plan_document(situation, call.project))
    elif options.dry_run:
        _print_plan(situation, call)
    if refusal := situation.obstacle:
        raise refusal
    if not situation.plan.copies and not situation.plan.returned:
        call.voice.tell(Message("plan-nothing"))
    return DONE


def _plan_document(situation: Situation, project: Project) -> dict[str, object]:
    plan = situation.plan
    copies = [
        {
            "revision": copy.candidate.revision.id,
            "path": os.path.relpath(copy.path, project.root),
            "origin": copy.candidate.origin._asdict(),
        }
        for copy in plan.copies
    ]
    return {
        "applied": list(plan.applied),
        "missing": list(plan.missing),
        "copies": copies,
        "unresolved": list(plan.unresolved),
    }


def _print_plan(situation: Situation, call: Call) -> None:
    for copy in situation.plan.copies:
        values = {
            "revision": copy.candidate.revision.id,
            "origin": copy.candidate.origin.name,
            "path": copy.path,
        }
        _print(call.voice.speaker.phrase(Message("plan-copy", values)))
    for row in situation.plan.returned:
        values = {"revision": row.entry.revision, "path": row.migration.path}
        _print(call.voice.speaker.phrase(Message("plan-return", values)))


def _find(call: Call) -> int:
    from .advice import not_found
    from .plan import Gap
    from .search import Search

    search = Search(call.project, call.settings, here_too=True, tell=call.voice.tell)
    revision = call.options.revision
    found = [one for one in search.find(revision) if one.revision.id == revision]
    call.tell_stepped(search.stepped)
    if not found:
        raise not_found(call.project, search.surroundings, [Gap(revision, ())])
    _print(str(found[0].path or f"{found[0].origin.commit}:{found[0].origin.path}"))
    return DONE


def _adopt(call: Call) -> int:
    from .own import adopt

    for row in adopt(call.project, call.options.revisions):
        values = {"revision": row.entry.revision, "path": row.migration.path, "origin": row.entry.origin.name}
        call.voice.tell(Message("adopted", values))
    return DONE


def _merge(call: Call) -> int:
    from .own import merge

    for path in merge(call.project, call.settings, os.environ, call.options.message, call.voice.tell):
        _print(str(path))
    return DONE


def _list(call: Call) -> int:
    from .checkouts import look_around

    surroundings = look_around(call.project, call.settings.search)
    call.tell_stepped(surroundings.stepped)
    if call.options.json:
        _print_json(
            {"checkouts": [_checkout_document(checkout, call) for checkout in surroundings.checkouts]}
        )
    else:
        for checkout in surroundings.checkouts:
            _print_checkout(checkout)
    return DONE


def _print_checkout(checkout: Checkout) -> None:
    from .inventory import migration_paths

    names = sorted(below for _, below in migration_paths(checkout.project)) if checkout.project else []
    _print(f"{checkout.name} ({len(names)} migrations)")
    for name in names:
        _print(f"  {name}")


def _checkout_document(checkout: Checkout, call: Call) -> dict[str, object]:
    from .inventory import take_inventory

    rows: list[dict[str, object]] = []
    if checkout.project:
        inventory = take_inventory(checkout.project)
        call.tell_stepped(inventory.stepped)
        rows = _migration_rows(checkout, inventory)
    return {"name": checkout.name, "path": str(checkout.path), "branch": checkout.branch, "migrations": rows}


def _migration_rows(checkout: Checkout, inventory: Inventory) -> list[dict[str, object]]:
    borrowed = {row.migration.path for row in (*inventory.borrowed, *inventory.edited)}
    return [
        {
            "revision": migration.revision.id,
            "down_revision": list(migration.revision.down_revisions),
            "depends_on": list(migration.revision.depends_on),
            "path": os.path.relpath(migration.path, checkout.path),
            "borrowed": migration.path in borrowed,
        }
        for migration in sorted(inventory.all, key=lambda migration: migration.path)
    ]


def _print(line: str) -> None:
    """Print a line of data: to a terminal without control characters, elsewhere as it is, byte for byte."""
    if sys.stdout.isatty():
        print(printable(line))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(os.fsencode(line) + b"\n")


def _print_json(document: Mapping[str, object]) -> None:
    import json

    print(json.dumps({"version": 1, **document}, indent=2))


_WITHOUT_PROJECT: dict[str, Callable[[argparse.Namespace, Voice], int]] = {"shim": _shim, "demo": _demo}
_WITH_PROJECT: dict[str, Callable[[Call], int]] = {
    "upgrade": _upgrade,
    "copy": _copy,
    "find": _find,
    "list": _list,
    "adopt": _adopt,
    "merge": _merge,
}
