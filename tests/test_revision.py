"""revision.py and literals.py, held against literals, against Alembic's own import, and fast against whole."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from alembic import command, util
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from alembic_worktrees.migrations import literals, revision
from alembic_worktrees.migrations.revision import (
    MAX_BYTES,
    Revision,
    Sought,
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
    ("(revision): str = 'x'\ndown_revision = None", rev()),
    ("revision = down_revision = 'x'\ndown_revision = 'a'", rev(down=("a",))),
    ("revision, down_revision = 'x', 'a'", rev(down=("a",))),
    ("[revision, (down_revision, depends_on)] = ['x', ('a', 'b')]", rev(down=("a",), depends=("b",))),
    ("revision, other = 'x', print()\ndown_revision = None", rev()),
    ("revision = 'y'\ndown_revision = 'a'\nrevision = 'x'", rev(down=("a",))),
    ("revision = 'y'; revision = 'x'; down_revision = 'a'", rev(down=("a",))),
    ("revision = 'x'\ndown_revision = ('a', 'b')", rev(down=("a", "b"))),
    ("revision = 'x'\ndown_revision = 'a', 'b'", rev(down=("a", "b"))),
    ("revision = 'x'\ndown_revision = ['b', 'a']", rev(down=("b", "a"))),
    ("revision = 'x'\ndown_revision = {'b', 'a'}", rev(down=("a", "b"))),
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
    ("revision = 'a' + \"b\"\ndown_revision = None", rev("ab")),
    ("revision = (\n  'a'\n  'b'\n)\ndown_revision = None", rev("ab")),
    ("revision = 'x'\\\n  'y'\ndown_revision = None", rev("xy")),
    ("revision = f'a' 'b' f''\ndown_revision = None", rev("ab")),
    ("revision = f'{{a}}'\ndown_revision = None", rev("{a}")),
    ("revision = r'a' u'b'\ndown_revision = None", rev("ab")),
    ("revision = '\\x61\\u00e9'\ndown_revision = None", rev("aé")),
    ("revision = '''x'''\ndown_revision = None", rev()),
    ("revision = 'é'\ndown_revision = None", rev("é")),
    ("revision = ''\ndown_revision = None", rev("")),
    ("PREFIX = 'a'\nrevision = PREFIX + 'b'\ndown_revision = PREFIX", rev("ab", ("a",))),
    ("A = ('a',)\nrevision = 'x'\ndown_revision = A + ('b',)", rev(down=("a", "b"))),
    ("A = ['a']\nrevision = 'x'\ndown_revision = A + ['b']", rev(down=("a", "b"))),
    ("A = 'a'\nrevision = 'x'\ndown_revision = (A, 'b')", rev(down=("a", "b"))),
    ("revision = 'x'\nrevision += 'y'\ndown_revision = None", rev("xy")),
    ("revision = 'x'\ndown_revision = ('a',)\ndown_revision += ('b',)", rev(down=("a", "b"))),
    ("revision = 'x'\ndown_revision = ['a']\ndown_revision += ['b']", rev(down=("a", "b"))),
    ("down_revision = 'a'\nrevision = 'x'\nA = revision\ndel revision\nrevision = A", rev(down=("a",))),
    ("revision: str\nrevision = 'x'\ndown_revision = None", rev()),
    ("from __future__ import annotations\nrevision: Any = 'x'\ndown_revision: Any[...] = None", rev()),
    ("from os import *\nrevision = 'x'\ndown_revision = None", rev()),
    ("revision = 'x'\ndown_revision = None\nif True:\n    other = 1", rev()),
    ("revision = 'x'\ndown_revision = None\nclass A:\n    revision = 'y'\n    down_revision = 'z'", rev()),
    ("revision = 'x'\ndown_revision = None\ndef f(revision='y'):\n    revision = 'z'", rev()),
    ("revision = 'x'\ndown_revision = None\nf = lambda revision='y': (revision := 'z')", rev()),
    ("revision = 'x'\ndown_revision = None\nothers = [revision for revision in 'yz']", rev()),
    ("revision = 'x'\ndown_revision = None\nassert revision\nprint(revision, down_revision)", rev()),
    ("revision = 'x'\ndown_revision = None\nother = {}\nother['revision'] = 'y'", rev()),
    ("revision = 'x'\ndown_revision = None\nimport os.path as other, os.path", rev()),
    ("revision = 'x'\ndown_revision = None\n'''\nrevision = 'y'\n'''", rev()),
    ("revision = 'x'\ndown_revision = None\n# revision = 'y'", rev()),
    ("globals()\nrevision = 'x'\ndown_revision = None\ndepends_on = branch_labels = None", rev()),
    ("ｒevision = 'x'\ndown_revision = None", rev()),
    ("revision = 'x'\r\ndown_revision = None\r\n", rev()),
    ("revision = 'x'\rdown_revision = None\r", rev()),
    ("\frevision = 'x'\n\fdown_revision = None", rev()),
    ("\ufeffrevision = 'x'\ndown_revision = None", rev()),
    (TEMPLATE, rev("a1b2c3d4", ("0f1e2d3c",))),
]

OPAQUE: list[tuple[str, Revision]] = [
    ("revision = 'x'\ndown_revision = previous()", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = str('a')", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = ('a', previous())", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = [*previous()]", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = f'{a}'", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = 'a' if a else 'b'", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = a", rev(opaque=True)),
    ("revision = 'x'\nfrom a import down_revision", rev(opaque=True)),
    ("revision = 'x'\nimport down_revision.a", rev(opaque=True)),
    ("revision = 'x'\nif a:\n    down_revision = 'a'\nelse:\n    down_revision = 'b'", rev(opaque=True)),
    ("revision = 'x'\ntry:\n    down_revision = 'a'\nexcept E:\n    pass", rev(opaque=True)),
    ("revision = 'x'\ntry:\n    pass\nexcept E as down_revision:\n    pass", rev(opaque=True)),
    ("revision = 'x'\nwith a as down_revision:\n    pass", rev(opaque=True)),
    ("revision = 'x'\nfor down_revision in 'ab':\n    pass", rev(opaque=True)),
    ("revision = 'x'\nmatch a:\n    case down_revision:\n        pass", rev(opaque=True)),
    ("revision = 'x'\nmatch a:\n    case {**down_revision}:\n        pass", rev(opaque=True)),
    ("revision = 'x'\nmatch a:\n    case [*down_revision]:\n        pass", rev(opaque=True)),
    ("revision = 'x'\nmatch a:\n    case 1 as down_revision:\n        pass", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = None\nprint(down_revision := 'a')", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = None\na = [(down_revision := b) for b in 'ab']", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = None\ndef f(a=(down_revision := 'a')): ...", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = None\n@g(down_revision := 'a')\nclass f: ...", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = None\ndef f():\n    global down_revision", rev(opaque=True)),
    ("revision = 'x'\ndef down_revision(): ...", rev(opaque=True)),
    ("revision = 'x'\nclass down_revision: ...", rev(opaque=True)),
    ("revision = 'x'\n*down_revision, a = 'b', 'c'", rev(opaque=True)),
    ("revision = 'x'\ndown_revision, a = 'bc'", rev(opaque=True)),
    ("revision = 'x'\ndown_revision, a = 'b', 'c', 'd'", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = 'a'\ndown_revision *= 2", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = 'a'\ndown_revision += b", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = ['a']\ndown_revision.append('b')", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = a = ['a']\na.append('b')", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = a = ['a']\na += ['b']", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = a = ['a']\na[0] = 'b'", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = a = ['a']\ndel a[0]", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = a = ['a']\nb = c(a)", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = a = {'a'}\na.add('b')", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = {['a']}", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = ...", rev(opaque=True)),
    ("revision = 'x'\nif a:\n    del down_revision", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = 'a'\ndepends_on = b()", rev(down=("a",), opaque=True)),
    ("revision = 'x'\ndown_revision = 'a'\nbranch_labels = b()", rev(down=("a",), opaque=True)),
    ("down_revision = 'a'\nvars().update(b)\nrevision = 'x'", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = None\n__getattr__ = a", rev(opaque=True)),
    ("revision = 'x'\ndown_revision = None\nfrom a import __getattr__", rev(opaque=True)),
]

REASONS: list[tuple[str | bytes, str]] = [
    ("", "no-revision"),
    ("import os", "no-revision"),
    ("from os import *", "no-revision"),
    ("revision: str\ndown_revision = None", "no-revision"),
    ("revision = 'x'\ndel revision\ndown_revision = None", "no-revision"),
    ("class A:\n    revision = 'x'", "no-revision"),
    ("revision = 'x'", "no-down-revision"),
    ("revision = 'x'\ndown_revision = 'a'\ndel down_revision", "no-down-revision"),
    ("def __getattr__(name): ...", "computed-id"),
    ("revision = 'x'\ndown_revision = None\nreturn", "syntax"),
    ("revision = 'x'\ndown_revision = None\nx = " + "'a' + " * 3000 + "'b'", "syntax"),
    ("revision = make()\ndown_revision = None", "computed-id"),
    ("revision = str('x')\ndown_revision = None", "computed-id"),
    ("revision = f'{a}'\ndown_revision = None", "computed-id"),
    ("revision = 'x'\nif a: revision = 'y'\ndown_revision = None", "computed-id"),
    ("from a import revision\ndown_revision = None", "computed-id"),
    ("revision = 'x'\ndown_revision = None\nexec(a)", "computed-id"),
    ("revision = 'x'\ndown_revision = None\nglobals()['revision'] = 'y'", "computed-id"),
    ("globals().update(a)", "computed-id"),
    ("revision = 123\ndown_revision = None", "not-a-string"),
    ("revision = None\ndown_revision = None", "not-a-string"),
    ("revision = ('x',)\ndown_revision = None", "not-a-string"),
    ("revision = b'x'\ndown_revision = None", "not-a-string"),
    ("revision = 'x'\ndown_revision = 123", "not-a-string"),
    ("revision = 'x'\ndown_revision = False", "not-a-string"),
    ("revision = 'x'\ndown_revision = ('a', None)", "not-a-string"),
    ("revision = 'x'\ndown_revision = (('a', 'b'), 'c')", "not-a-string"),
    ("revision = 'x'\ndown_revision = None\ndepends_on = 1.5", "not-a-string"),
    ("revision = 'x'\ndown_revision = None\nbranch_labels = b'l'", "not-a-string"),
    ("revision = ", "syntax"),
    ("revision = 'x'\n down_revision = None", "syntax"),
    ("revision = 'x'\n<<<<<<< HEAD\ndown_revision = None", "syntax"),
    ("\0revision = 'x'\ndown_revision = None", "syntax"),
    ("revision = 'x'\ndown_revision = " + "(" * 300 + ")" * 300, "syntax"),
    ("revision = 'x'\ndown_revision = " + "-" * 100_000 + "1", "syntax"),
    ("revision = 'x'\ndown_revision = None\na = " + "9" * 10_000, "syntax"),
    (b"revision = '\xe9'\ndown_revision = None", "encoding"),
    ("revision = 'x'\ndown_revision = None".encode("utf-16"), "encoding"),
    (b"# coding: no-such-codec\nrevision = 'x'\ndown_revision = None", "encoding"),
    (b"# coding: hex\nrevision = 'x'\ndown_revision = None", "encoding"),
    (b"\xef\xbb\xbf# coding: latin-1\nrevision = 'x'\ndown_revision = None", "encoding"),
    (b"#" * (MAX_BYTES + 1), "too-large"),
]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("source", "expected"), [*PLAIN, *OPAQUE, *REASONS])
def test_forms(source: str | bytes, expected: Revision | str, whole: bool) -> None:
    assert read(source, whole=whole) == expected


@pytest.mark.parametrize(("source", "expected"), [*PLAIN, *OPAQUE])
def test_forms_above_functions(source: str, expected: Revision) -> None:
    assert read(source + "\n\ndef upgrade():\n    pass\n", whole=False) == expected


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("revision = 'y'", rev("y")),
        ("down_revision = 'y'", rev(down=("y",))),
        ("depends_on = 'y'", rev(depends=("y",))),
        ("branch_labels = 'y'", rev(labels=("y",))),
        ("ｄepends_on = 'y'", rev(depends=("y",))),
        ('x = \'é\'\n"""\nrevision = \'y\'\n"""', rev()),
        ("exec(y)", "computed-id"),
        ("globals()", "computed-id"),
        ("locals()", "computed-id"),
        ("vars()", "computed-id"),
        ("op.execute('y')", rev()),
    ],
)
def test_what_stands_below_the_first_function_counts(below: str, expected: Revision | str) -> None:
    for head in ("revision = 'x'\ndown_revision = None", "a = 1; revision = 'x'; down_revision = None"):
        assert read(f"{head}\n\ndef f():\n    pass\n\n{below}\n", whole=False) == expected


