"""The benchmarks: each can be made and run, in a small size. How long it takes is no question here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.cases import CASES, Case, Place
from benchmarks.measure import Comparison, Stopwatch, compare, stopwatch
from benchmarks.results import table, write_section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from worlds.postgres import Database

pytestmark = pytest.mark.xdist_group("benchmarks")


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
