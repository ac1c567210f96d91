"""What a migration file says of itself: bytes in, `Revision` out, by `ast`, never importing or running it.

The answer is what Alembic would find after it had imported the file (`Script._from_path` and
`Script.__init__` in alembic/script/base.py). What only running code could tell is not guessed: an id that is
computed is `Unreadable`, a computed parent, dependency or label makes the revision `opaque`.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BYTES: Final = 4 * 1024 * 1024
"""A longer file is refused unread: `ast` needs a hundred times its size, and no migration is so long."""

_MIGRATION_NAME = re.compile(r"(?!\.\#|__init__)(.*\.py)$")  # _only_source_rev_file in alembic/script/base.py
_LEGACY_NAME = re.compile(r"([a-f0-9]+)\.py$")  # _legacy_rev, the same place
_ILLEGAL = "@-+:"  # _revision_illegal_chars in alembic/script/revision.py; ":" since 1.17.1

_FACTS = ("revision", "down_revision", "depends_on", "branch_labels")


class Revision(NamedTuple):
    """One migration, as its file declares it. The tuples keep the file's order (a set's are sorted)."""

    id: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    opaque: bool = False
    """A parent, dependency or label is computed by code that we refuse to run; it is left empty here."""


class Unreadable(Exception):  # noqa: N818 - the word that callers read: except Unreadable
    """No revision can be read from a file.

    `reason` is a stable word: "syntax", "encoding", "no-revision", "no-down-revision", "computed-id",
    "too-large" or "not-a-string". `detail` is short text for a person.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def is_migration_name(name: str) -> bool:
    """Whether Alembic would load a file of this base name from a version location (without `sourceless`)."""
    return _MIGRATION_NAME.match(name) is not None


def illegal_characters(id: str) -> str:  # noqa: A002 - "id" is what it is
    """Return the characters of `id` that Alembic refuses in an id, each once, in a fixed order."""
    return "".join(character for character in _ILLEGAL if character in id)


def read_revision(content: bytes, name: str, *, whole: bool = False) -> Revision:
    """Read the revision that the file `name` (its base name) with this content declares.

    Usually only the part above the first function is parsed: a hundred lines of `op.` calls say nothing of
    the id. For content that parses, `whole` changes nothing but the time. A syntax error below that point is
    seen only with `whole`. Raises `Unreadable`, and nothing else, whatever the bytes are.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable("too-large", f"{len(content)} bytes; the limit is {MAX_BYTES}")
    names = None if whole else _names_of_head(content)
    if names is None:
        names = _names(content, _parse(content))
    return _revision(names, name)


# From names to the answer


_COMPUTED: Final = object()
"""The value of a name that only running the file could tell."""

_UNBOUND: Final = object()


def _revision(names: dict[str, object], name: str) -> Revision:
    """Make the answer from the module's names; the file's name serves a legacy id. Raises `Unreadable`."""
    id_ = names.get("revision", _UNBOUND)
    if id_ is _UNBOUND:
        id_ = _legacy_id(name)
    if id_ is _COMPUTED:
        raise Unreadable("computed-id", "revision is not a plain string but computed by code")
    if not isinstance(id_, str):
        raise Unreadable("not-a-string", f"revision is of type {type(id_).__name__}")
    if "down_revision" not in names:  # Script.__init__ reads module.down_revision, without a default
        raise Unreadable("no-down-revision", "down_revision is not assigned")
    down, depends, labels = (_strings(fact, names.get(fact)) for fact in _FACTS[1:])
    return Revision(id_, down or (), depends or (), labels or (), None in (down, depends, labels))


def _legacy_id(name: str) -> str:
    """Return the id that Alembic takes from the name of a file without `revision`. Raises `Unreadable`."""
    match = _LEGACY_NAME.match(name)
    if match is None:
        raise Unreadable("no-revision", "revision is not assigned")
    return match.group(1)


def _strings(fact: str, value: object) -> tuple[str, ...] | None:
    """Return the value as Alembic's `util.to_tuple` and `tuple_rev_as_scalar` do; None if it is computed.

    Raises `Unreadable` if it is a constant of another kind: Alembic would look for a revision named 123.
    """
    items = _items(value)
    if _COMPUTED in items:
        return None
    if items in ([], [None]):
        return ()
    strings = tuple(item for item in items if isinstance(item, str))
    if len(strings) < len(items):
        raise Unreadable("not-a-string", f"{fact} is of type {type(value).__name__}, and not only of strings")
    return tuple(sorted(strings)) if isinstance(value, set) else strings


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, (tuple, list, set)) else [value]


# From bytes to names


def _parse(content: bytes) -> ast.Module:
    """Parse as Python's import would. Raises `Unreadable`."""
    try:
        return _tree(content)
    except SyntaxError as error:
        reason = "syntax" if _decodes(content) else "encoding"
        raise Unreadable(reason, _where(error)) from None
    except (ValueError, LookupError) as error:  # NUL bytes before Python 3.12; a codec that is none
        raise Unreadable("syntax" if _decodes(content) else "encoding", str(error)) from None
    except (RecursionError, MemoryError):
        raise Unreadable("syntax", "nested too deeply") from None


