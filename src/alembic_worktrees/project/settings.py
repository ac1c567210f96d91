"""What a project says about this tool: ``[tool.alembic-worktrees]`` in its ``pyproject.toml``."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ..messages import _
from ..messages.errors import UserError
from .config import TABLE, parse_toml
from .errors import ConfigUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


FILE = "pyproject.toml"
LANGUAGES = ("en", "fr")
CURES = ("merge", "rebase")  # of heads that have diverged

_T = TypeVar("_T")


class Settings(NamedTuple):
    """The settings, each with its default; a key of the table is a field's name with dashes."""

    search: tuple[str, ...] = ()
    """More places to look for checkouts: globs."""
    language: str | None = None
    python: tuple[str, ...] | None = None
    """The command of the interpreter that has the project's packages."""
    target: str = "heads"
    max_attempts: int = 3
    max_heads: int = 1
    diverged: str = "merge"
    """What is named where own heads have diverged: "merge", and with it "rebase", or that alone."""
    published: str | None = None
    """The published branch; None: the remote's default branch."""
    share: str | None = None
    """The git remote over which the archive is shared."""
    database_url: str | None = None
    version_table: str = "alembic_version"
    """What `database_url` reads; its schema may stand before it with a dot."""
    remote_database: bool | tuple[str, ...] = False
    """Whether databases that are not local are meant, or the hosts that are."""
    review: bool = False
    """Show what would be borrowed, and ask."""
    python_folder: str | None = None
    """Where Alembic is run, if what `python` starts is in a container that has another working directory."""
    config: str | None = None
    """What makes Alembic's config, as package.module:callable."""
    script_location: str | None = None
    """Where migrations lie then; `parse_config` reads it, for it is to be read without the other settings."""
    upgrade_command: tuple[str, ...] = ()
    """What upgrades instead of Alembic itself; `{target}` in it stands for the target."""

    def upgrade_argv(self, target: str) -> tuple[str, ...]:
        """Return the command that upgrades to `target`; () where that is Alembic itself."""
        return tuple(word.replace("{target}", target) for word in self.upgrade_command)


