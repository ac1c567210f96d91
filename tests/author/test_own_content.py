"""Beside another branch's applied work, `revision` writes what Alembic would write without it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from hypothesis import reject

from worlds.modelled import generated, modelled, operations, rewritten, write_models
from worlds.two_branches import SCHEMA, branches, text

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from strategies import ForAll
    from worlds.postgres import Server
    from worlds.two_branches import Branches
    from worlds.world import Checkout

ENV = "include_schemas=True"
Migration = tuple[list[str], list[str]]


def written(checkout: Checkout, *argv: str) -> tuple[Migration, CompletedProcess[str]]:
    """What our command writes, and what it says."""
    before = {*checkout.versions.glob("*.py")}
    done = checkout.tool("revision", "--autogenerate", "--allow-empty", "-m", "b", *argv)
    if "could not be compared" in done.stderr:  # nor can Alembic: 'x' as the default of what is a boolean now
        checkout.tool("copy", check=True)
        assert checkout.alembic("check").returncode == 1
        reject()
    assert done.returncode == 0, done.stderr
    (path,) = {*checkout.versions.glob("*.py")} - before
    return both_ways(path), done


def both_ways(path: Path) -> Migration:
    return operations(path), operations(path, "downgrade")


def alone(postgres: Server, root: Path, case: Branches) -> Migration:
    """What Alembic writes for the second branch in a database of its own."""
    with postgres.database() as database:
        database.execute(f"CREATE SCHEMA {SCHEMA}")
        world = modelled(root, database.url, text(case.published), options=ENV)
        generated(world.main)
        write_models(world.main, text(case.b))
        world.main.alembic("revision", "--autogenerate", "-m", "alone", check=True)
        (path,) = world.main.versions.glob("*_alone.py")
        return both_ways(path)


def beside(postgres: Server, root: Path, case: Branches) -> tuple[Migration, CompletedProcess[str]]:
    """What our command writes for it beside the applied work of the first one."""
    with postgres.database() as database:
        database.execute(f"CREATE SCHEMA {SCHEMA}")
        world = modelled(root, database.url, text(case.published), options=ENV)
        generated(world.main)
        a, b = (world.worktree(f"StoFlow-{name}", name) for name in "ab")
        write_models(a, text(case.a))
        generated(a, "theirs", rewrite=lambda path: rewritten(a, path, case.style))
        write_models(b, text(case.b))
        return written(b)


def test_apart_they_are_the_same(postgres: Server, world_root: Path, for_all: ForAll) -> None:
    numbers = iter(range(10**6))

    def check(case: Branches) -> None:
        root = world_root / str(next(numbers))
        expected = alone(postgres, root / "alone", case)
        found, done = beside(postgres, root / "beside", case)
        assert found == expected, done.stderr
        assert "takes back" not in done.stderr
        assert "these models want it" not in done.stderr

    for_all(branches(apart=True), check, corner=4, full=300)


def test_what_differs_is_warned_of(postgres: Server, world_root: Path, for_all: ForAll) -> None:
    numbers = iter(range(10**6))

    def check(case: Branches) -> None:
        root = world_root / str(next(numbers))
        expected = alone(postgres, root / "alone", case)
        found, done = beside(postgres, root / "beside", case)
        warned = [
            line
            for line in done.stderr.splitlines()
            if "takes back" in line or "these models want it" in line
        ]
        for operation in {*map(done_by, expected[0])} ^ {*map(done_by, found[0])}:
            assert any(concerns(line, operation) for line in warned), f"{operation}\n{done.stderr}"

    for_all(branches(apart=False), check, corner=3, full=100)


def done_by(statement: str) -> str:
    """An operation without what it says of the thing as it is: others may have changed that."""
    tree = ast.parse(statement)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        call.keywords = [word for word in call.keywords if not (word.arg or "").startswith("existing_")]
    return ast.unparse(tree)


def concerns(line: str, operation: str) -> bool:
    """Whether a line names the table of an operation, or what in it the operation is about."""
    named = re.split(r"\W+", line.partition(":")[0])
    words = re.findall(r"'(\w+)'", operation)
    return bool({*named} & {*words} - {SCHEMA, "base", "id"})
