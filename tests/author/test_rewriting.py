"""Other parents in a file: its literal in the form it has, the docstring's line, and not one byte more."""

from __future__ import annotations

import ast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alembic_worktrees.author.rewriting import with_parents
from alembic_worktrees.migrations.docstring import parsed
from alembic_worktrees.migrations.revision import read_revision
from strategies import Made, plain_migrations

NAME = "x.py"


@pytest.mark.parametrize(
    ("before", "parents", "after"),
    [
        ("'old'", ("new",), "'new'"),
        ('"old"', ("new",), '"new"'),
        ('"old"', ("new", "more"), '("new", "more")'),
        ("('old')  # of old", ("new",), "('new')  # of old"),
        ("('a', \"old\",)", ("new", "a"), "('a', \"new\",)"),
        (
            "[\n    'a',  # one\n    'old',  # other\n]",
            ("a", "new"),
            "[\n    'a',  # one\n    'new',  # other\n]",
        ),
        ("('a', 'old')", ("new",), "('new',)"),
        ("['a', 'old']", ("new",), "['new']"),
        ("'a', 'old'", ("new", "more", "a"), "('new', 'more', 'a')"),
        ("None", ("new",), "'new'"),
        ("'old'", (), "None"),
        ("'ol' 'd'", ("new",), "'new'"),
        ("'old'; x = 'é'", ("new",), "'new'; x = 'é'"),
        ("'old'", ("it's",), '"it\'s"'),
    ],
)
@pytest.mark.parametrize(
    "around",
    [
        '"""add é\n\nRevision ID: x\nRevises: @\n"""\nrevision = \'x\'\ndown_revision = @\n',
        '"""\r\nRevises: @\r\n"""\r\nrevision = \'x\'\r\ndown_revision: str = @',
        "# coding: latin-1\n'''é'''\nrevision = 'x'; é = down_revision = @\ndepends_on = 'old'\n",
        "\ufeffrevision = 'x'\nif True:\n    y = 'old'\ndown_revision = @\n",
    ],
)
def test_the_form_stays(around: str, before: str, parents: tuple[str, ...], after: str) -> None:
    encoding = "latin-1" if "coding" in around else "utf-8"
    told = ", ".join(parents) if "it's" not in parents else "old"
    content = around.replace("Revises: @", "Revises: old").replace("@", before).encode(encoding)
    expected = around.replace("Revises: @", f"Revises: {told}").replace("@", after).encode(encoding)
    assert with_parents(NAME, content, parents) == expected


@pytest.mark.parametrize(
    "line",
    [
        "down_revision = parent()",
        "down_revision = 'a' + 'b'",
        "down_revision: str = f'{x}'",
        "down_revision = (x,)",
    ],
)
def test_what_is_computed_is_for_its_author(line: str) -> None:
    assert with_parents(NAME, f"revision = 'x'\n{line}\n".encode(), ["new"]) is None


@given(
    plain_migrations(), st.lists(st.sampled_from(["new", "p", "a1b2", "é", "it's"]), unique=True, max_size=3)
)
def test_in_whatever_layout(made: Made, parents: list[str]) -> None:
    assume(parsed(made.content) and b"0xffff" not in made.content)  # which `ast` cannot show
    assume(b"\r" not in made.content.replace(b"\r\n", b""))
    changed = with_parents(NAME, made.content, parents)
    assert changed
    after = read_revision(changed, "x.py")
    assert {*after.down_revisions} == {*parents}
    assert after._replace(down_revisions=()) == made.says._replace(down_revisions=())
    assert bodies(changed) == bodies(made.content)


def bodies(content: bytes) -> list[str]:
    """All statements but what says of the parents."""
    module = parsed(content)
    assert module
    dumps = ["'Revises:" if ast.get_docstring(module) else "", *map(ast.dump, module.body)]
    return [
        text for text in dumps if "Revises:" not in text and "id='down_revision', ctx=Store()" not in text
    ]
