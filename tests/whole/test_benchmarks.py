"""The benchmarks: each can be made and run, in a small size. How long it takes is no question here."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from benchmarks.cases import CASES, Case, Place
from benchmarks.chart import Curve, Panel, draw
from benchmarks.growth import GROWTHS, Growth, doubled, exponent, grow
from benchmarks.measure import Comparison, Stopwatch, compare, stopwatch
from benchmarks.results import table, write_section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from worlds.postgres import Database


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopwatch]:
    with stopwatch(tmp_path_factory.mktemp("watch")) as watch:
        yield watch


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, watch: Stopwatch, world_root: Path, new_database: Callable[[], Database]) -> None:
    pair = case.world(Place(world_root / "home", new_database, scale=0.01))
    for command in (pair.ours, pair.against):
        pair.reset()
        cost = watch.run(command)
        assert cost.seconds > 0
        assert cost.megabytes > 1


def test_both_run_in_turn_and_the_first_round_does_not_count(watch: Stopwatch, world_root: Path) -> None:
    pair = CASES[-1].world(Place(world_root / "home", lambda: pytest.fail("no database is needed")))
    resets: list[None] = []
    found = compare(
        watch, pair._replace(reset=lambda: resets.append(None)), at_least=1, at_most=2, seconds=60
    )
    assert (found.rounds, len(resets)) == (2, 6)
    assert found.ours > 0


def test_a_command_that_fails_is_no_measurement(watch: Stopwatch, world_root: Path) -> None:
    pair = CASES[-1].world(Place(world_root / "home", lambda: pytest.fail("no database is needed")))
    with pytest.raises(AssertionError, match=r"ended with 2: .*COMMAND"):
        watch.run(pair.ours._replace(argv=(pair.ours.argv[0], "--no-such-option")))


def test_a_section_is_renewed_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    for heading, body in {"Side by side": "old", "Growth": "kept"}.items():
        write_section(heading, body, file)
    rows = [(CASES[0], Comparison(0.5, 0.4, 1.25, 7)), (CASES[1], Comparison(0.1, 0.4, 0.25, 7))]
    write_section("Side by side", table(rows), file)
    text = file.read_text()
    assert "old" not in text
    assert text.index("## Side by side\n") < text.index(
        "| 500 ms | 400 ms | 1.25 × | ≤ 1.15 × | **missed** |"
    )
    assert text.index("| 100 ms | 400 ms | 0.25 × | ≤ 0.3 × | pass |") < text.index("## Growth\n\nkept\n")


@pytest.mark.parametrize("growth", GROWTHS, ids=lambda growth: growth.what)
def test_growth(
    growth: Growth, watch: Stopwatch, world_root: Path, new_database: Callable[[], Database]
) -> None:
    @contextmanager
    def lend() -> Iterator[Place]:
        yield Place(world_root / "home", new_database)

    grown = grow(growth._replace(steps=[2]), lend, watch, rounds=1)
    assert len(grown.costs) >= 4
    assert all(set(costs) == {2} for costs in grown.costs.values())


@pytest.mark.parametrize(("power", "name"), [(0, "flat"), (1, "linear"), (2, "square")])
def test_the_exponent_is_that_of_the_last_points(power: int, name: str) -> None:
    points = {1: 50.0, 2: 50.0} | {size: 3.0 * size**power for size in doubled(512, 3)}
    assert exponent(points) == pytest.approx(power), name


def test_sizes_double() -> None:
    assert doubled(20, 3) == [2, 5, 10, 20]


def test_a_chart_names_its_curves_where_they_end_and_none_covers_another() -> None:
    curves = [Curve(f"<{number}>", [(1, 1), (1000, 10 + number / 100)]) for number in range(4)]
    picture = ElementTree.fromstring(draw([Panel("Time & more", "checkouts", "s", curves)]))  # noqa: S314
    words = {text.text: float(text.get("y", "")) for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Time & more", "checkouts", "s", "1", "10", "100", "1,000", "linear"} <= set(words)
    places = sorted(words[curve.name] for curve in curves)
    assert all(below - above >= 14 for above, below in pairwise(places))
    lines = [line.get("points", "") for line in picture.iter("{http://www.w3.org/2000/svg}polyline")]
    assert len(set(lines)) == 4
    for line in lines:
        (x1, y1), (x2, y2) = (tuple(map(float, point.split(","))) for point in line.split())
        assert x1 < x2
        assert y1 > y2
