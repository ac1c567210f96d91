"""The one door to subprocesses for tests."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    input: str | None = None,
    check: bool = False,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end, in a process group of its own so that a timeout ends its children too."""
    words = [str(word) for word in command]
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
        start_new_session=True,
    )
    try:
        out, err = process.communicate(input, timeout)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return checked(subprocess.CompletedProcess(words, process.returncode, out, err), check)


def checked(done: subprocess.CompletedProcess[str], check: bool = True) -> subprocess.CompletedProcess[str]:
    """What was done, or where it had to work and did not, an error that shows its output."""
    if check and done.returncode != 0:
        raise AssertionError(f"{done.args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, from when nobody else does."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
