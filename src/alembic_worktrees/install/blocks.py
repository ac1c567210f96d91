"""A block of ours in a file of somebody else: put it in, bring it up to date, take it out. Text in, text out.

Line breaks are those of the file, and what is taken out leaves every byte as it was before it came.
"""

from __future__ import annotations

import re
from typing import NamedTuple

BEGIN = "# >>> alembic-worktrees >>>"
END = "# <<< alembic-worktrees <<<"
NEW_HOOK = "#!/bin/sh\n"

_INSIDE = rf"[ ]*{re.escape(BEGIN)}\r?\n(?:(?!{re.escape(BEGIN)}|{re.escape(END)}).)*{re.escape(END)}"
# At the end of a file without a final line break, the line break before the block is ours instead of the one after.
_BLOCK = re.compile(rf"^{_INSIDE}\r?\n|\r?\n{_INSIDE}\Z", re.DOTALL | re.MULTILINE)
_SHELL = re.compile(r"#!\s*\S*/(?:env\s+(?:-S\s+)?)?(?:\S*/)?(?:sh|bash|dash|zsh|ksh)(?:\s|$)")

_REPOS = re.compile(r"^repos:(?P<empty> \[\])?(?:[ ]+&\w+)?[ ]*(?:#.*)?\r?$", re.MULTILINE)
_ODD_LINE_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")  # YAML takes each for one
_NEXT_KEY = re.compile(r"^(?:[^\s#-]|---\s)", re.MULTILINE)
_ITEM = re.compile(r"([ ]*)-\s")
_OUR_CHECK = re.compile(r"^[ ]*-?[ ]*id:[ ]*alembic-check\b", re.MULTILINE)
_KEPT_LINE_BREAKS = re.compile(
    r"[|>]\d?\+", re.MULTILINE
)  # a scalar to which the empty lines after it belong


def has_block(text: str) -> bool:
    """Tell whether our block is in `text`."""
    return _BLOCK.search(text) is not None


def without_block(text: str) -> str:
    """Return `text` as it was before our block came."""
    return _BLOCK.sub("", text)


def with_hook(text: str | None, body: str) -> str | None:
    """Return a git hook that does `body` first and then what it did; None if it is no shell script.

    It goes first because a hook may end with `exec` or `exit`.
    """
    if text is None:
        return NEW_HOOK + _block(body, "", "\n") + "\n"
    if has_block(text):
        return _renewed(text, body)
    first = text.partition("\n")[0]
    return _inserted(text, len(first) + 1, body, "") if _SHELL.match(first) else None


def with_repo(text: str, body: str) -> str | None:
    """Return a `.pre-commit-config.yaml` with `body` as one more item of `repos`, comments and order kept.

    As it is, if it has our check in an item of its own. None if `repos` is not a list in a form that we understand;
    then it is for a person to add.
    """
    if has_block(text):
        return _renewed(text, body)
    if _OUR_CHECK.search(text):
        return text
    repos = _find_repos(text)
    if repos is None:
        return None
    if repos.empty:
        start = repos.key + len("repos:")
        opened = text[:start] + text[start + len(" []") :]
        return _inserted(opened, repos.end - len(" []"), body, "")
    return _inserted(text, repos.end, body, repos.indent)


def without_repo(text: str) -> str:
    """Return a `.pre-commit-config.yaml` without our item; a list that is empty then is written as one."""
    left = without_block(text)
    if left == text or (key := _REPOS.search(left)) is None:
        return left
    if key["empty"] or _content(left[key.end() :]):
        return left
    start = key.start() + len("repos:")
    return f"{left[:start]} []{left[start:]}"


class _Repos(NamedTuple):
    """Where the key `repos` stands, where one more item goes, and how far the items are indented."""

    key: int
    end: int
    indent: str
    empty: bool


def _find_repos(text: str) -> _Repos | None:
    keys = list(_REPOS.finditer(text))
    if len(keys) != 1 or _ODD_LINE_BREAK.search(text):
        return None
    key = keys[0]
    start = min(key.end() + 1, len(text))  # after the line break
    content = _content(text[start:])
    first = _ITEM.match(content[0]) if content else None
    if key["empty"]:
        return None if content else _Repos(key.start(), start, "", empty=True)
    if first is None:
        return None
    return _Repos(key.start(), start + _length(text[start:], first[1]), first[1], empty=False)


def _content(tail: str) -> list[str]:
    """Return the lines up to the next key that are neither empty nor a comment."""
    return [line for line in _lines(_items(tail)) if not _is_comment(line)]


def _items(tail: str) -> str:
    following = _NEXT_KEY.search(tail)
    return tail[: following.start()] if following else tail


def _length(tail: str, indent: str) -> int:
    """Return where the last item ends: empty lines and comments after it may be about what comes next."""
    items = _items(tail)
    lines = _lines(items)
    while not _KEPT_LINE_BREAKS.search(items) and _is_comment(lines[-1]):
        if len(lines[-1]) - len(lines[-1].lstrip(" ")) > len(indent) and lines[-1].strip():
            break  # it may be the text of a scalar
        lines.pop()
    return sum(map(len, lines))


def _is_comment(line: str) -> bool:
    return line.strip()[:1] in {"", "#"}


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _block(body: str, indent: str, line_break: str) -> str:
    lines = [BEGIN, *body.rstrip("\n").split("\n"), END]
    return line_break.join(f"{indent}{line}".rstrip() for line in lines)


def _inserted(text: str, place: int, body: str, indent: str) -> str:
    """Put a block at the beginning of a line, or at the end of a text."""
    line_break = "\r\n" if "\r\n" in text else "\n"
    new = _block(body, indent, line_break)
    if place >= len(text) and not text.endswith("\n"):
        return text + line_break + new
    return text[:place] + new + line_break + text[place:]


def _renewed(text: str, body: str) -> str:
    def renew(found: re.Match[str]) -> str:
        old = found.group()
        inside = old.strip("\r\n")
        before, after = old.split(inside)
        indent = inside.partition("#")[0]
        return before + _block(body, indent, "\r\n" if "\r\n" in old else "\n") + after

    return _BLOCK.sub(renew, text)