def _tree(content: bytes) -> ast.Module:
    with warnings.catch_warnings():  # '\d' in a string is the project's affair, not this command's
        warnings.simplefilter("ignore")
        return ast.parse(content)


def _where(error: SyntaxError) -> str:
    return f"line {error.lineno}: {error.msg}" if error.lineno else error.msg


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


_CODING = re.compile(rb"coding[:=][ \t]*([-\w.]+)")
_UTF_8 = (b"utf-8", b"utf8", b"UTF-8", b"UTF8")
_TELLING = (b"revision", b"depends_on", b"branch_labels", b"globals", b"locals", b"vars")
_EXEC = re.compile(rb"exec\b")


def _names_of_head(content: bytes) -> dict[str, object] | None:
    r"""Return the names that the part above the first function leaves, if the rest cannot matter; else None.

    Why that is safe. The cut is before a "\ndef ". If what stands above it parses, no string, bracket or
    continued line was cut through, so the same statements open the whole file. The statements below can
    change the four facts only by naming one of them or by a reflection such as globals() (see `_disturb`); a
    list or a set could also be changed through another name. So: no such word below, and no fact that is a
    list or a set.
    """
    head, found, tail = content.partition(b"\ndef ")
    if not found or not _is_utf_8(head) or _may_tell(tail):
        return None
    try:
        names = _names(head, _tree(head + b"\n"))
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None
    facts = [names.get(fact, _UNBOUND) for fact in _FACTS]
    if _UNBOUND in facts[:2] or any(isinstance(fact, (list, set)) for fact in facts):
        return None
    return names


def _is_utf_8(head: bytes) -> bool:
    """Whether no other encoding is declared: in another, a word below could be spelled with other bytes."""
    return all(name in _UTF_8 for line in head.split(b"\n", 2)[:2] for name in _CODING.findall(line))


def _may_tell(tail: bytes) -> bool:
    """Whether a word that could change a fact stands anywhere in the tail, be it in a comment."""
    if not tail.isascii():  # Python reads names in NFKC: a full-width "revision" is the same name
        import unicodedata

        try:
            tail = unicodedata.normalize("NFKC", tail.decode()).encode()
        except ValueError:
            return True
    return any(word in tail for word in _TELLING) or _EXEC.search(tail) is not None


# What importing would leave in the module


_LONGEST: Final = 10_000
"""A longer sum of literals counts as computed: `x = x + x`, forty times, must not fill the memory."""

_REFLECTIONS = frozenset({"globals", "locals", "vars", "exec"})
_COLLECTIONS = (ast.Tuple, ast.List, ast.Set)
_INERT = (ast.Constant, ast.Name, *_COLLECTIONS, ast.BinOp, ast.JoinedStr, ast.expr_context, ast.operator)


def _names(content: bytes, tree: ast.Module) -> dict[str, object]:
    """Return what each module level name is bound to in the end: a literal's value, or `_COMPUTED`.

    Functions are taken not to be called, with one exception: a name declared `global` somewhere is computed.
    A star import is taken not to bind the four facts, which nobody exports.
    """
    names: dict[str, object] = {}
    for statement in tree.body:
        _step(statement, names)
    if b"global" in content:
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                names.update(dict.fromkeys(node.names, _COMPUTED))
    return names


def _step(statement: ast.stmt, names: dict[str, object]) -> None:
    """Apply one module level statement to the names."""
    if isinstance(statement, ast.Assign):
        value = _value(statement.value, names)
        for target in statement.targets:
            _bind(target, value, names)
    elif isinstance(statement, ast.AnnAssign):
        if statement.value is not None:
            _bind(statement.target, _value(statement.value, names), names)
    elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        _augment(statement, statement.target.id, names)
    elif isinstance(statement, ast.Delete):
        for target in statement.targets:
            _unbind(target, names)
    else:
        _disturb(statement, names)


def _augment(statement: ast.AugAssign, name: str, names: dict[str, object]) -> None:
    """Apply `name += value`. It changes a list in place: its other names are computed from here on."""
    before = names.get(name, _COMPUTED)
    value = _value(statement.value, names)
    _disturb(statement, names)
    if isinstance(statement.op, ast.Add):
        names[name] = _sum(before, value)


def _unbind(target: ast.expr, names: dict[str, object]) -> None:
    if isinstance(target, ast.Name):
        names.pop(target.id, None)
    else:
        _disturb(target, names)


