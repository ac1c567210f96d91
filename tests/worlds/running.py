"""Our command while it runs: what it says so far, and the signals that may end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worlds.world import Checkout


class Running:
    """The command in a process group of its own, whose words on stderr can be waited for."""

    def __init__(self, checkout: Checkout, *args: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "alembic_worktrees", *args],
            cwd=checkout.backend,
            env=checkout.world.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        self.said = ""

    @property
    def done(self) -> bool:
        return self._process.poll() is not None

    def until(self, words: str) -> None:
        """Wait until it has said `words`."""
        assert self._process.stderr
        for line in self._process.stderr:
            self.said += line
            if words in line:
                return
        raise AssertionError(f"It ended without a word of {words!r}:\n{self.said}")

    def signal(self, number: signal.Signals, *, alone: bool = False) -> None:
        """Send a signal to it and its children, as a terminal does for ^C, or to it alone."""
        with suppress(ProcessLookupError):
            (os.kill if alone else os.killpg)(self._process.pid, number)

    def finish(self, timeout: float = 120) -> int:
        """Wait for its end, and return its status."""
        _, rest = self._process.communicate(timeout=timeout)
        self.said += rest
        return self._process.returncode


@contextmanager
def running(checkout: Checkout, *args: str) -> Iterator[Running]:
    """Our command, started in the backend; it is gone afterwards."""
    process = Running(checkout, *args)
    try:
        yield process
    finally:
        process.signal(signal.SIGKILL)
        process.finish()