def test_what_is_missing_above_the_first_function() -> None:
    assert read("\ndef f(): pass", whole=False) == "no-revision"
    assert read("revision = 'x'\ndef f(): pass", whole=False) == "no-down-revision"
    assert read("down_revision = None\ndef f(): pass", whole=False, name="a1.py") == rev("a1")


@pytest.mark.parametrize(
    "head",
    [
        "revision = 'x'\ndown_revision = ('a')\n",
        "revision = 'x'\ndown_revision = ('a' 'b', 'c')\n",
        "revision = 'x'\ndown_revision = ('a,b', \"c\",)\n",
        "revision = 'x'\ndown_revision = ['a']\n",
        "revision = 'x\\x61'\ndown_revision = 'a'\n",
        "revision = 'x' # 'y'\ndown_revision = 'a'# b\n",
        "revision = 'x' 'y'\ndown_revision = 'a'\n",
        "revision = 'x'\ndown_revision = 'a'\ndepends_on = 'c'\nbranch_labels = 'b'\n",
        "revision = 'x'\ndown_revision = 'a'\nrevision = 'y'\n",
        "revision = 'x'\ndown_revision = 'a'\nfrom x import depends_on\n",
        "from x import branch_labels as b, depends_on\nrevision = 'x'\ndown_revision = 'a'\n",
        "revision = 'x'\ndown_revision = 'a'\nimport a as revision\n",
        "revision = 'x'\ndown_revision = 'a'\n# a\rrevision = 'y'\n",
        "revision = 'x' # a\rrevision = 'y'\ndown_revision = 'a'\n",
        "# a\rdepends_on = 'y'\nrevision = 'x'\ndown_revision = 'a'\n",
        '"""a""" """b"""\nrevision = "x"\ndown_revision = "a"\n',
        '"""a\nrevision = "z"\n"""\nrevision = "x"\ndown_revision = "a"\n',
        '"""a"""\ndepends_on = "y"\n"""b"""\nrevision = "x"\ndown_revision = "a"\n',
        '"""a "b" ""c"""\nrevision = "x"\ndown_revision = "a"\n',
        '"""a\\"""\nrevision = "z"\n"""\nrevision = "x"\ndown_revision = "a"\n',
    ],
)
def test_a_head_like_the_template_is_read_as_a_whole(head: str) -> None:
    for content in (f"{head}\n\ndef f(): pass\n", f"{head}\n\ndef f(): pass\n".replace("\n", "\r\n")):
        found = read(content, whole=True)
        assert isinstance(found, Revision) or found == "computed-id"
        assert read(content, whole=False) == found


