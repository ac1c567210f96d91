"""Copies of the tree in which mistakes are made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worlds.process import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .mutations import Mutation

    Notes = list[dict[str, Any]]

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "src/alembic_worktrees"
LEFT = shutil.ignore_patterns(".venv", ".matrix", "__pycache__", ".*_cache", ".hypothesis", "build", "dist")
SUITE = 3 * 3600.0  # seconds for all tests


class Copy:
    """A copy of the tree, with a virtual environment that has the copy installed in place of the tree."""

    def __init__(self, folder: Path) -> None:
        """Make it at `folder`; nothing else knows of it."""
        self._folder = folder / "tree"
        self._scratch = folder
        self._clock = time.time()
        shutil.copytree(ROOT, self._folder, symlinks=True, ignore=LEFT)
        shutil.copytree(sys.prefix, self._folder / ".venv", symlinks=True, copy_function=self._install)

    def _install(self, source: str, target: str) -> None:
        """Link a file of the environment, or copy it if it is a text that names the tree."""
        if Path(source).suffix in ("", ".pth", ".cfg", ".json") and os.path.getsize(source) < 1_000_000:
            content = Path(source).read_bytes()
            if os.fsencode(ROOT) in content:
                Path(target).write_bytes(content.replace(os.fsencode(ROOT), os.fsencode(self._folder)))
                shutil.copymode(source, target)
                return
        os.symlink(source, target)

    def observe(self, tests: Sequence[str]) -> Notes:
        """Run these files of tests, and return of each test how it ended and what it called."""
        calls, notes = self._scratch / "calls", self._scratch / "notes"
        program = self._folder / "tests/mutants/calls.py"
        names = {"OURS": f"{self._folder / PACKAGE}/", "PLACE": str(calls)}
        (site,) = self._folder.glob(".venv/lib/python*/site-packages")
        start = site / "calls.pth"
        start.write_text(
            f"import sys; exec(compile(open({str(program)!r}).read(), 'calls', 'exec'), {names!r})"
        )
        done = self._pytest(tests, SUITE, MUTANTS_NOTES=notes, MUTANTS_CALLS=calls)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        start.unlink()
        return [json.loads(line) for line in notes.read_text().splitlines()]

    def notices(self, module: str, mistake: Mutation, tests: Sequence[str], timeout: float) -> bool:
        """Whether one of these tests fails where a module has this mistake, or all do not end in time."""
        place, chosen = self._folder / PACKAGE / module, self._scratch / "chosen"
        source = place.read_bytes()
        chosen.write_text(json.dumps(tests))
        try:
            self._write(place, mistake.applied(source))
            files = dict.fromkeys(test.partition("::")[0] for test in tests)
            return self._pytest([*files, "-x"], timeout, MUTANTS_CHOSEN=chosen).returncode != 0
        except subprocess.TimeoutExpired:
            return True
        finally:
            self._write(place, source)

    def _write(self, place: Path, content: bytes) -> None:
        """Write a module at a second of its own: Python might take for it what it has compiled before."""
        place.write_bytes(content)
        self._clock += 2
        os.utime(place, (self._clock, self._clock))

    def _pytest(
        self, words: Iterable[str], timeout: float, **environment: Path
    ) -> subprocess.CompletedProcess[str]:
        python = str(self._folder / ".venv/bin/python")
        env = os.environ | {name: str(path) for name, path in environment.items()}
        env |= {"PYTHONPATH": str(self._folder / "tests"), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [python, "-m", "pytest", "-q", "-p", "mutants.plugin", *words]
        return run(command, cwd=self._folder, env=env, timeout=timeout)
