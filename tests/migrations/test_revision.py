"""revision.py, held against literals, against Alembic's own import, and the fast way against the whole."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

import pytest
from alembic import command, util
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from alembic_worktrees.migrations import revision
from alembic_worktrees.migrations.revision import (
    Revision,
    Unreadable,
    illegal_characters,
    is_migration_name,
    read_revision,
)

TEMPLATE = '''"""add a thing

Revision ID: a1b2c3d4
Revises: 0f1e2d3c
Create Date: 2024-01-01 12:00:00.000000

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = 'a1b2c3d4'
down_revision: Union[str, Sequence[str], None] = '0f1e2d3c'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.execute('select 1')


def downgrade() -> None:
    """Downgrade schema."""
    pass
'''


def read(content: str | bytes, *, whole: bool = True, name: str = "some_file.py") -> Revision | str:
    """The revision, or the reason why there is none."""
    try:
        return read_revision(content.encode() if isinstance(content, str) else content, name, whole=whole)
    except Unreadable as unreadable:
        assert unreadable.detail
        assert str(unreadable) == f"{unreadable.reason}: {unreadable.detail}"
        return unreadable.reason


def rev(
    id_: str = "x",
    down: tuple[str, ...] = (),
    depends: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
    opaque: bool = False,
) -> Revision:
    return Revision(id_, down, depends, labels, opaque)


# What a module may look like. Each source that has an answer is also imported by Alembic, which must agree.

PLAIN: list[tuple[str, Revision]] = [
    ("revision = 'x'\ndown_revision = None", rev()),
    ("revision = 'x'\ndown_revision = 'a'", rev(down=("a",))),
    ("revision: str = 'x'\ndown_revision: str | None = 'a'", rev(down=("a",))),
    ("revision: 'str' = \"x\"\ndown_revision : 'Union[str, Sequence[str]]'='a'  # why", rev(down=("a",))),
    ("(revision): str = 'x'\ndown_revision = None", rev()),
    ("revision = down_revision = 'x'\ndown_revision = 'a'", rev(down=("a",))),
    ("revision = 'y'\ndown_revision = 'a'\nrevision = 'x'", rev(down=("a",))),
    ("revision = 'y'; revision = 'x'; down_revision = 'a'", rev(down=("a",))),
    ("revision = 'x'\ndown_revision = ('a', 'b')", rev(down=("a", "b"))),
    ("revision = 'x'\ndown_revision = 'a', 'b'", rev(down=("a", "b"))),
    ("revision = 'x'\ndown_revision = (\n    'a',\n    'b',\n)", rev(down=("a", "b"))),
    ("revision = 'x'\ndown_revision = ('a,b', \"c\",)", rev(down=("a,b", "c"))),
    ("revision = 'x'\ndown_revision = ('a' 'b', 'c')", rev(down=("ab", "c"))),
    ("revision = 'x'\ndown_revision = ['b', 'a']", rev(down=("b", "a"))),
    ("revision = 'x'\ndown_revision = {'b', 'a'}", rev(down=("a", "b"))),
    ("revision = ('x')\ndown_revision = ('a')", rev(down=("a",))),
    ("revision = 'x'\ndown_revision = ('a',)", rev(down=("a",))),
    ("revision = 'x'\ndown_revision = ()", rev()),
    ("revision = 'x'\ndown_revision = []", rev()),
    ("revision = 'x'\ndown_revision = (None,)", rev()),
    ("revision = 'x'\ndown_revision = ''", rev(down=("",))),
    ("revision = 'x'\ndown_revision = None\ndepends_on = ''", rev()),
    (
        "revision = 'x'\ndown_revision = None\ndepends_on = 'd'\nbranch_labels = 'l'",
        rev("x", (), ("d",), ("l",)),
    ),
    ("revision = 'x'\ndown_revision = None\ndepends_on = ('d', 'e')", rev(depends=("d", "e"))),
    ("revision = 'x'\ndown_revision = None\nbranch_labels = ['l', 'm']", rev(labels=("l", "m"))),
    ("revision = 'a' 'b'\ndown_revision = None", rev("ab")),
    ("revision = (\n  'a'\n  'b'\n)\ndown_revision = None", rev("ab")),
    ("revision = 'x'\\\n  'y'\ndown_revision = None", rev("xy")),
    ("revision = r'a' u'b'\ndown_revision = None", rev("ab")),
    ("revision = '\\x61\\u00e9'\ndown_revision = None", rev("aé")),
    ('revision = "it\'s"\ndown_revision = None', rev("it's")),
    ("revision = '\"'\ndown_revision = ('a\"', \"'\")", rev('"', ('a"', "'"))),
    ("revision = '''x'''\ndown_revision = None", rev()),
    ("revision = 'é'\ndown_revision = None", rev("é")),
    ("revision = ''\ndown_revision = None", rev("")),
    ("revision: str\nrevision = 'x'\ndown_revision = None", rev()),
    ("from __future__ import annotations\nrevision: Any = 'x'\ndown_revision: Any[...] = None", rev()),
    ("from os import *\nrevision = 'x'\ndown_revision = None", rev()),
    ("revision = 'x'\ndown_revision = None\nif True:\n    other = 1", rev()),
    ("revision = 'x'\ndown_revision = None\nclass A:\n    revision = 'y'\n    down_revision = 'z'", rev()),
    ("revision = 'x'\ndown_revision = None\ndef f(revision='y'):\n    revision = 'z'", rev()),
    ("revision = 'x'\ndown_revision = None\nassert revision\nprint(revision, down_revision)", rev()),
    ("revision = 'x'\ndown_revision = None\nother = {}\nother['revision'] = 'y'", rev()),
    ("revision = 'x'\ndown_revision = None\nimport os.path as other, os.path", rev()),
    ("revision = 'x'\ndown_revision = None\n'''\nrevision = 'y'\n'''", rev()),
    ("'''\nrevision = 'y'\n'''\nrevision = 'x'\ndown_revision = None", rev()),
    ("revision = 'x'\ndown_revision = None\n# revision = 'y'", rev()),
    ("revision = 'x'\r\ndown_revision = None\r\n", rev()),
    ("revision = 'x'\rdown_revision = None\r", rev()),
    ("\frevision = 'x'\n\fdown_revision = None", rev()),
    ("\ufeffrevision = 'x'\ndown_revision = None", rev()),
    ("TABLE = [\n    (1, 'a'),\n]\nrevision = 'x'\ndown_revision = 'a'", rev(down=("a",))),
    (TEMPLATE, rev("a1b2c3d4", ("0f1e2d3c",))),
]

OPAQUE: list[tuple[str, Revision]] = [
    (f"revision = 'x'\n{statement}", rev(opaque=True))
    for statement in (
        "down_revision = previous()",
        "down_revision = str('a')",
        "down_revision = ('a', previous())",
        "down_revision = (labels.CONTRACT,)",
        "down_revision = [*previous()]",
        "down_revision = f'{a}'",
        "down_revision = 'a' + 'b'",
        "down_revision = 'a' if a else 'b'",
        "down_revision = a",
        "down_revision = {['a']}",
        "down_revision = ...",
        "from a import down_revision",
        "import a as down_revision",
        "if a:\n    down_revision = 'a'\nelse:\n    down_revision = 'b'",
        "try:\n    down_revision = 'a'\nexcept E:\n    pass",
        "with a as down_revision:\n    pass",
        "for down_revision in 'ab':\n    pass",
        "*down_revision, a = 'b', 'c'",
        "down_revision, a = 'b', 'c'",
        "down_revision = 'a'\ndown_revision *= 2",
        "down_revision = 'a'\ndown_revision += b",
        "down_revision = None\nif a:\n    down_revision = 'a'",
    )
] + [
    ("revision = 'x'\ndown_revision = 'a'\ndepends_on = b()", rev(down=("a",), opaque=True)),
    ("revision = 'x'\ndown_revision = 'a'\nbranch_labels = b()", rev(down=("a",), opaque=True)),
]

REASONS: list[tuple[str | bytes, str]] = [
    ("", "no-revision"),
    ("import os", "no-revision"),
    ("from os import *", "no-revision"),
    ("revision: str\ndown_revision = None", "no-revision"),
    ("class A:\n    revision = 'x'", "no-revision"),
    ("revision = 'x'", "no-down-revision"),
    ("revision = 'x'\ndown_revision = None\nreturn", "syntax"),
    ("revision = make()\ndown_revision = None", "computed-id"),
    ("revision = str('x')\ndown_revision = None", "computed-id"),
    ("revision = f'{a}'\ndown_revision = None", "computed-id"),
    ("revision = 'x'\nif a:\n    revision = 'y'\ndown_revision = None", "computed-id"),
    ("from a import revision\ndown_revision = None", "computed-id"),
    ("revision, down_revision = 'x', 'a'", "computed-id"),
    ("revision = 'x'\nrevision += 'y'\ndown_revision = None", "computed-id"),
    ("revision = " + "'a' + " * 400 + "'b'\ndown_revision = None", "computed-id"),
    ("revision = 123\ndown_revision = None", "not-a-string"),
    ("revision = None\ndown_revision = None", "not-a-string"),
    ("revision = ('x',)\ndown_revision = None", "not-a-string"),
    ("revision = ['x']\ndown_revision = None", "not-a-string"),
    ("revision = b'x'\ndown_revision = None", "not-a-string"),
    ("revision = 'x'\ndown_revision = 123", "not-a-string"),
    ("revision = 'x'\ndown_revision = False", "not-a-string"),
    ("revision = 'x'\ndown_revision = ('a', None)", "not-a-string"),
    ("revision = 'x'\ndown_revision = (('a', 'b'), 'c')", "not-a-string"),
    ("revision = 'x'\ndown_revision = None\ndepends_on = 1.5", "not-a-string"),
    ("revision = 'x'\ndown_revision = None\nbranch_labels = b'l'", "not-a-string"),
    ("revision = ", "syntax"),
    ("revision = 'x'\n down_revision = None", "syntax"),
    (
        "revision = 'x'\n<<<<<<< HEAD\ndown_revision = 'a'\n=======\ndown_revision = 'b'\n>>>>>>> b\n",
        "syntax",
    ),
    ("\0revision = 'x'\ndown_revision = None", "syntax"),
    ("revision = 'x'\ndown_revision = " + "(" * 300 + ")" * 300, "syntax"),
    ("revision = 'x'\ndown_revision = " + "-" * 100_000 + "1", "syntax"),
    (b"revision = '\xe9'\ndown_revision = None", "syntax"),
    ("revision = 'x'\ndown_revision = None".encode("utf-16"), "syntax"),
    (b"# coding: no-such-codec\ndown_revision = revision = 'x'", "syntax"),
    (b"# coding: hex\ndown_revision = revision = 'x'", "syntax"),
]

BELOW = "\n\ndef upgrade():\n    pass\n"


def test_literals_are_read() -> None:
    for source, expected in PLAIN:
        for content in (source, source + BELOW):
            assert (read(content), read(content, whole=False)) == (expected, expected), source


def test_what_code_computes_is_not_guessed() -> None:
    for source, expected in OPAQUE:
        for content in (source, source + BELOW):
            assert (read(content), read(content, whole=False)) == (expected, expected), source


def test_what_cannot_be_read_has_a_reason() -> None:
    for source, expected in REASONS:
        assert read(source) == expected, source
        assert read(source, whole=False) == expected or expected == "syntax", source


def test_what_stands_below_the_functions_counts() -> None:
    for below, expected in (
        ("revision = 'y'", rev("y")),
        ("down_revision = 'y'", rev(down=("y",))),
        ("depends_on = 'y'", rev(depends=("y",))),
        ("branch_labels = 'y'", rev(labels=("y",))),
        ('x = \'é\'\n"""\nrevision = \'y\'\n"""', rev()),
        ("op.execute('y')", rev()),
    ):
        content = f"revision = 'x'\ndown_revision = None{BELOW}\n{below}\n"
        assert (read(content), read(content, whole=False)) == (expected, expected)


def alembic_reads(source: str | bytes, folder: Path, name: str = "some_file.py") -> Revision | None:
    """What Alembic's own import of the file finds; None if it fails."""
    path = folder / name
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    try:
        with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
            warnings.simplefilter("ignore")
            # a .pyc of the previous file of the same name, size and second would be believed
            patch.setattr(sys, "dont_write_bytecode", True)
            script = Script._from_path(ScriptDirectory(str(folder)), str(path))
    except Exception:  # whatever the file raises
        return None
    finally:
        path.unlink()
    assert script is not None
    down, depends = (
        util.to_tuple(value, default=()) for value in (script.down_revision, script.dependencies)
    )
    if isinstance(vars(script.module)["down_revision"], set):
        down = tuple(sorted(down))
    depends = () if depends == ("",) else depends
    return Revision(script.revision, down, depends, tuple(script._orig_branch_labels))


def test_alembic_agrees(tmp_path: Path) -> None:
    for source, expected in PLAIN:
        assert alembic_reads(source.replace("Any[...]", "Any"), tmp_path) == expected, source


def test_what_is_unreadable_here_alembic_cannot_load_either(tmp_path: Path) -> None:
    for source, found in REASONS:
        if found in ("no-revision", "no-down-revision", "syntax"):
            assert alembic_reads(source, tmp_path) is None, source


def test_legacy_id_comes_from_the_file_name(tmp_path: Path) -> None:
    for name, expected in [
        ("1a2b3c.py", rev("1a2b3c", ("a",))),
        ("1a2b3c_words.py", "no-revision"),
        ("x1a2b3c.py", "no-revision"),
        ("1A.py", "no-revision"),
    ]:
        assert read("down_revision = 'a'", name=name) == expected
        assert alembic_reads("down_revision = 'a'", tmp_path, name) == (
            expected if isinstance(expected, Revision) else None
        )
    assert read("down_revision = 'a'\nrevision = 'x'", name="1a2b3c.py") == rev(down=("a",))
    assert read("", name="1a2b3c.py") == "no-down-revision"


@pytest.mark.parametrize(
    "head", ["# coding: latin-1\n", "#!/x\n# -*- coding: cp1252 -*-\n", "# vim: fileencoding=latin-1\n"]
)
@pytest.mark.parametrize("whole", [False, True])
def test_other_encodings(head: str, whole: bool) -> None:
    content = (head + "revision = 'é'\ndown_revision = None\n\ndef f(): 'é'").encode("latin-1")
    assert read(content, whole=whole) == rev("é")


@pytest.mark.parametrize("whole", [False, True])
def test_no_warning_whatever_the_filters(whole: bool) -> None:
    source = "revision = 'x'\ndown_revision = None\na = ['\\d', 1 is 1, 1or 0]\n\ndef f(): '\\d'\n"
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert read(source, whole=whole) == rev()
    assert not seen
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(source, whole=whole) == rev()


def test_syntax_error_below_is_noticed_only_as_a_whole() -> None:
    assert read(TEMPLATE + "\n(", whole=False) == rev("a1b2c3d4", ("0f1e2d3c",))
    assert read(TEMPLATE + "\n(", whole=True) == "syntax"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.py", True), ("a b é.py", True), (".py", True), (".hidden.py", True), ("_a.py", True), ("a.py.py", True),
        ("a.pyc", False), ("a.pyi", False), ("a.PY", False), ("a.py~", False), (".#a.py", False), ("a", False),
        ("__init__.py", False), ("__init__a.py", False), ("a__init__.py", True), (".a.py.tmp", False),
    ],
)  # fmt: skip
def test_migration_names(name: str, expected: bool, tmp_path: Path) -> None:
    assert is_migration_name(name) is expected
    if name != ".py":  # Alembic takes it for a migration, then fails to load it
        (tmp_path / name).write_text("revision = 'x'\ndown_revision = None")
        script = Script._from_path(ScriptDirectory(str(tmp_path)), str(tmp_path / name))
        assert (script is not None) is expected


def test_illegal_characters() -> None:
    assert illegal_characters("a1_b.c d/é") == ""
    assert illegal_characters("a:b+c-d@e-f") == "@-+:"


# The file that `alembic revision` writes


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Script, bytes]]:
    """Files written by `alembic revision`: a base, a child, two branches with labels, a merge, a dependency."""
    folder = tmp_path_factory.mktemp("project")
    config = Config(str(folder / "alembic.ini"), stdout=io.StringIO())
    command.init(config, str(folder / "migrations"))
    for arguments in (
        {"rev_id": "aa", "message": "the 'first' \"one\", é"},
        {"rev_id": "bb", "branch_label": ["left", "gauche"], "head": "aa"},
        {"rev_id": "cc", "branch_label": "right", "head": "aa", "splice": True},
        {"rev_id": "dd", "head": "base", "depends_on": ["cc"]},
        {"rev_id": "ee", "head": ["bb", "cc"], "depends_on": ["dd", "bb"]},
    ):
        command.revision(config, **arguments)
    return [
        (script, Path(script.path).read_bytes())
        for script in ScriptDirectory.from_config(config).walk_revisions()
    ]


def test_the_template_is_read_as_alembic_reads_it(written: list[tuple[Script, bytes]]) -> None:
    assert len(written) == 5
    for script, content in written:
        expected = Revision(
            script.revision,
            util.to_tuple(script.down_revision, default=()),
            util.to_tuple(script.dependencies, default=()),
            tuple(script._orig_branch_labels),
        )
        for variant in (content, content.replace(b"\n", b"\r\n")):
            assert read(variant, whole=False) == expected
            assert read(variant, whole=True) == expected


def test_the_template_is_read_without_ast(written: list[tuple[Script, bytes]]) -> None:
    contents = [content.replace(b"\n", end) for _, content in written for end in (b"\n", b"\r\n")]
    data = b'NAMES = {\'a\': [1, \'b\']}\nSQL = """\nUPDATE t\n"""\n\nrevision'
    contents += [content.replace(b"revision", data, 1) for _, content in written]
    code = (
        "import sys\n"
        "from alembic_worktrees.migrations.revision import read_revision\n"
        f"for content in {contents!r}:\n"
        "    read_revision(content, 'a.py')\n"
        "sys.exit('ast' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# By lines is as by Python: texts made of pieces that real migrations have, in any order, and damaged

HEAD_PIECES = [
    '"""doc"""', '"""doc\n\ndef upgrade():\nrevision = "in doc"\n"""', "'''doc \"\"\" '''",
    '"""a "quoted" é"""', '"""\\d"""', "from alembic import op", "import sqlalchemy as sa",
    "from a import (\n    b,\n    c,\n)", "from x import *",
    "import os  # revision", "# a comment", "# revision = 'c'", "", "    ",
    "\f", "# coding: utf-8", "# coding: latin-1", "# é", "revision = 'r1'", 'revision: str = "r2"',
    "revision = 'r' 's'", "revision = NAME", "revision = f()", "revision = 1", "revision = None",
    "revision = 'r3'  # why", "revision  =  'r4'", "revision = 'é'", "revision = 'a\\n'", "revision = ''",
    "revision = (\n    'r5'\n)", "revision = '''r\ndef x(): pass\n'''", "revision = 'r' \\\n    's'",
    "down_revision = 'd1'", "down_revision: Union[str, Sequence[str], None] = None",
    "down_revision = ('d1', 'd2')", "down_revision = ('d1',)", "down_revision = ('d1')",
    "down_revision = ['d1']", "down_revision = SHARED", "down_revision = ()", "down_revision = 'a,b', \"c\"",
    "down_revision = ('a,b', \"c\",)", "down_revision = ( 'a', )", "down_revision = f()",
    "branch_labels = None", "branch_labels = ('l1',)", "branch_labels: Union[str, None] = 'l2'",
    "branch_labels = f()", "depends_on = None", "depends_on: Union[str, None] = 'o1'",
    "depends_on = ('o1', 'o2')", "depends_on = 1", "NAME = 'n'", "SHARED = ['s']", "SHARED = ('s',)",
    "if x:\n    revision = 'r'", "if x:\n    import y", "try:\n    pass", "except E:\n    pass", "@decorated",
    "x = 1 + \\", "x = [", "]", "class A:\n    pass", "revision += 'p'",
]  # fmt: skip
TAIL_PIECES = [
    "def upgrade():\n    op.execute('select 1')", "def downgrade() -> None:\n    pass",
    "async def f():\n    pass", "def f():\n    op.execute('''\nrevision = 'sql'\n''')",
    "def f():\n    op.execute('''\nupdate t\ndef \n''')", "    op.add_column('t', sa.Column('c', sa.Text()))",
    "    # é", "def f(): 'é'",

    "revision = 't1'", "down_revision = 't2'", "depends_on = 't3'",
    "branch_labels = 't4'",
    "SHARED = ['t9']", "NAME = 't10'",
    "op.execute('x')", "from x import *", "class A:\n    revision = 'c'",

    "if __name__ == '__main__':\n    f()", ")", "\f", "", "'''", "\\", "@dec", "# revision",
]  # fmt: skip


