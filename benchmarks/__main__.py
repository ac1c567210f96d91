"""`make bench` and `make growth`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from worlds.postgres import janitor, server

from .cases import CASES, Place
from .machine import describe
from .measure import compare, stopwatch
from .results import table, write_section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worlds.postgres import Server

    from .cases import Case
    from .measure import Comparison, Stopwatch

HOW = """\
Each row runs the two commands in turn, in one run and from their start, as somebody types them: first to warm up, then
for the medians. The ratio is the median of the ratios of neighbouring runs.
"""


def main(words: list[str]) -> int:
    """Measure, and write down what was seen. The status is 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds; nothing is written down")
    parser.add_argument("--only", metavar="WORDS", default="", help="only the cases with these words")
    options = parser.parse_args(words)
    cases = [case for case in CASES if options.only in case.name]
    with bench() as (folder, watch, postgres):
        rows = []
        for number, case in enumerate(cases):
            rows.append((case, measure(case, folder / str(number), watch, postgres, quick=options.quick)))
            print(table(rows[-1:]).splitlines()[-1], flush=True)
        if not options.quick and cases == list(CASES):
            write_section("Side by side", f"{HOW}\n{table(rows)}\n{describe(postgres)}")
    return int(any(found.ratio > case.target for case, found in rows))


@contextmanager
def bench() -> Iterator[tuple[Path, Stopwatch, Server]]:
    """Lend a folder that is removed afterwards, a stopwatch and a PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="awt-")).resolve()
    with janitor(folder), stopwatch(folder) as watch, server(folder) as postgres:
        yield folder, watch, postgres


def measure(case: Case, home: Path, watch: Stopwatch, postgres: Server, *, quick: bool) -> Comparison:
    """Make the world of a case, compare in it, and remove it."""
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        pair = case.world(Place(home, lambda: stack.enter_context(postgres.database())))
        if quick:
            return compare(watch, pair, at_least=3, at_most=3, seconds=0)
        return compare(watch, pair, at_least=7, at_most=41, seconds=20)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
