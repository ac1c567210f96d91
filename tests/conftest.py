"""Fixtures: a PostgreSQL per test process, a database and a world per test."""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
from contextlib import ExitStack, nullcontext
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from strategies import hold
from worlds import warm
from worlds.postgres import Database, Server, janitor, server
from worlds.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from _pytest.terminal import TerminalReporter
    from hypothesis.strategies import SearchStrategy

    from strategies import ForAll, T

ROOM = 2 << 30  # bytes; a run takes a tenth of it


def pytest_configure(config: pytest.Config) -> None:
    """Make up the same input in each run, but for trials; give temporary folders a root that goes with the run.

    Pytest would keep those of three runs.
    """
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored in `make test &`, and so in all that is started
    settings.register_profile("suite", derandomize=not config.getoption("--thorough"))
    settings.load_profile("suite")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        stack = ExitStack()
        config.add_cleanup(stack.close)
        root = tempfile.mkdtemp(prefix="awt-", dir=_memory())
        stack.enter_context(janitor(Path(root)))
        os.environ["PYTEST_DEBUG_TEMPROOT"] = root


def _memory() -> str | None:
    """A folder in memory, if there is one with room where programs may be run: nothing here has to last."""
    try:
        about = os.statvfs("/dev/shm")
    except OSError:
        return None
    noexec = about.f_flag & getattr(os, "ST_NOEXEC", 0)
    return None if noexec or about.f_bavail * about.f_frsize < ROOM else "/dev/shm"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--thorough", action="store_true", help="run the trials at their full size, not a corner of it"
    )
    parser.addoption("--rewrite", action="store_true", help="write what the pages show: `make docs`")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print what the trials measured, each figure beside its test; `docs/reliability.md` quotes them."""
    reports = terminalreporter.getreports("passed")
    for report in (report for report in reports if report.user_properties):
        figures = ", ".join(f"{name} {value}" for name, value in report.user_properties)
        terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {figures}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where every tool is to be had, a test that is left out has failed."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"left out although CI=true: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def warm_programs(sandbox: Path) -> Iterator[None]:
    warm.start(sandbox / "warm")
    yield
    warm.close()


@pytest.fixture(autouse=True)
def cold_programs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests with the mark `cold` are about how programs start."""
    with warm.paused() if request.node.get_closest_marker("cold") else nullcontext():
        yield


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Path]:
    """The one folder in which everything of this test process happens; a short path, for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="awt-", dir=_memory())).resolve()
    with janitor(folder):
        yield folder


@pytest.fixture(scope="session")
def postgres(sandbox: Path) -> Iterator[Server]:
    with server(sandbox) as running:
        yield running


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether a trial is to run at the size that `docs/reliability.md` reports: `make trials`."""
    return bool(request.config.getoption("--thorough"))


@pytest.fixture
def held(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Hold a file to what it should say, or write that where it is asked for."""

    def hold_or_write(path: Path, text: str) -> None:
        if request.config.getoption("--rewrite"):
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, "is that right? `make docs` writes it"

    return hold_or_write


@pytest.fixture
def for_all(thorough: bool, record_property: Callable[[str, object], None]) -> ForAll:
    """Hold something for made-up input: for the same few in each run of the suite, for many others in a trial."""

    def run(made: SearchStrategy[T], check: Callable[[T], None], *, corner: int, full: int) -> None:
        count = hold(made, check, max_examples=full if thorough else corner, derandomize=not thorough)
        record_property("inputs", count)

    return run


@pytest.fixture
def new_database(postgres: Server) -> Iterator[Callable[[], Database]]:
    """Call it for each database more than one that a test needs."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(postgres.database())


@pytest.fixture
def database(new_database: Callable[[], Database]) -> Database:
    return new_database()


@pytest.fixture
def world_root(sandbox: Path, numbers: Iterator[int]) -> Iterator[Path]:
    """An empty folder for `World.create`, for tests that want another layout or no database."""
    root = sandbox / f"w{next(numbers)}"
    root.mkdir()
    yield root
    rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def world(world_root: Path, database: Database) -> World:
    return World.create(world_root, database.url)