def parse_settings(text: str, path: str) -> dict[str, Any]:
    """Return the settings that the text of a ``pyproject.toml`` makes, by field; ``path`` names it in errors.

    Raises ConfigUnreadable, or UserError for a key or a value that means nothing.
    """
    if TABLE not in text:  # most files: spared the import of the parser and the parse
        return {}
    tool = parse_toml(text, path).get("tool", {})
    table = tool.get(TABLE, {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise _invalid(path, f"tool.{TABLE}", "table")
    return {key.replace("-", "_"): _value(path, key, value) for key, value in table.items()}


def settings_file(root: Path, folder: Path) -> Path | None:
    """Return the `pyproject.toml` in which settings for a project in `folder` belong; None where there is none."""
    return next((file for file in _files(root, folder) if file.is_file()), None)


def settings_of(root: Path, folder: Path) -> Settings:
    """Read the settings for a project in `folder` of the checkout at `root`. Raises as `load_settings` does."""
    return load_settings(*reversed(_files(root, folder)))


def _files(root: Path, folder: Path) -> list[Path]:
    """Return where settings may stand, the nearest first."""
    return [one / FILE for one in (folder, *folder.parents) if one.is_relative_to(root)]


def load_settings(*files: Path) -> Settings:
    """Read the settings of these files, where each beats those before it; a missing file says nothing.

    A relative path in a file starts from the file's folder, whatever the current folder is.
    Raises UserError as `parse_settings` does.
    """
    merged: dict[str, Any] = {}
    for file in files:
        merged |= _anchored(parse_settings(_read(file), str(file)), file.parent)
    return Settings(**merged)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except UnicodeDecodeError as error:
        raise ConfigUnreadable(str(file), "not UTF-8") from error
    except OSError as error:
        raise ConfigUnreadable(str(file), error.strerror or str(error)) from error


# Each reader takes the value out of the TOML; TypeError when it cannot be meant.


def _only(kind: type[_T], value: object) -> _T:
    if type(value) is not kind:  # bool is a subclass of int, but `max-heads = true` is a slip
        raise TypeError
    return value


def _string(value: object) -> str:
    if not value:
        raise TypeError
    return _only(str, value)


def _strings(value: object) -> tuple[str, ...]:
    return tuple(_string(item) for item in (value if isinstance(value, list) else [value]))


def _command(value: object) -> tuple[str, ...]:
    return _strings(value or None)  # an empty list runs nothing


def _words(value: object) -> tuple[str, ...]:
    import shlex

    try:
        return _command(shlex.split(value) if isinstance(value, str) else value)
    except ValueError:
        raise TypeError from None


def _one_of(words: tuple[str, ...], value: object) -> str:
    if value not in words:
        raise TypeError
    return _string(value)


def _count(value: object) -> int:
    if _only(int, value) < 1:
        raise TypeError
    return _only(int, value)


def _meant(value: object) -> bool | tuple[str, ...]:
    return value if isinstance(value, bool) else _strings(_only(list, value))


def _callable(value: object) -> str:
    module, _, name = _string(value).partition(":")
    if not all(word.isidentifier() for word in (*module.split("."), *name.split("."))):
        raise TypeError
    return f"{module}:{name}"


_READERS: dict[str, tuple[Callable[[object], object], str]] = {
    "search": (_strings, "string | list of strings"),
    "language": (partial(_one_of, LANGUAGES), " | ".join(f'"{language}"' for language in LANGUAGES)),
    "python": (_command, "string | list of strings"),
    "target": (_string, "string"),
    "max-attempts": (_count, "integer >= 1"),
    "max-heads": (_count, "integer >= 1"),
    "diverged": (partial(_one_of, CURES), " | ".join(f'"{cure}"' for cure in CURES)),
    "published": (_string, "string"),
    "share": (_string, "string"),
    "database-url": (_string, "string"),
    "version-table": (_string, "string"),
    "remote-database": (_meant, "true | false | list of hosts"),
    "review": (partial(_only, bool), "true | false"),
    "python-folder": (_string, "string"),
    "config": (_callable, '"package.module:callable"'),
    "script-location": (_string, "string"),
    "upgrade-command": (_words, "string | list of strings"),
}


def _value(path: str, key: str, value: object) -> object:
    if key not in _READERS:
        text = _("{path}: unknown key {setting} under [tool.alembic-worktrees]; did you mean {suggestion}?")
        raise UserError(text, path=path, setting=key, suggestion=_suggestion(key))
    reader, expected = _READERS[key]
    try:
        return reader(value)
    except TypeError:
        raise _invalid(path, key, expected) from None


def _invalid(path: str, setting: str, expected: str) -> UserError:
    text = _("{path}: {setting} under [tool.alembic-worktrees] must be: {expected}")
    return UserError(text, path=path, setting=setting, expected=expected)


def _suggestion(key: str) -> str:
    """Return the known key that is spelled most like this one, or all of them if none is close."""
    from difflib import get_close_matches

    return ", ".join(get_close_matches(key, _READERS, n=1) or _READERS)


def _anchored(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make the relative paths among the values absolute, in a new dict."""
    anchored = dict(values)
    if "search" in values:
        anchored["search"] = tuple(_anchored_glob(pattern, folder) for pattern in values["search"])
    if "python" in values:
        command, *arguments = values["python"]
        # A bare word is looked up on PATH; only a path can be relative.
        path = str(folder.absolute() / command) if os.sep in command and command[0] != "~" else command
        anchored["python"] = (os.path.expanduser(path), *arguments)  # pathlib's raises for ~nobody
    if values.get("database_url", "").startswith("dotenv:"):
        file, _, name = values["database_url"].removeprefix("dotenv:").rpartition(":")
        anchored["database_url"] = f"dotenv:{folder.absolute() / os.path.expanduser(file)}:{name}"
    return anchored


def _anchored_glob(pattern: str, folder: Path) -> str:
    if pattern.startswith(("~", os.sep)):
        return pattern
    from glob import escape

    return os.path.join(escape(str(folder.absolute())), pattern)