@st.composite
def migrations(draw: st.DrawFn) -> bytes:
    """A head, usually with what it needs, and a tail; sometimes with a few characters changed."""
    if draw(st.booleans()):
        head = ["revision = 'r0'", "down_revision = 'd0'"]
        for piece in draw(st.lists(st.sampled_from(HEAD_PIECES), max_size=4)):
            head.insert(draw(st.integers(0, len(head))), piece)
    elif draw(st.booleans()):
        head = TEMPLATE.partition("\n\n\ndef ")[0].split("\n")
        for piece in draw(st.lists(st.sampled_from(HEAD_PIECES), max_size=2)):
            head.insert(draw(st.integers(0, len(head))), piece)
    else:
        head = draw(st.lists(st.sampled_from(HEAD_PIECES), max_size=8))
    tail = draw(st.lists(st.sampled_from(TAIL_PIECES), max_size=5))
    text = "\n".join([*head, *tail, ""])
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(text)))
        put = draw(st.sampled_from(["", "'", '"', "\\", "\n", "\r", "(", ")", ",", " ", "#", "=", ";", ":"]))
        text = text[:at] + put + text[at + draw(st.integers(0, 2)) :]
    newline = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"]))
    return draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf"])) + text.replace("\n", newline).encode()


@given(migrations())
@settings(max_examples=1200, deadline=None, suppress_health_check=list(HealthCheck))
@example(b"revision = 'x'\ndown_revision = None\nx = 1 \\\ndef f(): ...\n")
@example(b"revision = 'x'\ndown_revision = a \\\n@b\ndef f(): ...\n")
def test_what_is_read_by_lines_is_what_python_parses(content: bytes) -> None:
    with mock.patch.object(revision, "_facts_in_lines", return_value=None):
        parsed = read(content)
    if parsed != "syntax":
        assert read(content) == read(content, whole=False) == parsed


