"""A block of ours in a file of somebody else: put it in, bring it up to date, take it out. Text in, text out."""

from __future__ import annotations

import re

BEGIN = "# >>> alembic-worktrees >>>"
END = "# <<< alembic-worktrees <<<"

_BLOCK = re.compile(rf"^[ ]*{re.escape(BEGIN)}\n.*?^[ ]*{re.escape(END)}\n", re.DOTALL | re.MULTILINE)
_SHELL = re.compile(r"#!\s*(/usr)?/bin/(env\s+)?(sh|bash|dash|zsh|ksh)\b")
_REPOS = re.compile(r"^repos:[ ]*(?:\[[ ]*\])?(?:[ ]*#.*)?$", re.MULTILINE)
EMPTY_REPOS = re.compile(r"^repos:[ ]*\[[ ]*\]", re.MULTILINE)
_TOP_KEY = re.compile(r"^[^\s#-]", re.MULTILINE)
_ITEM = re.compile(r"^([ ]*)-[ ]", re.MULTILINE)


def block(body: str, indent: str = "") -> str:
    """Return `body` between our two marks, every line indented."""
    lines = [BEGIN, *body.rstrip("\n").split("\n"), END]
    return "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)


def has_block(text: str) -> bool:
    """Tell whether our block is in `text`."""
    return _BLOCK.search(text) is not None


def without_block(text: str) -> str:
    """Return `text` as it was before our block came."""
    return _BLOCK.sub("", text)


def _replaced(text: str, new: str) -> str:
    return _BLOCK.sub(lambda _: new, text)


def with_hook(text: str | None, body: str) -> str | None:
    """Return a git hook that does `body` first and then what it did; None if it is no shell script.

    It goes first because a hook may end with `exec` or `exit`.
    """
    if text is None:
        return "#!/bin/sh\n" + block(body)
    if has_block(text):
        return _replaced(text, block(body))
    first, _, rest = text.partition("\n")
    if not _SHELL.match(first):
        return None
    return f"{first}\n{block(body)}{rest}"


def with_repo(text: str, body: str) -> str | None:
    """Return a `.pre-commit-config.yaml` with `body` as one more item of `repos`, comments and order kept.

    None if `repos` is not a list in a form that we understand; then it is for a person to add.
    """
    if found := _BLOCK.search(text):
        return _replaced(text, block(body, found.group().partition("#")[0]))
    parts = _split(text)
    if parts is None:
        return None
    head, items, rest = parts
    first = _ITEM.search(items)
    empty = EMPTY_REPOS.search(head)
    if (first is None) == (empty is None):
        return None
    head = EMPTY_REPOS.sub("repos:", head)
    kept = items.rstrip("\n")
    blank = items[len(kept) + 1 :]  # the lines between the last item and the next key
    return f"{head}{kept}\n{block(body, first.group(1) if first else '')}{blank}{rest}"


def without_repo(text: str) -> str:
    """Return a `.pre-commit-config.yaml` without our item; a list that is empty then is written as one."""
    left = without_block(text)
    parts = _split(left)
    if parts is None or _ITEM.search(parts[1]) or EMPTY_REPOS.search(parts[0]):
        return left
    head, items, rest = parts
    return f"{head} []{items}{rest}"


def _split(text: str) -> tuple[str, str, str] | None:
    """Return the text up to the key `repos` with it, then its items, then the rest."""
    repos = _REPOS.search(text)
    if repos is None:
        return None
    tail = text[repos.end() :]
    following = _TOP_KEY.search(tail)
    cut = following.start() if following else len(tail)
    return text[: repos.end()], tail[:cut], tail[cut:]