def test_what_another_name_changes_below_the_head_is_not_read_from_the_head() -> None:
    for fact in ("revision", "down_revision", "branch_labels", "depends_on"):
        for value in ("['a']", "{'a'}"):
            head = f"revision = 'x'\ndown_revision = 'c'\n{fact} = shared = {value}\n\ndef f(): pass\n"
            changed = head + "shared.clear()\n"
            assert read(changed, whole=False) == read(changed, whole=True) != read(head, whole=False), changed


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


@pytest.mark.parametrize(("source", "expected"), PLAIN)
def test_alembic_agrees(source: str, expected: Revision, tmp_path: Path) -> None:
    if source.startswith("from __future__"):
        source = source.replace("Any[...]", "Any")
    assert alembic_reads(source, tmp_path) == expected


@pytest.mark.parametrize("reason", ["no-revision", "no-down-revision", "syntax", "encoding"])
def test_what_is_unreadable_here_alembic_cannot_load_either(reason: str, tmp_path: Path) -> None:
    for source, found in REASONS:
        if found == reason:
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


@pytest.mark.parametrize(
    "source",
    [
        "revision = 'ab-1.c_2'",
        "revision = 'a' \"b-1.c_2\"",
        "start = '' 'ab-1.'\nrevision = start + 'c_2'",
        "revision = f\"ab-1.c_\" f'2'",
        "revision = '''ab''' '-1.c_2'",
        "revision = 'a\\x62-1.c_2'",
        "# coding: utf-7\nrevision = 'ab-1.c+AF8-2'",
        "revision = 'x'\nbranch_labels = ['y', 'ab' '-1.c_2']",
    ],
)
def test_what_may_be_in_a_file_however_it_is_spelled(source: str) -> None:
    found = read(f"{source}\ndown_revision = None")
    assert isinstance(found, Revision)
    assert "ab-1.c_2" in (found.id, *found.branch_labels)
    assert Sought("ab-1.c_2").may_be_in(source.encode(), "some_file.py")


