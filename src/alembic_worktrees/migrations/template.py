"""The head that `alembic revision` writes. Most files have it, and without `ast` it takes a fifth of the time.

Each piece of the pattern matches complete statements only, of a form whose effect is plain. To compile it takes longer
than to look up what is known already, so nothing imports this module before it has a file to read.
"""

from __future__ import annotations

import re

_STRING = r"""(?:'[^'"\\\r\n\0]*'|"[^'"\\\r\n\0]*")"""
_TUPLE = rf"\({_STRING}, ?(?:{_STRING}, )*{_STRING}?\)"
_LIST = rf"\[{_STRING}(?:, {_STRING})*\]"
_VALUE = rf"None|{_STRING}|{_TUPLE}|{_LIST}"
_END = r"[ \t]*(?:#[^\r\n\0]*)?\n"
_NAME = r"[A-Za-z_]\w*(?: as \w+)?"
_IMPORT = rf"(?:import [\w.]+(?: as \w+)?|from [\w.]+ import {_NAME}(?:, {_NAME})*){_END}"
_IMPORTS = rf"(?:{_END})*(?:(?![^\n]*(?:revision|branch_labels|depends_on|__getattr__)){_IMPORT}(?:{_END})*)*"
_DOCSTRING = r'"""[^"\\\0]*(?:""?[^"\\\0]+)*"""'


def _assignment(fact: str) -> str:
    return rf"{fact}(?: ?: ?[\w\[\], |.]+?)? ?= ?(?P<{fact}>{_VALUE}){_END}(?:{_END})*"


_TEMPLATE = re.compile(
    rf"(?:{_END})*(?:{_DOCSTRING}{_END})?{_IMPORTS}"
    rf"{_assignment('revision')}{_assignment('down_revision')}"
    rf"(?:{_assignment('branch_labels')})?(?:{_assignment('depends_on')})?{_IMPORTS}",
    re.ASCII,
)
_STRINGS = re.compile(_STRING)


def names_of_template(content: bytes) -> tuple[dict[str, object] | None, bytes]:
    """Return the four facts if the file begins as `alembic revision` writes it, and what follows; else None."""
    try:
        text = content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None, content
    match = _TEMPLATE.match(text)
    if match is None:
        return None, content
    facts = {fact: _literal(value) for fact, value in match.groupdict().items() if value}
    return facts, text[match.end() :].encode()


def _literal(text: str) -> object:
    """Return the value of a `_VALUE`; a tuple for a list too, since no other name can change this one."""
    if text == "None":
        return None
    if text[0] in "([":
        return tuple(string[1:-1] for string in _STRINGS.findall(text))
    return text[1:-1]
