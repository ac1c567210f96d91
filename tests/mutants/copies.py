"""Copies of the tree in which mistakes are made."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        """Make it in `folder`, which is empty."""
        self._folder = folder / "tree"
        self._scratch = folder
        self._clock = time.time()
        self._process: subprocess.Popen[str] | None = None
        self._ended = False
        shutil.copytree(ROOT, self._folder, symlinks=True, ignore=LEFT)
        self._site = self._install()

    def _install(self) -> Path:
        """Link all that lies in the environment, but for the texts that name the tree; return where packages are."""
        prefix, site = Path(sys.prefix), Path(sysconfig.get_path("purelib"))
        for source in (*prefix.glob("*.cfg"), *prefix.glob("bin/*"), *site.iterdir()):
            target = self._folder / ".venv" / source.relative_to(prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            small = source.is_file() and source.stat().st_size < 100_000
            if small and os.fsencode(ROOT) in (content := source.read_bytes()):
                target.write_bytes(content.replace(os.fsencode(ROOT), os.fsencode(self._folder)))
                shutil.copymode(source, target)
            else:
                target.symlink_to(source.readlink() if source.is_symlink() else source)
        return self._folder / ".venv" / site.relative_to(prefix)

    def observe(self, tests: Sequence[str]) -> Notes:
        """Run these files of tests, and return of each test how it ended and what it called."""
        if not tests:
            return []
        calls, notes = self._scratch / "calls", self._scratch / "notes"
        program = self._folder / "tests/mutants/calls.py"
        names = {"OURS": f"{self._folder / PACKAGE}/", "PLACE": str(calls)}
        start = self._site / "calls.pth"
        start.write_text(
            f"import sys; exec(compile(open({str(program)!r}).read(), 'calls', 'exec'), {names!r})"
        )
        status, said = self._pytest(tests, SUITE, MUTANTS_NOTES=notes, MUTANTS_CALLS=calls)
        assert status in (0, 1), said
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
            return self._pytest([*files, "-x"], timeout, MUTANTS_CHOSEN=chosen)[0] != 0
        except subprocess.TimeoutExpired:
            return True
        finally:
            self._write(place, source)

    def _write(self, place: Path, content: bytes) -> None:
        """Write a module at a second of its own: Python might take for it what it has compiled before."""
        place.write_bytes(content)
        self._clock += 2
        os.utime(place, (self._clock, self._clock))

    def _pytest(self, words: Iterable[str], timeout: float, **environment: Path) -> tuple[int, str]:
        self._stop_if_ended()
        python = str(self._folder / ".venv/bin/python")
        env = os.environ | {name: str(path) for name, path in environment.items()}
        env |= {"PYTHONPATH": str(self._folder / "tests"), "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [python, "-m", "pytest", "-q", "-p", "mutants.plugin", *words],
            cwd=self._folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            said, _ = self._process.communicate(timeout=timeout)
        finally:
            self._kill()
        self._stop_if_ended()
        return self._process.returncode, said

    def end(self) -> None:
        """End the tests that are under way; there are no others."""
        self._ended = True
        self._kill()

    def _stop_if_ended(self) -> None:
        if self._ended:
            raise SystemExit

    def _kill(self) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