def runs(piece: str) -> bool:
    """Whether the piece can be imported after the two names that the pieces use."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(f"NAME = 'n'\nSHARED = ['s']\nrevision = 'r'\n{piece}\n", {})  # noqa: S102 - our own literals
    except Exception:
        return False
    return True


RUNNING_PIECES = [piece for piece in HEAD_PIECES + TAIL_PIECES if runs(piece)]


@given(pieces=st.lists(st.sampled_from(RUNNING_PIECES), max_size=6), at=st.integers(0, 6))
@settings(max_examples=150, deadline=None)
def test_alembic_agrees_with_what_is_made_of_pieces(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], at: int
) -> None:
    """Whatever Alembic can load, and is neither opaque nor computed, is read as Alembic reads it."""
    pieces.insert(at, "revision = 'r0'\ndown_revision = 'd0'")
    content = "\n".join(["NAME = 'n'", "SHARED = ['s']", *pieces]).encode()
    loaded = alembic_reads(content, tmp_path_factory.getbasetemp())
    assume(loaded is not None)
    found = read(content)
    assert found in (loaded, "computed-id", "not-a-string") or (isinstance(found, Revision) and found.opaque)


@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.booleans(),
)
@settings(max_examples=250, deadline=None)
def test_nothing_but_unreadable_is_raised(content: bytes, whole: bool) -> None:
    read(content, whole=whole)
    read(b"revision = 'x'\ndown_revision = None\n" + content, whole=whole)
    read(TEMPLATE.encode() + content, whole=whole)
