"""`make mutants`: which mistakes are made."""

from __future__ import annotations

from pathlib import Path

import alembic_worktrees
from mutants.mutations import mutations

SOURCE = b'''"""Not this."""
ONE = 1

@cache
def f(a: "not this") -> None:
    if a and a.b(c=2) not in ("x",):
        raise ValueError(_("not this"))
    return [one for one in a if one.is_dir()] or f"not {this}"
'''
MADE = {
    (2, 0): {"2"},
    (6, 4): {
        *("(not (a and a.b(c=2) not in ('x',)))", "(a or a.b(c=2) not in ('x',))", "(a.b(c=2) in ('x',))"),
        *("a.b()", "3", "'xx'"),
    },
    (7, 4): {"pass"},
    (8, 4): {
        *("return None", "(not (one.is_dir()))"),
        "([one for one in a if one.is_dir()] and f'not {this}')",
    },
}


def test_mistakes_stand_where_a_test_can_notice_them() -> None:
    found: dict[tuple[int, int], set[str]] = {}
    for one in mutations(SOURCE):
        found.setdefault((one.line, one.unit), set()).add(one.new.decode())
    assert found == MADE


def test_each_is_another_program() -> None:
    for path in Path(alembic_worktrees.__file__).parent.glob("borrow/*.py"):
        source = path.read_bytes()
        made = [one.applied(source) for one in mutations(source)]
        assert source not in made
        assert len(set(made)) == len(made)
