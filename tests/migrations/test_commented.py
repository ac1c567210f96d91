"""A file that is commented out declares the same migration, runs nothing, and can be had back."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from hypothesis import given

from alembic_worktrees.migrations.commented import commented_out, uncommented
from alembic_worktrees.migrations.docstring import first_line
from alembic_worktrees.migrations.revision import Unreadable, read_revision
from strategies import wild_migrations

NAME = "two_add_t.py"
MERGED = b'''\
"""It's "two" \\\\ \xc3\xa9"""
import lacking
revision = "two"
down_revision = ("one", "other")
depends_on = "third"
branch_labels = ("label",)

def upgrade():
    lacking.run("""
text""")
'''


@pytest.mark.parametrize("content", [MERGED, MERGED.replace(b"\n", b"\r\n"), MERGED.rstrip(b"\n")])
def test_it_declares_the_same_and_imports_nothing(content: bytes) -> None:
    out = commented_out(content, NAME)
    assert out
    assert read_revision(out, NAME, whole=True) == read_revision(content, NAME)
    assert first_line(out) == first_line(content)
    assert uncommented(out) == content
    module: dict[str, object] = {}
    exec(out, module)  # noqa: S102
    with pytest.raises(NotImplementedError):
        module["downgrade"]()  # type: ignore[operator]


@pytest.mark.parametrize(
    "content",
    [
        MERGED.replace(b"\n", b"\r"),
        MERGED.replace(b"\xc3\xa9", b"\xe9"),
        MERGED.replace(b'"one"', b"f()"),
        b"x = 1\n",
    ],
    ids=["old line ends", "Latin-1", "a computed parent", "no migration"],
)
def test_what_cannot_be_commented_out(content: bytes) -> None:
    assert commented_out(content, NAME) is None


SIMPLE = b'''\
"""Add a table."""

import lacking

revision = "two"
down_revision = ("one", "other")
'''


@pytest.mark.parametrize("width", ["79", "120"])
def test_a_formatter_leaves_it_alone(width: str) -> None:
    out = commented_out(SIMPLE, NAME)
    assert out
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", width, "-"]
    assert subprocess.run(ruff, input=out, capture_output=True, check=True).stdout == out


def test_another_version_may_have_written_it() -> None:
    """Only the first line says whether it was edited; what another version writes below is its own."""
    out = commented_out(SIMPLE, NAME)
    assert out
    beginning, _, rest = out.partition(b"\n")
    other = rest.replace(b"def upgrade", b"def upgrade_of_old")
    assert uncommented(beginning + b"\n" + other) != SIMPLE
    old, new = (hashlib.sha256(text).hexdigest().encode() for text in (rest, other))
    assert uncommented(beginning.replace(old, new) + b"\n" + other) == SIMPLE


def test_what_was_edited_since_stays_as_it_is() -> None:
    out = commented_out(MERGED, NAME)
    assert out
    for edited in (out.replace(b'"one"', b'"uno"'), out + b"x = 1\n", out.replace(b"# import", b"import")):
        assert edited != out
        assert uncommented(edited) == edited


@given(wild_migrations())
def test_any_file_is_had_back(content: bytes) -> None:
    out = commented_out(content, NAME)
    if out is None:
        return
    assert uncommented(out) == content
    try:
        expected = read_revision(content, NAME, whole=True)
    except Unreadable:
        return
    assert read_revision(out, NAME, whole=True) == expected
