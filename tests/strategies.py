"""Input made up by a machine: what the tests of several readers draw from.

A text is made of pieces that real ones have, in odd spellings, and then damaged as bytes are damaged.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alembic_worktrees.migrations.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class ForAll(Protocol):
    """Hold what `check` asserts for `corner` inputs in the suite, for `full` in a trial: the fixture `for_all`."""

    def __call__(
        self, made: st.SearchStrategy[T], check: Callable[[T], None], *, corner: int, full: int
    ) -> None: ...


def hold(made: st.SearchStrategy[T], check: Callable[[T], None], **options: Any) -> int:
    """Call `check` with what `made` makes, as hypothesis's settings say; how many it were."""
    count = 0

    @settings(deadline=None, database=None, suppress_health_check=list(HealthCheck), **options)
    @given(made)
    def run(value: T) -> None:
        nonlocal count
        count += 1
        check(value)

    run()
    return count


# Bytes that are damaged


def _flip(content: bytes, at: int, until: int, other: bytes) -> bytes:
    return content[:at] + bytes([content[at] ^ 1 << (until % 8)]) + content[at + 1 :] if content else b""


def _delete(content: bytes, at: int, until: int, other: bytes) -> bytes:
    return content[:at] + content[at + 1 + until % 40 :]


def _double(content: bytes, at: int, until: int, other: bytes) -> bytes:
    piece = content[at : at + 1 + until % 80]
    return content[:at] + piece + content[at:]


def _truncate(content: bytes, at: int, until: int, other: bytes) -> bytes:
    return content[:at]


def _splice(content: bytes, at: int, until: int, other: bytes) -> bytes:
    return content[:at] + other[until % (len(other) + 1) :]


def _put(content: bytes, at: int, until: int, other: bytes) -> bytes:
    return content[:at] + ODD_BYTES[until % len(ODD_BYTES)] + content[at:]


ODD_BYTES = [
    b"\0", b"\f", b"\t", b"\r", b"\n", b"\r\n", b"\x0b", b"\x1b[31m", b"\x1c", b"\x85", b"\xff", b"\xc2\x85",
    b"\xed\xb2\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", "é".encode(), "𝓻".encode(), b"\\", b"\\\n", b"\\N{DIGIT",
    b"'", b'"', b"'''", b'"""', b"(", b")", b"[", b"]", b"{", b"}", b",", b";", b":", b"=", b" ", b"#", b"%",
    b"# coding: latin-1\n", b"# coding: utf-7\n", b"# coding: no\n", b"9" * 5000, b"(" * 300, b"[" * 3000,
    b"-" * 3000, b"x" * 70_000, b"'a' + " * 2000, b"\n    ",
]  # fmt: skip
DAMAGES = [_flip, _delete, _double, _truncate, _splice, _put]


@st.composite
def damaged(draw: st.DrawFn, contents: st.SearchStrategy[bytes], most: int = 4) -> bytes:
    """A content with up to `most` places damaged; another content is what it is spliced with."""
    content, other = draw(contents), draw(contents)
    for _ in range(draw(st.integers(1, most))):
        damage = draw(st.sampled_from(DAMAGES))
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        content = damage(content, at, draw(st.integers(0, 999)), other)
    return content


# Strings as Python may spell them

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\000", "\\": "\\\\", "'": "\\'", '"': '\\"'}
_FORMS = ["\\x{:02x}", "\\{:03o}", "\\u{:04x}", "\\U{:08x}"]
_PREFIXES = ["", "", "", "u", "U", "r", "R"]
_QUOTES = ["'", '"', "'''", '"""']

ids = st.one_of(
    st.text("0123456789abcdef", min_size=4, max_size=12),
    st.text(string.ascii_letters + string.digits + "_.-$ /", min_size=1, max_size=12),
    st.text(st.sampled_from("aé日𝓻\u2028\x85\x1c\f\0\r\n\t'\"\\{}#%;ß\udc80"), max_size=6),
)


