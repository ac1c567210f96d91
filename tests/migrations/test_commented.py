"""A file that is commented out declares the same migration, runs nothing, and can be had back."""

from __future__ import annotations

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
    assert uncommented(out, NAME) == content
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


def test_what_was_edited_since_stays_as_it_is() -> None:
    out = commented_out(MERGED, NAME)
    assert out
    for edited in (out.replace(b"'one'", b"'uno'"), out + b"x = 1\n", out.replace(b"# import", b"import")):
        assert edited != out
        assert uncommented(edited, NAME) == edited


@given(wild_migrations())
def test_any_file_is_had_back(content: bytes) -> None:
    out = commented_out(content, NAME)
    if out is None:
        return
    assert uncommented(out, NAME) == content
    try:
        expected = read_revision(content, NAME, whole=True)
    except Unreadable:
        return
    assert read_revision(out, NAME, whole=True) == expected
