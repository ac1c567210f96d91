"""What a migration file says of itself: bytes in, `Revision` out, never importing or running the file.

The answer is what Alembic would find after it had imported the file (`Script._from_path` and
`Script.__init__` in alembic/script/base.py). What only running code could tell is not guessed: an id that is
computed is `Unreadable`, a computed parent, dependency or label makes the revision `opaque`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from .sourceless import is_compiled

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES: Final = 4 * 1024 * 1024
"""A longer file is refused unread: parsing takes many times its size in memory."""

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


class Unreadable(Exception):
    """No revision can be read from a file.

    `reason` is a stable word: "syntax", "encoding", "no-revision", "no-down-revision", "computed-id",
    "too-large", "not-a-string" or "compiled". `detail` is short text for a person.
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

    Usually only the beginning is read: a table of data and a hundred lines of `op.` calls say nothing of the
    id. For content that Python can parse, `whole` changes nothing but the time. A syntax error below that
    beginning is noticed only with `whole`. Raises `Unreadable`, and nothing else, whatever the bytes are.
    """
    if is_compiled(name):
        raise Unreadable("compiled", "")
    if len(content) > MAX_BYTES:
        raise Unreadable("too-large", f"{len(content)} bytes; the limit is {MAX_BYTES}")
    names = None if whole else _names_of_head(content)
    return _revision(_names(content) if names is None else names, name)


class Sought:
    """An id or a branch label that is looked for in many files, most of which surely lack it: no need to parse them."""

    _PLAIN = re.compile(r"[\w.-]+", re.ASCII)  # in a string, such words are spelled as they are

    def __init__(self, word: str) -> None:
        """Look for the whole of `word`."""
        self.word = word
        self._plain = word.encode() if self._PLAIN.fullmatch(word) else b""
        first = re.escape(self._plain[:1])  # with a character in front, `re` leaps from one to the next
        self._pieces = re.compile(rb"(%b(?<=['\"].)[\w.-]*)['\"]" % first)
        self.may_be_in = lru_cache(maxsize=None)(self._may_be_in)  # checkouts share most of their files

    def _may_be_in(self, content: bytes, name: str) -> bool:
        """Whether `read_revision` might find it in the file `name` with this content; if not, that is certain.

        The characters of a string stand in the file as they are, unless a backslash spells them or another encoding is
        declared. It may be made of pieces; the first that is not empty is a beginning of it, or all of it, in quotes.
        """
        return (
            not self._plain
            or any(map(self._plain.startswith, self._pieces.findall(content)))
            or self.word in name
            or is_compiled(name)
            or b"\\" in content
            or not _is_utf_8(content)
        )


# From names to the answer


_Names = dict[str, object]  # as `literals.module_names` returns them

_COMPUTED: Final = ...  # literals.COMPUTED and ANY_NAME, without importing that module (and `ast`) for them
_ANY_NAME: Final = "*"
_GETATTR: Final = "__getattr__"  # a module may answer for what it has not (PEP 562)
_UNBOUND: Final = object()


def _revision(names: Mapping[str, object], name: str) -> Revision:
    """Make the answer from the module's names; the file's name serves a legacy id. Raises `Unreadable`."""
    id_ = _id(_value_of("revision", names), name)
    down = _value_of("down_revision", names)
    if down is _UNBOUND:  # Script.__init__ reads module.down_revision, without a default
        raise Unreadable("no-down-revision", "down_revision is not assigned")
    down_revisions = _strings("down_revision", down)
    depends_on = _strings("depends_on", _value_of("depends_on", names))
    labels = _strings("branch_labels", _value_of("branch_labels", names))
    opaque = None in (down_revisions, depends_on, labels)
    return Revision(id_, down_revisions or (), depends_on or (), labels or (), opaque)


def _value_of(fact: str, names: Mapping[str, object]) -> object:
    if fact in names:
        return names[fact]
    return _COMPUTED if _GETATTR in names else names.get(_ANY_NAME, _UNBOUND)


def _id(value: object, name: str) -> str:
    """Return the id; if `revision` is not assigned, the one that Alembic takes from the file's name."""
    if value is _COMPUTED:
        raise Unreadable("computed-id", "revision is not a plain string but computed by code")
    if value is _UNBOUND:
        legacy = _LEGACY_NAME.match(name)
        if legacy is None:
            raise Unreadable("no-revision", "revision is not assigned")
        return legacy.group(1)
    if not isinstance(value, str):
        raise Unreadable("not-a-string", f"revision is of type {type(value).__name__}")
    return value


