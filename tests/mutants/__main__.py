"""`make mutants`: make a sample of mistakes, each in a copy of the tree, and name those that no test notices.

First all tests are run to see what each calls: a mistake is tried with the tests that call the function, those of its
name first, then those of its folder, and of them the fastest. The copies are removed, also if this is killed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
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
    folder, name = module.partition("/")[0], Path(module).stem
    near = (f"tests/{folder}/test_{name}.py", f"tests/{folder}/")
    rows.sort(key=lambda row: (*(not row["id"].startswith(one) for one in near), row["seconds"]))
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


def attempt(copy: Copy, trials: Sequence[Trial]) -> int:
    """Run the tests of each trial, and return how many mistakes were noticed; a hang is noticed too."""
    count = 0
    for one in trials:
        before, timeout = time.monotonic(), 60 + 3 * one.seconds
        noticed = bool(one.tests) and copy.notices(one.module, one.mistake, one.tests, timeout)
        count += noticed
        state = "noticed " if noticed else "SURVIVED"
        print(f"{time.monotonic() - before:4.0f} s  {state}  {describe(one)}", flush=True)
    return count


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
    folder, jobs = Path(tempfile.mkdtemp(prefix="awt-mutants-")), options.jobs
    with janitor(folder), ThreadPoolExecutor(jobs) as pool:
        copies = [Copy(Path(tempfile.mkdtemp(dir=folder))) for _ in range(jobs)]
        try:
            if options.notes and options.notes.exists():
                notes = json.loads(options.notes.read_text())
            else:
                files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(options.tests))
                parts = [files[number::jobs] for number in range(jobs)]
                notes = [row for rows in pool.map(Copy.observe, copies, parts) for row in rows]
                if options.notes:
                    options.notes.write_text(json.dumps(notes))
            chosen = sample(options.only, options.n, options.seed)
            trials = [trial(*one, notes, options.budget) for one in chosen]
            slices = [trials[number::jobs] for number in range(jobs)]
            print(f"{sum(pool.map(attempt, copies, slices))} of {len(trials)} noticed")
        finally:
            for copy in copies:
                copy.end()


if __name__ == "__main__":
    main()