@pytest.mark.parametrize("word", ["1a2b3c4d", "accounts2", "_", "t_"])
def test_what_is_surely_not_in_a_file(word: str) -> None:
    assert not Sought(word).may_be_in(TEMPLATE.replace("_", "").encode(), "0001.py")


@pytest.mark.parametrize("word", ["é", "a\nb", "{}", "", "a b", "'", "\udcff"])
def test_any_file_may_have_a_word_of_other_characters(word: str) -> None:
    assert Sought(word).may_be_in(b"", "0001.py")


def test_what_only_the_name_says() -> None:
    assert Sought("1a2b").may_be_in(b"down_revision = None", "1a2b.py")
    assert not Sought("1a2b").may_be_in(b"down_revision = None", "1a2.py")


def test_a_word_hidden_by_the_encoding() -> None:
    head = b"# coding: utf-7\nrevision = 'x'\ndown_revision = None\n\ndef f(): ...\n"
    assert read(head + b"+AHI-evision = 'y'\n", whole=False) == rev("y")
    assert read(head.replace(b"\n", b"\r", 1) + b"+AHI-evision = 'y'\n", whole=False) == rev("y")


def test_sums_do_not_explode() -> None:
    source = "revision = 'x'\ndown_revision = None\na = 'ab'\n" + "a = a + a\n" * 100
    assert read(source + "b = ('a',)\n" + "b = (b, b)\n" * 100 + "c = {b}") == rev()
    assert read(source + "revision = a") == "computed-id"
    assert read(source + "c = ['a']\n" + "c += c\n" * 100 + "revision = 'x'") == rev()
    assert read(source + "b = ('a',)\n" + "b = (b + b, b + b)\n" * 100 + "depends_on = b") == rev(opaque=True)