def _bind(target: ast.expr, value: object, names: dict[str, object]) -> None:
    """Assign the value to a target: a name, or a tuple of targets if the value has as many parts."""
    if isinstance(target, ast.Name):
        names[target.id] = value
    elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (tuple, list)):
        for part, item in zip(target.elts, _spread(value, target), strict=True):
            _bind(part, item, names)
    else:
        _disturb(target, names)


def _spread(value: tuple[object, ...] | list[object], target: ast.Tuple | ast.List) -> Sequence[object]:
    """Return what each part of an unpacking target gets, as far as that can be told without running."""
    starred = any(isinstance(part, ast.Starred) for part in target.elts)
    return [_COMPUTED] * len(target.elts) if starred or len(value) != len(target.elts) else value


def _value(node: ast.expr, names: dict[str, object]) -> object:
    """Return the value of an assigned expression, having applied what evaluating it does to the names."""
    try:
        value = _fold(node, names)
    except RecursionError:
        value = _COMPUTED
    if not isinstance(node, ast.Constant) and not all(isinstance(part, _INERT) for part in ast.walk(node)):
        _disturb(node, names)
    return value


def _fold(node: ast.expr, names: dict[str, object]) -> object:
    """Return the value of a literal, of a sum of literals, or of a name bound to one; else `_COMPUTED`."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id, _COMPUTED)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return _collection(node, names)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _sum(_fold(node.left, names), _fold(node.right, names))
    if isinstance(node, ast.JoinedStr):
        return _joined(node)
    return _COMPUTED


def _collection(node: ast.Tuple | ast.List | ast.Set, names: dict[str, object]) -> object:
    if any(isinstance(item, ast.Starred) for item in node.elts):
        return _COMPUTED
    items = [_item(item, names) for item in node.elts]
    if isinstance(node, ast.List):
        return items
    try:
        return tuple(items) if isinstance(node, ast.Tuple) else set(items)
    except TypeError:  # a list in a set: importing fails too
        return _COMPUTED


def _item(node: ast.expr, names: dict[str, object]) -> object:
    """Return an item's value, but no shared collection: `x = (x, x)`, forty times, could not be hashed."""
    value = _fold(node, names)
    shared = isinstance(value, (tuple, list, set)) and not isinstance(node, _COLLECTIONS)
    return _COMPUTED if shared else value


def _joined(node: ast.JoinedStr) -> object:
    """Return the value of an f-string without expressions."""
    if all(isinstance(part, ast.Constant) for part in node.values):
        return "".join(part.value for part in node.values)
    return _COMPUTED


def _sum(left: Any, right: Any) -> object:
    """Return `left + right` of two strings, two tuples or two lists."""
    same = any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, tuple, list))
    return left + right if same and len(left) + len(right) <= _LONGEST else _COMPUTED


# Everything but plain assignments


def _disturb(node: ast.AST, names: dict[str, object]) -> None:
    """Mark as computed whatever this code, which is not read any further, may change.

    That is: the names that it binds; a list or a set that it mentions, under all its names; and the four
    facts, if it mentions a way to reach the module's names unseen.
    """
    for part, binds_here in _executed(node):
        if binds_here:
            names.update(dict.fromkeys(_bound(part), _COMPUTED))
        if isinstance(part, ast.Name):
            if part.id in _REFLECTIONS:
                names.update(dict.fromkeys(_FACTS, _COMPUTED))
            _spoil(names.get(part.id), names)


def _spoil(value: object, names: dict[str, object]) -> None:
    """Mark a list or a set as computed, under each name that is bound to it."""
    if isinstance(value, (list, set)):
        for name in [name for name, other in names.items() if other is value]:
            names[name] = _COMPUTED


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that this node itself binds in its scope."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.MatchMapping):
        if node.rest:
            yield node.rest
    else:
        name = getattr(node, "name", None)  # def, class, except … as, case … as, *rest
        if isinstance(name, str):
            yield name


def _executed(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """Yield each node that importing executes (no function's body), and whether it binds module names."""
    stack = [(node, True)]
    while stack:
        part, here = stack.pop()
        yield part, here
        for field, value in ast.iter_fields(part):
            children = value if isinstance(value, list) else [value]
            inner = here and _same_scope(part, field)
            if not _is_deferred(part, field):
                stack.extend((child, inner) for child in children if isinstance(child, ast.AST))


def _same_scope(node: ast.AST, field: str) -> bool:
    """Whether this field binds names where the node stands, not inside a class or a comprehension."""
    if isinstance(node, ast.ClassDef):
        return field != "body"
    return not (isinstance(node, ast.comprehension) and field == "target")


def _is_deferred(node: ast.AST, field: str) -> bool:
    return field == "body" and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