def _character(draw: st.DrawFn, character: str, encoding: str) -> str:
    """One character within quotes, now and then by its number."""
    number = ord(character)
    if character in "{}":
        return f"\\x{number:02x}"
    plain = character.isprintable() and character not in _ESCAPES and _encodes(character, encoding)
    if plain and draw(st.integers(0, 9)):
        return character
    if character in _ESCAPES and draw(st.booleans()):
        return _ESCAPES[character]
    wide = 0 if number < 0x100 else 2 if number < 0x1_0000 else 3
    return _FORMS[draw(st.integers(wide, 3))].format(number)


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@st.composite
def literals(draw: st.DrawFn, value: str, encoding: str = "utf-8") -> str:
    """One string literal, with any prefix and quotes, by escapes or as it is."""
    prefix, quote = draw(st.sampled_from(_PREFIXES)), draw(st.sampled_from(_QUOTES))
    if "r" in prefix.lower():
        raw = value.isprintable() and not set(value) & set("\\'\"{}") and _encodes(value, encoding)
        if raw:
            return f"{prefix}{quote}{value}{quote}"
        prefix = ""
    text = "".join(_character(draw, character, encoding) for character in value)
    folded = "\\\n" if text and draw(st.integers(0, 9)) == 0 else ""
    return f"{prefix}{quote}{folded}{text}{quote}"


@st.composite
def strings(draw: st.DrawFn, value: str, encoding: str = "utf-8") -> str:
    """An expression that is this string: in pieces, in parentheses, on several lines."""
    cuts = sorted(draw(st.lists(st.integers(0, len(value)), max_size=2)))
    pieces = [value[start:end] for start, end in zip([0, *cuts], [*cuts, len(value)], strict=True)]
    spelled = [draw(literals(piece, encoding)) for piece in pieces]
    form = draw(st.sampled_from(["({})", "({})", "((\n{}  # why\n))", "{}"]))
    joint = draw(st.sampled_from([" ", ""] if form == "{}" else [" ", "\n  ", "  # é\n"]))
    if joint == "":
        joint = " \\\n "
    if not _encodes("é", encoding):
        joint = joint.replace("é", "e")
    return form.format(joint.join(spelled))


@st.composite
def collections(draw: st.DrawFn, values: tuple[str, ...], encoding: str = "utf-8") -> str:
    """A tuple, a list or a set of strings, in an odd layout. A set keeps no order: it is sorted by the reader."""
    items = [draw(strings(value, encoding)) for value in values]
    kinds = ["({})", "({})", "[{}]"] + (["{{{}}}"] if items and list(values) == sorted(set(values)) else [])
    kind = draw(st.sampled_from(kinds))
    joint = draw(st.sampled_from([", ", ",", " ,\n    ", ",  # and\n", "\t,\\\n"]))
    end = "," if kind == "({})" and len(items) == 1 else draw(st.sampled_from(["", ","])) if items else ""
    text = kind.format(joint.join(items) + end)
    return f"(\n{text}\n)" if draw(st.integers(0, 9)) == 0 else text


# Migration files whose answer is known

FACTS = ("revision", "down_revision", "branch_labels", "depends_on")


class Made(NamedTuple):
    """A migration file, and what it says."""

    content: bytes
    says: Revision