def _strings(fact: str, value: object) -> tuple[str, ...] | None:
    """Return the value as Alembic's `util.to_tuple` and `tuple_rev_as_scalar` do; None if it is computed.

    An empty string stays: as `down_revision` it makes Alembic look for a revision of that name, and die.
    Raises `Unreadable` for a constant of another kind, for which Alembic would look just as vainly.
    """
    if value is None or value is _UNBOUND:
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


# From bytes to names


def _names(content: bytes) -> _Names:
    """Read the whole content as Python's import would. Raises `Unreadable`."""
    from . import literals

    try:
        return literals.module_names(content)
    except SyntaxError as error:
        where = f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
        raise Unreadable("syntax" if _decodes(content) else "encoding", where) from None
    except (ValueError, LookupError) as error:  # NUL bytes before Python 3.12; a codec that is not for text
        raise Unreadable("syntax" if _decodes(content) else "encoding", str(error)) from None
    except (RecursionError, MemoryError):
        raise Unreadable("syntax", "nested too deeply") from None


def _decodes(content: bytes) -> bool:
    """Whether the content is text in the encoding that it declares (PEP 263)."""
    import io
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        content.decode(encoding)
    except (SyntaxError, ValueError, LookupError):
        return False
    return True


_FACTS = ("revision", "down_revision", "branch_labels", "depends_on")


def _names_of_head(content: bytes) -> _Names | None:
    r"""Return the names that the beginning of the file leaves, if the rest cannot matter; else None.

    Why that is safe. The cut is where a statement ends: behind what `alembic revision` writes, or before a "\ndef " if
    Python accepts what stands above it, for then no string, bracket or continued line was cut through. So the same
    statements open the whole file. The statements below can change the four facts only by naming one of them, by a
    reflection such as globals() (see literals.py) or by answering for the module; a list or a set could also be changed
    through another name. So: no such word below, and no fact is a list or a set.
    """
    head, found, relative_path = content.partition(b"\ndef ")
    if not found or not _is_utf_8(content):
        return None
    from .template import names_of_template

    names, tail = names_of_template(content)
    if names and not _may_tell(tail):
        return names
    names = None if _may_tell(relative_path) else _names_if_accepted(head + b"\n")
    return None if names and any(isinstance(names.get(fact), (list, set)) for fact in _FACTS) else names


def _names_if_accepted(head: bytes) -> _Names | None:
    try:
        return _names(head)
    except Unreadable:
        return None


_CODING = re.compile(rb"coding[:=][ \t]*([-\w.]+)")


def _is_utf_8(head: bytes) -> bool:
    """Whether no other encoding is declared: in another, a word below could be spelled with other bytes."""
    declared = (name for line in head.split(b"\n", 2)[:2] for name in _CODING.findall(line))
    return all(name.lower() in (b"utf-8", b"utf8") for name in declared)


_TELLING = (b"revision", b"depends_on", b"branch_labels", b"globals", b"locals", b"vars", b"__getattr__")
_EXEC = re.compile(rb"exec\b")  # op.execute is no exec


def _may_tell(tail: bytes) -> bool:
    """Whether a word that could change a fact stands anywhere in the tail, be it in a comment."""
    if not tail.isascii():  # Python compares names in NFKC: a full-width "revision" is the same name
        import unicodedata

        try:
            tail = unicodedata.normalize("NFKC", tail.decode()).encode()
        except ValueError:
            return True
    return any(word in tail for word in _TELLING) or _EXEC.search(tail) is not None
