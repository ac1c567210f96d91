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
from .chart import draw
from .growth import GROWTHS, HEAD, grow, panels, rows
from .machine import describe
from .measure import compare, stopwatch
from .results import RESULTS, table, write_section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worlds.postgres import Server

    from .cases import Case
    from .growth import Grown, Growth
    from .measure import Comparison, Stopwatch

HOW = """\
Each row runs the two commands in turn, from their start and as somebody types them: first to warm up, then for the
medians. The ratio is the median of the ratios of neighbouring runs. The rows that begin with "least" have no target:
they compare with what cannot be done without.
"""
HOW_GROWTH = """\
One thing doubles seven times, the others stay; each time is the median of three runs, the memory is that of the largest
process. The exponent is the slope of the last four points: 1 is in proportion, 2 would be the square.
"""


class Bench:
    """Where measuring is done; `quick` measures little and writes nothing down."""

    def __init__(self, folder: Path, watch: Stopwatch, postgres: Server, *, quick: bool) -> None:
        self._folder = folder
        self._watch = watch
        self._postgres = postgres
        self._quick = quick

    def compare(self, only: str) -> bool:
        """Compare the cases with these words in their names; say whether all reach their targets."""
        cases = [case for case in CASES if only in case.name]
        found = [(case, self._compared(case)) for case in cases]
        if not self._quick and len(cases) == len(CASES):
            write_section("Side by side", f"{HOW}\n{table(found)}\n{describe(self._postgres)}")
        return all(case.reached(comparison.ratio) for case, comparison in found)

    def grow(self, only: str) -> bool:
        """Let the things with these words in their names grow; say whether nothing grows faster than they do."""
        growths = [growth for growth in GROWTHS if only in growth.what]
        found = [self._grown(growth) for growth in growths]
        lines = [row for grown in found for row in rows(grown)]
        if not self._quick and len(growths) == len(GROWTHS):
            for grown in found:
                RESULTS.with_name(f"{grown.growth.what}.svg").write_text(draw(panels(grown)))
            pictures = "\n".join(f"![{growth.what}]({growth.what}.svg)" for growth in growths)
            written = "\n".join([HOW_GROWTH, HEAD, *lines, "", pictures, "", describe(self._postgres)])
            write_section("Growth", written)
        return True

    def _compared(self, case: Case) -> Comparison:
        least, most, seconds = (3, 3, 0) if self._quick else (7, 41, 20)
        with self._place() as place:
            found = compare(self._watch, case.world(place), at_least=least, at_most=most, seconds=seconds)
        print(table([(case, found)]).splitlines()[-1], flush=True)
        return found

    def _grown(self, growth: Growth) -> Grown:
        steps = growth.steps[:3] if self._quick else growth.steps
        grown = grow(growth._replace(steps=steps), self._place, self._watch)
        print(*rows(grown), sep="\n", flush=True)
        return grown

    @contextmanager
    def _place(self) -> Iterator[Place]:
        """Lend an empty place that is removed afterwards."""
        with ExitStack() as stack:
            home = Path(tempfile.mkdtemp(dir=self._folder)) / "home"
            stack.callback(shutil.rmtree, home, ignore_errors=True)
            yield Place(home, lambda: stack.enter_context(self._postgres.database()))


def main(words: list[str]) -> int:
    """Measure, and write down what was seen. The status is 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("what", choices=("bench", "growth"))
    parser.add_argument("--quick", action="store_true", help="measure little, and write nothing down")
    parser.add_argument("--only", metavar="WORDS", default="", help="only what has these words in its name")
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="awt-")).resolve()
    with janitor(folder), stopwatch(folder) as watch, server(folder) as postgres:
        bench = Bench(folder, watch, postgres, quick=options.quick)
        reached = bench.compare(options.only) if options.what == "bench" else bench.grow(options.only)
    return int(not reached)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