_ANNOTATIONS = {
    "revision": [
        "",
        "",
        ": str",
        ":str",
        ": Final",
        ': "str"',
        ": Annotated[str, 'x']",
        ": typing.Final[str]",
    ],
    "other": ["", "", ": Union[str, None]", ": Union[str, Sequence[str], None]", ": str | None", ": 'Any'"],
}
_NOISE = [
    "", "", "# a comment", "    ", "\f", "\t# indented", "# revision = 'not'", "pass", "x = 1; y = x",
    "'''\nrevision = 1'''", "r'\\d'", "'\\d'", "__all__ = ['revision']", "if False:\n    other = 1",
    "try:\n    other = 2\nfinally:\n\tpass", "if (n := 10) > 5: pass",
    "class A:\n    revision = 'class'\n    other = 1", "numbers = [0x" + "f" * 5000 + "]",
    "long = '" + "x" * 20_000 + "'", "deep = " + "(" * 90 + "1" + ")" * 90, "def f(): return 'x'",
    "f = lambda revision: 0", "async def g():\n    revision = 1", "\\\n", "assert True",
    "import os as operating_system", "from os import path", "for i in ():\n    pass", "x: int",
]  # fmt: skip
_TAILS = [
    "", "\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
    "\n\ndef upgrade() -> None:\n    op.execute('select 1')\n\n\ndef downgrade() -> None:\n    \"\"\"Down.\"\"\"\n",
    "\ndef upgrade():\n    op.execute('''\nrevision = 'sql'\ndef no():\n''')\n", "\ndef f(): '\\d'\n",
    "\n\ndef f():\n    x = 'revision'\n\nclass B:\n    other = 3\n",
]  # fmt: skip
_HEADS = [
    "",
    "",
    '"""add a thing\n\nRevision ID: a1b2\nRevises: \n\n"""\n',
    "'''doc'''\n",
    "#!/usr/bin/python\n",
]
_IMPORTS = "from __future__ import annotations\n"  # what an annotation names need not be there
_COOKIES = {
    "utf-8": ["", "", "", "# coding: utf-8\n", "# -*- coding: UTF-8 -*-\n", "# vim: set fileencoding=utf-8 :\n"],
    "latin-1": ["# coding: latin-1\n", "#!/x\n# -*- coding: iso-8859-1 -*-\n", "# coding=latin1\n"],
    "cp1252": ["# coding: cp1252\n"],
}  # fmt: skip


@st.composite
def declared(draw: st.DrawFn, fact: str, value: str | tuple[str, ...] | None, encoding: str) -> str:
    """A statement that assigns the value to the fact, and nothing else that matters."""
    if value is None:
        text = draw(st.sampled_from(["None", "(None)", "(\nNone\n)"]))
    elif isinstance(value, str):
        text = draw(strings(value, encoding))
    else:
        text = draw(collections(value, encoding))
    annotation = draw(st.sampled_from(_ANNOTATIONS["revision" if fact == "revision" else "other"]))
    forms = ["{name}{annotation} = {text}"] * 4 + ["{name}{annotation}={text}  # {name} = 'no'"]
    if not annotation:
        forms += ["{name} = also = {text}", "{name} \\\n= {text}", "{name} = 'before'; {name} = {text}"]
    return draw(st.sampled_from(forms)).format(name=fact, annotation=annotation, text=text)


parents = st.one_of(st.none(), ids, st.lists(ids, max_size=3, unique=True).map(tuple))


def _known(value: str | tuple[str, ...] | None, fact: str) -> tuple[str, ...]:
    if value is None or (fact == "depends_on" and value in ("", ("",))):
        return ()
    return (value,) if isinstance(value, str) else value


@st.composite
def plain_migrations(draw: st.DrawFn) -> Made:
    """A file with plain literal declarations at its top level: Alembic reads it, so we must."""
    encoding = draw(st.sampled_from([*["utf-8"] * 8, "latin-1", "cp1252"]))
    id = draw(ids.filter(lambda made: not set(made) & set("@-+:")))
    values = {"revision": id} | {
        fact: draw(parents.filter(lambda value: id not in _known(value, ""))) for fact in FACTS[1:]
    }
    said = [fact for fact in FACTS if fact in FACTS[:2] or draw(st.integers(0, 3))]
    lines = [draw(declared(fact, values[fact], encoding)) for fact in draw(st.permutations(said))]
    for noise in draw(st.lists(st.sampled_from(_NOISE), max_size=4)):
        lines.insert(draw(st.integers(0, len(lines))), noise)
    text = draw(st.sampled_from(_HEADS)) + _IMPORTS + "\n".join(lines) + "\n" + draw(st.sampled_from(_TAILS))
    says = [_known(values[fact], fact) if fact in said else () for fact in FACTS[1:]]
    return Made(_encoded(draw, text, encoding), Revision(id, says[0], says[2], says[1]))


def _encoded(draw: st.DrawFn, text: str, encoding: str) -> bytes:
    text = draw(st.sampled_from(_COOKIES[encoding])) + text
    content = text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))).encode(encoding)
    return draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) + content if encoding == "utf-8" else content


