"""A command → the time it takes and the memory it needs; two commands → how they compare."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

# What is started by a process is charged, until its exec, with the memory of that process. This one has little.
STARTER = """
import json, os, sys, time
for line in sys.stdin:
    argv, folder, environment, errors = json.loads(line)
    os.chdir(folder)
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, environment, file_actions=streams)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    print(json.dumps([os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss]), flush=True)
"""
TO_MEGABYTES = (
    1 / 1024 if sys.platform == "linux" else 1 / 1024**2
)  # ru_maxrss is in KB there, in bytes on a Mac


class Command(NamedTuple):
    """What somebody types, where, and in which environment."""

    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]


class Cost(NamedTuple):
    """What one run took, and the most memory that any one of its processes held."""

    seconds: float
    megabytes: float


class Pair(NamedTuple):
    """Two commands to compare; `reset` makes things as they were, before each run of either."""

    ours: Command
    against: Command
    reset: Callable[[], None] = lambda: None


class Comparison(NamedTuple):
    """The medians, and the median of the ratios of neighbouring runs: those shared the machine's mood."""

    ours: float
    against: float
    ratio: float
    rounds: int


class Stopwatch:
    """Runs commands one at a time and measures each."""

    def __init__(self, starter: subprocess.Popen[str], errors: Path) -> None:
        self._starter = starter
        self._errors = errors

    def run(self, command: Command) -> Cost:
        """Run it once. A command that fails raises AssertionError with what it said."""
        program = shutil.which(command.argv[0], path=command.environment["PATH"])
        argv = [program, *command.argv[1:]]
        request = [argv, str(command.folder), dict(command.environment), str(self._errors)]
        assert self._starter.stdin and self._starter.stdout
        print(json.dumps(request), file=self._starter.stdin, flush=True)
        status, seconds, memory = json.loads(self._starter.stdout.readline())
        assert status == 0, f"{command.argv} ended with {status}: {self._errors.read_text()}"
        return Cost(seconds, memory * TO_MEGABYTES)


@contextmanager
def stopwatch(folder: Path) -> Iterator[Stopwatch]:
    """Lend a stopwatch that keeps what commands say on stderr in `folder`."""
    argv = [sys.executable, "-I", "-S", "-c", STARTER]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        yield Stopwatch(starter, folder / "stderr")


def compare(watch: Stopwatch, pair: Pair, *, at_least: int, at_most: int, seconds: float) -> Comparison:
    """Run both in turn, after one round to warm up: `at_least` rounds, then more while `seconds` last."""
    costs: list[tuple[float, float]] = []
    deadline = time.monotonic() + seconds
    while len(costs) <= at_least or (len(costs) <= at_most and time.monotonic() < deadline):
        costs.append((_timed(watch, pair, pair.ours), _timed(watch, pair, pair.against)))
    ours, against = zip(*costs[1:], strict=True)
    ratio = median(one / other for one, other in costs[1:])
    return Comparison(median(ours), median(against), ratio, len(costs) - 1)


def _timed(watch: Stopwatch, pair: Pair, command: Command) -> float:
    pair.reset()
    return watch.run(command).seconds