def test_a_long_sum_is_computed_not_an_error() -> None:
    plus = "revision = 'x'\ndown_revision = None\nbranch_labels = " + " + ".join(["'a'"] * 900)
    assert read(plus) in (rev(opaque=True), rev(labels=("a" * 900,)))


def test_size_limit_is_exact() -> None:
    content = b"revision = 'x'\ndown_revision = None\n"
    assert read(content + b"#" * (MAX_BYTES - len(content))) == rev()


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


def test_the_literals_module_is_represented_faithfully() -> None:
    assert revision._COMPUTED is literals.COMPUTED
    assert revision._ANY_NAME == literals.ANY_NAME


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
    data = b'\nNAMES = {\'a\': [1, \'b\']}\nSQL = """\nUPDATE t\n"""\n\ndef '
    contents += [content.replace(b"\ndef ", data, 1) for _, content in written]
    code = (
        "import sys\n"
        "from alembic_worktrees.migrations.revision import read_revision\n"
        f"for content in {contents!r}:\n"
        "    read_revision(content, 'a.py')\n"
        "sys.exit('alembic_worktrees.migrations.literals' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Fast is whole: texts made of pieces that real migrations have, in any order, and damaged

HEAD_PIECES = [
    '"""doc"""', '"""doc\n\ndef upgrade():\nrevision = "in doc"\n"""', "'''doc \"\"\" '''",
    '"""a "quoted" é"""', '"""\\d"""', "from alembic import op", "import sqlalchemy as sa",
    "from a import (\n    b,\n    c,\n)", "from x import *", "from x import revision", "import depends_on",
    "import os  # revision", "from x import a as branch_labels", "# a comment", "# revision = 'c'", "", "    ",
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
    "x = 1 + \\", "x = [", "]", "class A:\n    pass", "del revision", "revision += 'p'",
]  # fmt: skip
TAIL_PIECES = [
    "def upgrade():\n    op.execute('select 1')", "def downgrade() -> None:\n    pass",
    "async def f():\n    pass", "def f():\n    op.execute('''\nrevision = 'sql'\n''')",
    "def f():\n    op.execute('''\nupdate t\ndef \n''')", "    op.add_column('t', sa.Column('c', sa.Text()))",
    "    # é", "def f(a=(revision := 'w')): pass", "def f(): 'é'",
    "def f():\n    global revision\n    revision = 'g'", "def f():\n    global NAME",
    "def revision():\n    pass", "revision = 't1'", "down_revision = 't2'", "depends_on = 't3'",
    "branch_labels = 't4'", "x = 1; revision = 't5'", "ｒevision = 't6'", "SHARED.append('t7')",
    "SHARED += ['t8']", "SHARED = ['t9']", "NAME = 't10'", "exec('')", "globals()", "x = locals", "vars(x)",
    "op.execute('x')", "del revision", "from x import *", "class A:\n    revision = 'c'",
    "class A:\n    SHARED.append('c')", "@f(exec)\ndef g(): pass", "for revision in x: pass",
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
@example("revision = 'x'\ndown_revision = None\n\ndef f(): ...\n𝓻evision = 'y'\n".encode())
@example(b"revision = 'x'\ndown_revision = ['a']\nb = down_revision\ndef f(): ...\nb.append('c')\n")
@example(b"revision = 'x'\ndown_revision = None\nA = 'a'\ndef f(): ...\n@exec\ndef g(): ...\n")
def test_fast_is_whole(content: bytes) -> None:
    whole = read(content, whole=True)
    fast = read(content, whole=False)
    if whole not in ("syntax", "encoding"):
        assert fast == whole


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
