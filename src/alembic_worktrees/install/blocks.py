"""A block of ours in a file of somebody else: put it in, bring it up to date, take it out. Text in, text out.

Line breaks are those of the file, and what is taken out leaves every byte as it was before it came.
"""

from __future__ import annotations

import ast
import json
import re
from contextlib import suppress
from itertools import takewhile
from typing import Any

import yaml

from ..messages.errors import UserError
from ..project.config import parse_toml

BEGIN = ">>> alembic-worktrees >>>"
END = "<<< alembic-worktrees <<<"
NEW_HOOK = "#!/bin/sh\n"

# How a line of ours is a comment: in shell, YAML and TOML; in Markdown
_HASH, _MARKDOWN = "# {}", "<!-- {} -->"
_FIRST, _LAST = (rf"(?:# {mark}|<!-- {mark} -->)" for mark in (BEGIN, END))
_INSIDE = rf"[ ]*{_FIRST}\r?\n(?:(?!{_FIRST}|{_LAST}).)*{_LAST}"
# At the end of a file without a final line break, the line break before the block is ours instead of the one after.
_BLOCK = re.compile(rf"^{_INSIDE}\r?\n|\r?\n{_INSIDE}\Z", re.DOTALL | re.MULTILINE)
_REPOS = re.compile(r"""^(?:repos|"repos"|'repos') *:""", re.MULTILINE)
_OUR_TABLE = re.compile(
    r"\n?^\[tool\.alembic-worktrees\]\n(?:(?:database-url|version-table|share) = .*\n)+(?=\s*(?:\[|\Z))",
    re.MULTILINE,
)
_SHELL = re.compile(r"#!\s*\S*/(?:env\s+(?:-S\s+)?)?(?:\S*/)?(?:sh|bash|dash|zsh|ksh)(?:\s|$)")


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


def with_paragraph(text: str, body: str) -> str:
    """Return a text in Markdown with `body` at its end, or brought up to date where it stands."""
    return _renewed(text, body) if has_block(text) else _inserted(text, len(text), body, "", _MARKDOWN)


def with_entry(text: str, table: str, key: str, value: str) -> str | None:
    """Return a text in TOML with `key` in `table`, or in one more of them if it is an array of tables.

    None if it has that key, or is no TOML that can take one more line without a change to anything else.
    """
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    if line in text:
        return text
    text = without_block(text)
    before = _parsed_toml(text)
    tables = before.get(table, {})
    header = re.search(rf"^\[{re.escape(table)}\][^\n]*(?:\n|\Z)", text, re.MULTILINE)
    if isinstance(tables, list):
        after = _inserted(text, len(text), f"[[{table}]]\n{line}", "")
    elif header:
        after = _inserted(text, header.end(), line, "")
    else:
        after = _inserted(text, len(text), f"[{table}]\n{line}", "")
    new = {key: value}
    wanted = [*tables, new] if isinstance(tables, list) else isinstance(tables, dict) and {**tables, **new}
    return after if _parsed_toml(after) == {**before, table: wanted} else None


def _parsed_toml(text: str) -> dict[str, Any]:
    with suppress(UserError):
        return parse_toml(text, "")
    return {}


def with_lines(text: str, body: str) -> str | None:
    """Return an env.py with `body` after its first imports; None if `context` of Alembic is not among them."""
    if has_block(text):
        return _renewed(text, body)
    try:
        nodes = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    following = (nodes[number:] for number, node in enumerate(nodes) if _imports_context(node))
    imports = [*takewhile(_is_import, next(following, ()))]
    if not imports:
        return None
    lines = text.splitlines(keepends=True)
    after = imports[-1].end_lineno or 0
    after += lines[after : after + 1] in (["\n"], ["\r\n"])  # which formatters want between the two
    return _inserted(text, len("".join(lines[:after])), body, "")