# Migration files of which anything may be wrong

_WILD = [
    "if flag:\n    {fact} = {text}\nelse:\n    {fact} = 'e'", "flag = 1\nif flag:\n    {fact} = {text}",
    "while False:\n    {fact} = 1", "try:\n    {fact} = {text}\nexcept Exception:\n    {fact} = 'x'",
    "class B:\n    {fact} = 3", "class B:\n    {fact} += ['c']", "{fact} += 'p'", "{fact} = {fact} + 'p'",
    "{fact} = [*{text}]", "{fact} = dict(a=1)", "{fact} = {{'a': 1}}", "{fact} = str({text})",
    "{fact} = {text}.upper()", "{fact} = f'{{1}}'", "{fact} = b'bytes'", "{fact} = 1", "{fact} = 1.5",
    "{fact} = ...", "{fact} = True", "{fact} = ('a', None)", "{fact} = ['a', ['b']]", "{fact} = ('a', 'a')",
    "{fact} = ('a',) + ('b',)", "{fact} = 'a' 'b' if 1 else 'c'", "{fact} = 'a' or 'b'", "{fact} = 'ab'[0]",
    "{fact} = '%s' % 'x'", "{fact}: str", "{fact} = lambda: 1", "{fact} = ['a']\n({fact},) = ({fact},)",
    "A = 'a'\n{fact} = A\nA = 'b'", "{fact}, *other = 'ab', 'c'", "type Alias = {text}",
    "@(lambda f: f)\ndef g({fact}=1): pass", "from os import *", "__all__ = ['{fact}']",
    "async def f():\n    {fact} = 1\n    await f()", "return", "yield", "break", "nonlocal {fact}",
    "await {fact}", "def f(a, a): pass", "raise SystemExit", "raise KeyboardInterrupt",
    "import no_such_module", "no_such_name", "'\\d' is '\\d'", "0x", "1_000_", "1if 1else 2",
    "from __future__ import braces", "from __future__ import annotations", "'\\N{{no such name}}'",
    "'\\ud800'", "print('out')", "$", "?", "{fact} = 9{nines}", "{fact} = 0x{nines}", "x = {nested}",
    "{fact} = {nested}", "x = {minus}1", "x = {sums}", "{fact} = {sums}", "x = {attributes}", "x = {calls}",
    "{ifs}", "{fact} = '''{nines}", "{elifs}", "x = f'{{f\"{{1}}\"}}'", "x = f'{{{fact}!r:>{{9}}}}'",
    "{fact} = (yield)", "lambda: (yield)", "{fact} = 'a', # 'b'", "{fact} = \\\n'a'", "{fact} \\\n= 'a'",
    "\f{fact} = 'ff'", " {fact} = 'indented'",
]  # fmt: skip
_DEEP = {
    "nines": "9" * 5000, "nested": "(" * 150 + "1" + ")" * 150, "minus": "-" * 4000, "sums": "'a' + " * 3000 + "'b'",
    "attributes": "a" + ".a" * 3000, "calls": "a" + "()" * 3000,
    "ifs": "".join(" " * n + "if 1:\n" for n in range(110)) + " " * 110 + "pass",
    "elifs": "if 0: pass\n" + "elif 0: pass\n" * 1500,
}  # fmt: skip


@st.composite
def wild_pieces(draw: st.DrawFn) -> str:
    """Statements that may change a fact in some way or other, or be no Python at all."""
    fact, text = draw(st.sampled_from(FACTS)), draw(strings(draw(ids)))
    return draw(st.sampled_from(_WILD)).format(fact=fact, text=text, **_DEEP)


@st.composite
def wild_migrations(draw: st.DrawFn) -> bytes:
    """A plain file with such statements in between, above or below the first function."""
    content = draw(plain_migrations()).content.replace(b"\r\n", b"\n")
    lines = content.split(b"\n")
    start = next((number for number, line in enumerate(lines) if b"__future__" in line), 0) + 1
    for piece in draw(st.lists(wild_pieces(), min_size=1, max_size=2)):
        lines.insert(draw(st.integers(start, len(lines))), piece.encode("utf-8", "surrogateescape"))
    return draw(st.sampled_from([b"\n", b"\n", b"\r\n"])).join(lines)


