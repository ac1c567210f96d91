"""The project's own Alembic, in the project's own Python: found, started once, and asked in lines of JSON."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..messages import Message, Text, _
from ..project.interpreter import interpreters
from ..runner.masking import mask
from ..system.process import Conversation
from .failures import ended, no_python

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..project.project import Project
    from ..project.settings import Settings

RUNNER = Path(__file__).parents[1] / "runner"
# Leaves first.
MODULES = ["masking", "parsing", "failures", "hosts", "interruption", "locks", "making", "running"]
MODULES += ["commands", "downgrading", "rows", "elsewhere", "differences", "comparing", "loop"]
# A launcher or a container passes on neither paths nor descriptors: what is to be run comes on standard input.
# Python puts the folder it is started in first on its path, as the `alembic` command does not; a types.py may be there.
# No braces: `hatch run` fills them.
BOOT = """\
import sys
if sys.path[:1] == [""]: del sys.path[0]
import json, os, types
requests = open(os.dup(0), encoding="utf-8")
os.environ["ALEMBIC_WORKTREES"] = "off"
for name, source in json.loads(requests.readline() or sys.exit()):
    sys.modules[name] = module = types.ModuleType(name)
    module.__package__ = "alembic_worktrees_runner"
    exec(compile(source, "<" + name + ">", "exec"), vars(module))
module.main(requests)
"""
GRACE = 2.0  # seconds that Alembic has to stop after ^C


class Session:
    """A process of the project's own Python that does what the runner can do."""

    def __init__(
        self, project: Project, settings: Settings, environment: Mapping[str, str], *, silent: bool
    ) -> None:
        """Know which interpreters are likely; the setting `python` beats all. Nobody hears a `silent` one."""
        self._project, self._settings = project, settings
        self._environment, self._silent = environment, silent
        found = interpreters(project.folder, project.root, project.repository, environment)
        self._likely = iter([list(settings.python)] if settings.python else ([path] for path in found))
        self._tried: list[str | Message] = []
        self._talk: Conversation | None = None
        self._ready = False

    def start(self) -> None:
        """Start the first likely interpreter if none was, and come back at once."""
        if not self._tried:
            self._start_next()

    def close(self) -> None:
        """Let it end, and with it what it has locked."""
        if self._talk:
            self._talk.close()

    def end(self) -> None:
        """End it at once, whatever it is at."""
        if self._talk:
            self._talk.kill()
            self._talk.close()
            self._talk = None

    def _stop(self) -> None:
        """Let it end what it is at; where it does not, or for a second ^C, end it."""
        answer = None
        with suppress(KeyboardInterrupt, TimeoutError):
            if self._talk:
                self._talk.interrupt()
                answer = self._talk.receive(GRACE)
        if answer is None:
            self.end()

    def _ask(self, do: str, timeout: float | None = None, **about: object) -> dict[str, Any]:
        """Have the runner do what it calls `do`, and return its answer. Raises UserError, TimeoutError."""
        self._send(do, **about)
        return self._receive(timeout)

    def _send(self, do: str, **about: object) -> None:
        """Have the runner do something, and come back at once. Raises UserError."""
        self._wait_until_ready().send(json.dumps({"do": do, **about}))

    def _receive(self, timeout: float | None = None, *, in_order: bool = False) -> dict[str, Any]:
        """Return the next answer. Raises UserError, TimeoutError.

        ^C ends the process, which may wait for a server, if it is not to end in order.
        """
        talk = self._wait_until_ready()
        try:
            line = talk.receive(timeout)
        except KeyboardInterrupt:
            if not in_order:
                talk.kill()
            raise
        if line is None:
            raise ended(self._project, talk.close())
        return dict(json.loads(line))

    def _wait_until_ready(self) -> Conversation:
        self.start()
        while self._talk and not self._ready:
            greeting = _greeting(self._talk)
            self._ready = bool(greeting and greeting["ready"])
            if not self._ready:
                self._tried[-1] = self._not_ready(greeting, self._talk.close())
                self._start_next()
        if self._talk:
            return self._talk
        raise no_python(self._tried, chosen=bool(self._settings.python))

    def _not_ready(self, greeting: Mapping[str, Any] | None, status: int) -> Message:
        if greeting:
            return Message(
                Text("{python}: {reason}"), {"python": self._tried[-1], "reason": greeting["reason"]}
            )
        text = _("{python}: it ended with status {status} before it could be asked; see its message above")
        return Message(text, {"python": self._tried[-1], "status": status})

    def _start_next(self) -> None:
        self._talk = None
        for argv in self._likely:
            self._tried.append(mask(" ".join(argv)))
            try:
                folder = self._project.folder
                self._talk = Conversation([*argv, "-u", "-c", BOOT], folder=folder, silent=self._silent)
            except OSError as error:
                self._tried[-1] = f"{self._tried[-1]}: {error.strerror}"
            else:
                self._talk.send(sources())
                self._talk.send(json.dumps(self._about()))
                return

    def _about(self) -> dict[str, object]:
        """Return what the runner is told of the project."""
        project = self._project
        scripts = os.path.relpath(project.scripts, project.folder)
        identity = os.stat(project.folder)
        return {
            "folder": self._settings.python_folder,
            "here": [str(project.folder), identity.st_dev, identity.st_ino],
            "argv": project.files.argv,
            "function": self._settings.config,
            "directory": scripts if project.config.by_flask else None,
            "scripts": "." if scripts.startswith(os.pardir) else scripts,
        }


def sources() -> str:
    """Return what BOOT reads: the runner's modules, each with its name."""
    package = "alembic_worktrees_runner"
    files = [(f"{package}.{name}", (RUNNER / f"{name}.py").read_text(encoding="utf-8")) for name in MODULES]
    return json.dumps([(package, "__path__ = []"), *files])


def _greeting(talk: Conversation) -> dict[str, Any] | None:
    """Return what the runner says first. What a launcher says before it is shown: it may be why nothing comes."""
    while line := talk.receive():
        if line.startswith('{"ready": '):
            return dict(json.loads(line))
        sys.stderr.write(mask(line))
    return None
