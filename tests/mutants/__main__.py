"""`make mutants`: make a sample of mistakes, each in a copy of the tree, and name those that no test notices.

First all tests are run to see what each calls: a mistake is tried with the tests that call the function, the fastest
first. The copies are removed, also if this is killed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from worlds.postgres import janitor

from .copies import PACKAGE, ROOT, Copy
from .mutations import Mutation, mutations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .copies import Notes

FOLDERS = ("borrow", "check", "migrations", "search")


class Trial(NamedTuple):
    """A mistake, and the tests that may notice it in that many seconds; slower ones are left out."""

    module: str
    mistake: Mutation
    tests: tuple[str, ...]
    left_out: int
    seconds: float


def sample(only: str, count: int, seed: int) -> list[tuple[str, Mutation]]:
    places = sorted(place for folder in FOLDERS for place in (ROOT / PACKAGE / folder).rglob("*.py"))
    modules = {place.relative_to(ROOT / PACKAGE).as_posix(): place.read_bytes() for place in places}
    found = [(name, one) for name in modules if name.startswith(only) for one in mutations(modules[name])]
    return sorted(random.Random(seed).sample(found, min(count, len(found))))  # noqa: S311


def trial(module: str, mistake: Mutation, notes: Notes, budget: float) -> Trial:
    """Choose the tests: those that call the function, or anything of the module if it is in none."""
    called = f"{module}:{mistake.unit}\n" if mistake.unit else f"{module}:"
    rows = [
        row for row in notes if row["passed"] and any(f"{one}\n".startswith(called) for one in row["calls"])
    ]
    rows.sort(key=lambda row: row["seconds"])
    totals = [total for total in accumulate(row["seconds"] for row in rows) if total <= budget]
    tests = tuple(row["id"] for row in rows[: len(totals)])
    return Trial(module, mistake, tests, len(rows) - len(tests), totals[-1] if totals else 0.0)


def describe(one: Trial) -> str:
    source = (ROOT / PACKAGE / one.module).read_bytes()
    old, new = source[one.mistake.start : one.mistake.end].decode(), one.mistake.new.decode()
    slower = f", {one.left_out} slower ones left out" if one.left_out else ""
    return (
        f"{one.module}:{one.mistake.line}: {' '.join(old.split())} → {new} ({len(one.tests)} tests{slower})"
    )


# Each process has its copy.

_copy: Copy


def start(folders: multiprocessing.SimpleQueue[str]) -> None:
    global _copy
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so end the tests
    _copy = Copy(Path(folders.get()))


def observe(tests: Sequence[str]) -> Notes:
    return _copy.observe(tests)


def attempt(one: Trial) -> tuple[Trial, bool, float]:
    """Run the tests of a trial; if they take three times as long as before, they hang."""
    before = time.monotonic()
    noticed = bool(one.tests) and _copy.notices(one.module, one.mistake, one.tests, 60 + 3 * one.seconds)
    return one, noticed, time.monotonic() - before


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("-n", type=int, default=200, help="how many mistakes (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (%(default)s)")
    parser.add_argument("--only", default="", metavar="MODULE", help="where a path begins so: borrow/plan")
    parser.add_argument("--tests", default="tests/**/test_*.py", metavar="GLOB", help="(%(default)s)")
    parser.add_argument("--budget", type=float, default=180.0, help="seconds of tests for each (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="at the same time (%(default)s)")
    parser.add_argument("--notes", type=Path, help="keep here what tests call, or take it from here")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="awt-mutants-"))
    folders: multiprocessing.SimpleQueue[str] = multiprocessing.SimpleQueue()
    for _ in range(options.jobs):
        folders.put(tempfile.mkdtemp(dir=folder))
    with janitor(folder), multiprocessing.Pool(options.jobs, start, (folders,)) as pool:
        if options.notes and options.notes.exists():
            notes = json.loads(options.notes.read_text())
        else:
            files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(options.tests))
            parts = [part for number in range(options.jobs) if (part := files[number :: options.jobs])]
            notes = [row for rows in pool.map(observe, parts, 1) for row in rows]
            if options.notes:
                options.notes.write_text(json.dumps(notes))
        trials = [trial(*one, notes, options.budget) for one in sample(options.only, options.n, options.seed)]
        count = 0
        for one, noticed, seconds in pool.imap_unordered(attempt, trials):
            count += noticed
            print(f"{seconds:4.0f} s  {'noticed ' if noticed else 'SURVIVED'}  {describe(one)}", flush=True)
    print(f"{count} of {len(trials)} noticed")


if __name__ == "__main__":
    main()
