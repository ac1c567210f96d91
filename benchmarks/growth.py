"""How time and memory grow when one thing doubles and doubles again, and the others stay."""

from __future__ import annotations

from math import log
from statistics import linear_regression, median
from typing import TYPE_CHECKING, NamedTuple

from .chart import Curve, Panel
from .measure import Cost
from .repositories import Commit, chain, record, repository, revision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from .cases import Place
    from .measure import Command, Stopwatch

TAIL = 4  # the exponent is that of the last points, where the start weighs least


class Growth(NamedTuple):
    """One thing that grows, in these steps, and the commands that may feel it in a world of such a size."""

    what: str
    steps: Sequence[int]
    world: Callable[[Place, int], Mapping[str, Command]]


class Grown(NamedTuple):
    """What was seen: for each command its costs by size."""

    growth: Growth
    costs: Mapping[str, Mapping[int, Cost]]


def doubled(last: int, times: int = 7) -> list[int]:
    """Return the sizes that lead to `last`, each twice the one before."""
    return [round(last / 2**time) for time in range(times, -1, -1)]


def grow(
    growth: Growth, lend: Callable[[], AbstractContextManager[Place]], watch: Stopwatch, *, rounds: int = 3
) -> Grown:
    """Measure each command at each size: the medians of `rounds` runs."""
    costs: dict[str, dict[int, Cost]] = {}
    for step in growth.steps:
        with lend() as place:
            for name, command in growth.world(place, step).items():
                watch.run(command)
                runs = [watch.run(command) for _ in range(rounds)]
                costs.setdefault(name, {})[step] = _median(runs)
    return Grown(growth, costs)


def _median(runs: Sequence[Cost]) -> Cost:
    return Cost(median(run.seconds for run in runs), median(run.megabytes for run in runs))


def exponent(points: Mapping[int, float]) -> float:
    """Return how steeply the last points rise: 1 is in proportion, 0 is not at all."""
    sizes = list(points)[-TAIL:]
    return linear_regression([log(size) for size in sizes], [log(points[size]) for size in sizes]).slope


def panels(grown: Grown) -> list[Panel]:
    """Return the two pictures: time and memory."""
    return [
        Panel(f"Time over {grown.growth.what}", grown.growth.what, "s", _curves(grown, "seconds")),
        Panel(f"Peak memory over {grown.growth.what}", grown.growth.what, "MB", _curves(grown, "megabytes")),
    ]


def _curves(grown: Grown, what: str) -> list[Curve]:
    return [
        Curve(name, [(size, getattr(cost, what)) for size, cost in costs.items()])
        for name, costs in grown.costs.items()
    ]


def rows(grown: Grown) -> Iterator[str]:
    """Yield a row of the table for each command: the largest size, what it took, and the exponents."""
    for name, costs in grown.costs.items():
        size, last = list(costs.items())[-1]
        time = exponent({size: cost.seconds for size, cost in costs.items()})
        memory = exponent({size: cost.megabytes for size, cost in costs.items()})
        yield (
            f"| {grown.growth.what} | {name} | {size:,} | {last.seconds:.2f} s | {time:.2f}"
            f" | {last.megabytes:,.0f} MB | {memory:.2f} |"
        )


HEAD = """\
| what doubles | command | up to | time | exponent | peak memory | exponent |
|---|---|--:|--:|--:|--:|--:|"""


def _checkouts(place: Place, count: int) -> dict[str, Command]:
    """Make checkouts that share 50 migrations and have one each."""
    own = [
        Commit(f"topic-{number}", chain(1, 50 + number, revision(49)), start="develop")
        for number in range(1, count)
    ]
    database = place.new_database()
    made = repository(place.home, [Commit("develop", chain(50)), *own], database=database, direct=True)
    for number in range(1, count):
        made.worktree(f"topic-{number}")
    record(database, revision(49))
    made.rest()
    return {
        "find": made.tool("find", revision(49 + count)),
        "list": made.tool("list"),
        "status": made.tool("status"),
        "upgrade, at rest": made.tool("upgrade"),
        "check --staged": made.tool("check", "--staged"),
    }


def _migrations(place: Place, count: int) -> dict[str, Command]:
    """Make a line of migrations in two checkouts; the second has one more, and this one has one staged."""
    commits = [
        Commit("develop", chain(count)),
        Commit("feature", chain(1, count, revision(count - 1)), start="develop"),
    ]
    database = place.new_database()
    made = repository(place.home, commits, database=database, direct=True)
    there = made.worktree("feature")
    record(database, revision(count))
    made.rest()
    made.stage(chain(1, count + 1, revision(count - 1)))
    return {
        "find": made.tool("find", revision(count)),
        "list": made.tool("list"),
        "status": made.tool("status"),
        "status, at rest": made.tool("status", folder=there / "backend"),
        "upgrade, at rest": made.tool("upgrade", folder=there / "backend"),
        "check --staged": made.tool("check", "--staged"),
    }


def _branches(place: Place, count: int) -> dict[str, Command]:
    """Make branches without a checkout, with a migration each."""
    own = [
        Commit(f"topic-{number}", chain(1, 50 + number, revision(49)), start="develop")
        for number in range(count)
    ]
    return _remembered(place, [Commit("develop", chain(50)), *own], 49 + count)


def _commits(place: Place, count: int) -> dict[str, Command]:
    """Make a long history; one migration came in it and went."""
    half = [Commit("develop", {"README": f"Version {number}.\n"}) for number in range(count // 2)]
    gone = chain(1, 50, revision(49))
    commits = [
        Commit("develop", chain(50)),
        *half,
        Commit("develop", gone),
        Commit("develop", {}, removed=list(gone)),
        *half,
    ]
    return _remembered(place, commits, 50)


def _remembered(place: Place, commits: Sequence[Commit], wanted: int) -> dict[str, Command]:
    database = place.new_database()
    made = repository(place.home, commits, database=database, direct=True)
    record(database, revision(wanted))
    made.git("repack", "-adq")
    made.rest()
    return {
        "find": made.tool("find", revision(wanted)),
        "copy --dry-run": made.tool("copy", "--dry-run"),
        "status": made.tool("status"),
        "check --staged": made.tool("check", "--staged"),
    }


GROWTHS = (
    Growth("checkouts", doubled(512), _checkouts),
    Growth("migrations", doubled(20_000), _migrations),
    Growth("branches", doubled(5_000), _branches),
    Growth("commits", doubled(100_000), _commits),
)
