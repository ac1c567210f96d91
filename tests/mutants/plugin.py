"""What pytest does for mutants: run the tests of a file in its order, and note how each ended and what it called."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_reports: list[pytest.TestReport] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if chosen := os.environ.get("MUTANTS_CHOSEN"):
        rank = {id: number for number, id in enumerate(json.loads(Path(chosen).read_text()))}
        items[:] = sorted((one for one in items if one.nodeid in rank), key=lambda one: rank[one.nodeid])


def pytest_runtest_logstart() -> None:
    if noting := sys.gettrace():
        noting.__globals__["seen"].clear()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _reports.append(report)


def pytest_runtest_logfinish(nodeid: str) -> None:
    if notes := os.environ.get("MUTANTS_NOTES"):
        calls = Path(os.environ["MUTANTS_CALLS"])
        row = {
            "id": nodeid,
            "passed": [report.outcome for report in _reports] == ["passed"] * 3,
            "seconds": sum(report.duration for report in _reports),
            "calls": sorted(set(calls.read_text().split())) if calls.exists() else [],
        }
        calls.unlink(missing_ok=True)
        with open(notes, "a") as file:
            file.write(json.dumps(row) + "\n")
    _reports.clear()
