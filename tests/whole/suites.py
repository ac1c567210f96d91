"""Our own test suite under each Python that we run with. Not collected by itself: `make matrix` names this file."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from test_versions import OURS, PYPROJECT, python_or_skip

from worlds.process import run
from worlds.pythons import REPOSITORY, environment

if TYPE_CHECKING:
    from collections.abc import Callable

# What is about shells, about how the project is built, or runs in the suite with other versions already.
APART = ("shim", "completion", "integrations", "setup", "packaging", "readme", "pre_commit", "versions")


@pytest.mark.parametrize("our_python", OURS)
def test_suite(our_python: str, record_property: Callable[[str, object], None]) -> None:
    packages = PYPROJECT["dependency-groups"]["dev"]
    words = ("--editable", REPOSITORY, *packages)
    installed = environment(f"ours-{our_python}", python_or_skip(our_python), *words)
    ignored = [f"--ignore-glob=*/test_{name}.py" for name in APART]
    command = [str(installed.python), "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", *ignored]
    done = run(command, cwd=REPOSITORY, env=os.environ | installed.activated, timeout=3600)
    assert done.returncode == 0, done.stdout[-10000:]
    for count, what in re.findall(r"(\d+) (\w+)", done.stdout.splitlines()[-1].partition(" in ")[0]):
        record_property(what, count)