def _imports_context(node: ast.stmt) -> bool:
    names = node.names if isinstance(node, ast.ImportFrom) and node.module == "alembic" else []
    return any(one.name == "context" and not one.asname for one in names)


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def with_repo(text: str, body: str) -> str | None:
    """Return a `.pre-commit-config.yaml` with `body` as one more item of `repos`, comments and order kept.

    As it is, if it has our check in an item of its own. None if `repos` is not a list that can take one more item
    without a change to anything else; then it is for a person to add.
    """
    if has_block(text):
        return _renewed(text, body)
    if re.search(r"^[^#\n]*\balembic-check\b", text, re.MULTILINE):
        return text
    before = _parsed_yaml(text)
    if not isinstance(before.get("repos"), list):
        return None
    after = _with_item(text, body)
    wanted = {**before, "repos": [*before["repos"], *yaml.safe_load(body)]}
    return after if after and _parsed_yaml(after) == wanted else None


def in_our_table(text: str, lines: str) -> str:
    """Return a `pyproject.toml` in which our table has these lines too."""
    header = re.search(r"^\[tool\.alembic-worktrees\].*\n", text, re.MULTILINE)
    if header:
        return text[: header.end()] + lines + text[header.end() :]
    before = text.removesuffix("\n") + "\n\n" if text else ""
    return f"{before}[tool.alembic-worktrees]\n{lines}"


def without_our_table(text: str) -> str:
    """Return a `pyproject.toml` without our table, if that has nothing but what `init` writes."""
    return _OUR_TABLE.sub("", text)


def without_repo(text: str) -> str:
    """Return a `.pre-commit-config.yaml` without our item; a list that is empty then is written as one."""
    left = without_block(text)
    if left == text or _parsed_yaml(left).get("repos", ...) is not None:
        return left
    return _REPOS.sub(r"\g<0> []", left, count=1)


def _parsed_yaml(text: str) -> dict[str, Any]:
    """Return the mapping that a text is; an empty one if it is none."""
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _with_item(text: str, body: str) -> str | None:
    """Return the text with one more item where the list of `repos` seems to end; None if it has no dashes."""
    header = _REPOS.search(text)
    if not header:
        return None
    if text.startswith(" []", header.end()):
        text = text[: header.end()] + text[header.end() + 3 :]
        return _inserted(text, text.find("\n", header.end()) + 1 or len(text), body, "")
    dash = re.compile(r"^ *(?=-\s)", re.MULTILINE).search(text, header.end())
    return dash and _inserted(text, _end_of_list(text, dash.start(), dash[0]), body, dash[0])


def _end_of_list(text: str, start: int, indent: str) -> int:
    """Return where the line after the last one of a list begins, whose dashes have this indent."""
    end = start
    for line in re.compile(r".*\n|.+").finditer(text, start):
        if line[0].startswith((f"{indent} ", f"{indent}-")) and line[0].strip():
            end = line.end()
        elif line[0].strip() and not line[0].lstrip().startswith("#"):
            break
    return end


def _block(body: str, indent: str, line_break: str, comment: str = _HASH) -> str:
    lines = [comment.format(BEGIN), *body.rstrip("\n").split("\n"), comment.format(END)]
    return line_break.join(f"{indent}{line}".rstrip() for line in lines)


def _inserted(text: str, offset: int, body: str, indent: str, comment: str = _HASH) -> str:
    """Put a block at the beginning of a line, or at the end of a text."""
    line_break = "\r\n" if "\r\n" in text else "\n"
    new = _block(body, indent, line_break, comment)
    if text and offset >= len(text) and not text.endswith("\n"):
        return text + line_break + new
    return text[:offset] + new + line_break + text[offset:]


def _renewed(text: str, body: str) -> str:
    def renew(found: re.Match[str]) -> str:
        inside = found[0].strip("\r\n")
        indent, line_break = inside.removesuffix(inside.lstrip(" ")), "\r\n" if "\r\n" in inside else "\n"
        comment = _MARKDOWN if inside.endswith("-->") else _HASH
        return found[0].replace(inside, _block(body, indent, line_break, comment))

    return _BLOCK.sub(renew, text)
