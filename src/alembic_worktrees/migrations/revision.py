"""What a migration file says of itself: bytes in, `Revision` out, never importing or running the file.

The answer is what Alembic would find after it had imported the file (`Script._from_path` and
`Script.__init__` in alembic/script/base.py). What only running code could tell is not guessed: an id that is
computed is `Unreadable`, a computed parent, dependency or label makes the revision `opaque`.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .sourceless import is_compiled

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Mapping

_MIGRATION_NAME = re.compile(r"(?!\.\#|__init__)(.*\.py)$")  # _only_source_rev_file in alembic/script/base.py
_LEGACY_NAME = re.compile(r"([a-f0-9]+)\.py$")  # _legacy_rev, the same place
_ILLEGAL = "@-+:"  # _revision_illegal_chars in alembic/script/revision.py; ":" since 1.17.1


class Revision(NamedTuple):
    """One migration, as its file declares it. The tuples keep the file's order (a set's items are sorted)."""

    id: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    opaque: bool = False
    """A parent, dependency or label is computed by code that we refuse to run; its tuple is empty here."""

    @property
    def names(self) -> tuple[str, ...]:
        """What it is found by: its id and its branch labels."""
        return (self.id, *self.branch_labels)

    @property
    def references(self) -> tuple[str, ...]:
        """What it names: its parents, and what it depends on, which may be a label."""
        return (*self.down_revisions, *self.depends_on)


class Unreadable(Exception):
    """No revision can be read from a file.

    `reason` is a stable word: "syntax", "no-revision", "no-down-revision", "computed-id", "not-a-string" or
    "compiled". `detail` is short text for a person.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def is_migration_name(name: str) -> bool:
    """Whether Alembic would load a file of this base name from a version location (without `sourceless`)."""
    return _MIGRATION_NAME.match(name) is not None


def illegal_characters(id: str) -> str:
    """Return the characters of `id` that Alembic refuses in an id, each once, in a fixed order."""
    return "".join(character for character in _ILLEGAL if character in id)


def read_revision(content: bytes, name: str, *, whole: bool = False) -> Revision:
    """Read the revision that the file `name` (its base name) with this content declares.

    A syntax error is surely noticed only with `whole`, which takes longer. Raises `Unreadable`, and nothing else,
    whatever the bytes are.
    """
    if is_compiled(name):
        raise Unreadable("compiled", "")
    if whole:
        _compile(content)
    facts = _facts_in_lines(content)
    return _revision(_facts(content) if facts is None else facts, name)


class File(NamedTuple):
    """A migration file as it was read."""

    content: bytes
    revision: Revision


@cache
def read_file(content: bytes, name: str) -> File:
    """Read a file as `read_revision` does; equal ones are read and held once, however many checkouts have them."""
    return File(content, read_revision(content, name))


# From facts to the answer


_Facts = dict[str, object]  # a fact's name → the literal that it is bound to, or `_COMPUTED`
_COMPUTED: Final = ...


def _revision(facts: Mapping[str, object], name: str) -> Revision:
    """Make the answer from the facts; the file's name serves a legacy id. Raises `Unreadable`."""
    id_ = _id(facts["revision"]) if "revision" in facts else _legacy_id(name)
    if "down_revision" not in facts:  # Script.__init__ reads module.down_revision, without a default
        raise Unreadable("no-down-revision", "down_revision is not assigned")
    found = [_strings(fact, facts.get(fact)) for fact in ("down_revision", "depends_on", "branch_labels")]
    down_revisions, depends_on, labels = (strings or () for strings in found)
    return Revision(id_, down_revisions, depends_on, labels, None in found)


def _id(value: object) -> str:
    if value is _COMPUTED:
        raise Unreadable("computed-id", "revision is not a plain string but computed by code")
    if not isinstance(value, str):
        raise Unreadable("not-a-string", f"revision is of type {type(value).__name__}")
    return value


def _legacy_id(name: str) -> str:
    """Return the id that Alembic takes from the file's name if `revision` is not assigned."""
    legacy = _LEGACY_NAME.match(name)
    if legacy is None:
        raise Unreadable("no-revision", "revision is not assigned")
    return legacy[1]