# As `alembic revision` has written it since 1.7, since 1.12 and since 1.16

_TYPING = "from typing import Sequence, Union\n\n"
_TEMPLATES = [
    ("", ["", "", "", ""]),
    (_TYPING, [": str", ": Union[str, None]", *[": Union[str, Sequence[str], None]"] * 2]),
    (_TYPING, [": str", *[": Union[str, Sequence[str], None]"] * 3]),
]
_FUNCTIONS = ["():", "() -> None:", '() -> None:\n    """Upgrade schema."""']


@st.composite
def template_migrations(draw: st.DrawFn) -> bytes:
    """A file as one of Alembic's templates makes it: the message, ids, labels and dependencies are anything."""
    which = draw(st.integers(0, 2))
    imports, annotations = _TEMPLATES[which]
    message = draw(st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cs"]), max_size=30))
    facts = zip(FACTS, annotations, [draw(ids), *(draw(parents) for _ in FACTS[1:])], strict=True)
    text = (
        f'"""{message}\n\nRevision ID: a\nRevises: b\nCreate Date: 2024-01-01 12:00:00.000000\n\n"""\n{imports}'
        "from alembic import op\nimport sqlalchemy as sa\n\n\n# revision identifiers, used by Alembic.\n"
        + "".join(f"{fact}{annotation} = {value!r}\n" for fact, annotation, value in facts)
        + f"\n\ndef upgrade{_FUNCTIONS[which]}\n    op.drop_column('t', 'c')\n    # ### end Alembic commands ###\n"
    )
    return text.encode("utf-8", "surrogatepass")


damaged_migrations = damaged(
    st.one_of(template_migrations(), template_migrations(), plain_migrations().map(lambda made: made.content))
)


# Docstrings

_DOC_ENDS = [
    "", "\n", "  # why\n", "; x = 1\n", " 'more'\n", ".strip()\n", " % 1\n", " \\\n'more'\n", " + 'x'\n",
    ", 1\n", "\r", "\f\n", "[0]\n", " if x else 'y'\n", "\\", " = 1\n", "\n'more'\n", "''\n", '"', "b'bytes'\n",
]  # fmt: skip
_DOC_HEADS = [
    "", "", "", "\ufeff", "\n", "# c\n", "# coding: latin-1\n", " ", "(", "r", "u", "b", "f", "x = ", "pass\n",
    "\f", "#!/x\n# coding: cp1252\n",
]  # fmt: skip


@st.composite
def documented(draw: st.DrawFn) -> bytes:
    """A module that begins with a docstring, or with what looks like one."""
    quote = draw(st.sampled_from(['"""', '"""', '"""', "'''", '"', "'"]))
    text = draw(st.text(st.sampled_from("aé \t\n\r\f\x0b\x1c\x85\u2028\xa0\u3000'\"\\#0n{}"), max_size=12))
    module = f"{draw(st.sampled_from(_DOC_HEADS))}{quote}{text}{quote}{draw(st.sampled_from(_DOC_ENDS))}"
    return module.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "latin-1"])), "replace")


# Names of files, of folders and of branches, as git allows them

_odd_letters = st.sampled_from(
    "aB1 .-_:*?[]!#\\\"'$`~^@{}|&;<>()%=,+é日\n\r\t\x01\x07\x1b\x7f\x85\u2028\udce9\udcff"
)
file_names = st.text(_odd_letters, min_size=1, max_size=14).filter(
    lambda name: name not in (".", "..") and not name.lower().startswith(".git")
)
_NOT_IN_REFS = frozenset(" :*?[\\~^\n\r\t\x01\x07\x1b\x7f")
ref_names = st.text(_odd_letters, min_size=1, max_size=14).filter(
    lambda name: (
        not (
            set(name) & _NOT_IN_REFS
            or ".." in name
            or "@{" in name
            or name[0] in ".-"
            or name[-1] == "."
            or name in ("@", "HEAD")
        )
    )
)
words = st.text(_odd_letters | st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