def _strings(fact: str, value: object) -> tuple[str, ...] | None:
    """Return the value as Alembic's `util.to_tuple` and `tuple_rev_as_scalar` do; None if it is computed.

    An empty string stays: as `down_revision` it makes Alembic look for a revision of that name, and die.
    Raises `Unreadable` for a constant of another kind, for which Alembic would look just as vainly.
    """
    if value is None:
        return ()
    items = list(value) if isinstance(value, (tuple, list, set)) else [value]
    if _COMPUTED in items:
        return None
    if items in ([], [None]) or (fact == "depends_on" and items == [""]):
        return ()  # RevisionMap._add_depends_on asks `if revision.dependencies`
    strings = tuple(item for item in items if isinstance(item, str))
    if len(strings) < len(items):
        raise Unreadable("not-a-string", f"{fact} is {type(value).__name__}, and not only of strings")
    return tuple(sorted(strings)) if isinstance(value, set) else strings


# From bytes to facts


_LINE = re.compile(
    r"\n([ \t\f]*)(revision|down_revision|branch_labels|depends_on)\b[ \t]*([^\w\s].*)", re.ASCII
)
_WORDS = ("revision", "branch_labels", "depends_on")  # all that a line is about has one of them in it
_STRING = r"""(?:'[^'"\\]*'|"[^'"\\]*")"""
_VALUE = rf"None|{_STRING}|\((?:{_STRING}, ?)+(?:{_STRING})?\)|\[{_STRING}(?:, ?{_STRING})*\]"
_STRINGS = re.compile(_STRING)
_PLAIN = re.compile(rf"(?::[^=]*)?=[ \t]*({_VALUE})[ \t]*(?:\#.*)?")


def _facts_in_lines(content: bytes) -> _Facts | None:
    """Return the facts of a file as `alembic revision` writes it: each once, on a line of its own above the functions.

    None where a line may mean something else. So 1,491 of 1,502 files in six real histories are read without `ast`.
    """
    try:
        text = content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    head, _, tail = text.partition("\ndef ")
    rows = _LINE.findall("\n" + head)
    found = {name: _PLAIN.fullmatch(rest) for indent, name, rest in rows if not indent}
    plain = {name: _literal(match[1]) for name, match in found.items() if match}
    if len(plain) < len(rows) or not plain.keys() >= {"revision", "down_revision"}:
        return None
    unusual = "\r" in head or "<<<<<<< " in head
    # To look for a word takes a tenth of what the pattern does, and most files have none of them there.
    if unusual or (any(word in tail for word in _WORDS) and _LINE.search(tail)):
        return None
    return plain


def _literal(text: str) -> object:
    if text == "None":
        return None
    strings = tuple(string[1:-1] for string in _STRINGS.findall(text))
    return strings if text[0] in "([" else strings[0]


def _facts(content: bytes) -> _Facts:
    """Read the whole content as Python's import would. Raises `Unreadable`."""
    import ast

    tree = _compile(content, ast.PyCF_ONLY_AST)
    return {name: value for statement in tree.body for name, value in _bound(statement)}


def _compile(content: bytes, flags: int = 0) -> Any:
    """Compile a file; without flags that also refuses a `return` outside a function. Raises `Unreadable`."""
    import warnings

    try:
        with warnings.catch_warnings():  # a "\d" in a string is for others to complain about
            warnings.simplefilter("ignore")
            return compile(content, "<migration>", "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        detail = f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
    except (ValueError, LookupError) as error:  # NUL bytes before Python 3.12; a codec that is not for text
        detail = str(error)
    except (RecursionError, MemoryError):
        detail = "nested too deeply"
    raise Unreadable("syntax", detail)


def _bound(statement: ast.stmt) -> Iterator[tuple[str, object]]:
    """Yield each name that a statement binds, and the literal that it then is, else `_COMPUTED`; no function is run."""
    import ast

    targets: list[ast.expr] = []
    value: object = _COMPUTED
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, _evaluated(statement.value)
    elif isinstance(statement, ast.AnnAssign):
        if statement.value is None:
            return
        targets, value = [statement.target], _evaluated(statement.value)
    for node in ast.walk(statement):
        if isinstance(node, ast.alias):
            yield node.asname or node.name, _COMPUTED
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, value if node in targets else _COMPUTED


def _evaluated(node: ast.expr) -> object:
    import ast

    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError):  # TypeError: a list in a set
        return _COMPUTED
