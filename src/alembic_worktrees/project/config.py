"""What an Alembic configuration says about migration files, read without importing Alembic.

Importing Alembic costs 0.35 s, more than all else that a hook does. The rules here are those of
``alembic.config.Config`` and ``ScriptDirectory.from_config`` (1.20.1); tests/project/test_config.py holds the two
against each other over generated configurations.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from .errors import ConfigUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable
    from configparser import ConfigParser

INI = "alembic.ini"
TOML = "pyproject.toml"
MAIN = "alembic"  # the section of the ini that counts without `-n`

TABLE = "alembic-worktrees"  # what [tool.…] is ours

_OPTIONS = re.compile("script_location|version_locations|sourceless|prepend_sys_path")
_OURS = re.compile("script-location")
# Config._get_file_separator_char
_SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
# Without a separator option: Config.get_version_locations_list and Config.get_prepend_sys_paths_list.
_LEGACY_LOCATIONS = r", *|(?: +)"
_LEGACY_SYS_PATH = r", *|(?: +)|\:"


class AlembicConfig(NamedTuple):
    """The options that decide where migration files are, interpolated and split, not yet made absolute."""

    script_location: str
    """A path, relative to the folder Alembic runs in or absolute, or ``package:path`` as written."""
    version_locations: tuple[str, ...]
    """Written like ``script_location``; empty where ``<script_location>/versions`` holds."""
    recursive: bool
    sourceless: bool
    prepend_sys_path: tuple[str, ...]
    by_flask: bool = False
    """Whether neither file says a script_location, because Flask-Migrate gives it: the folder of the ini."""


def parse_config(
    ini: str | None,
    toml: str | None,
    ini_here: str,
    here: str,
    section: str = MAIN,
    *,
    env_beside: Callable[[], bool] = lambda: False,
) -> AlembicConfig | None:
    """Read the texts of an ``alembic.ini`` and of a ``pyproject.toml``; a missing file is None.

    ``%(here)s`` is the folder of the file that says it: ``ini_here``, in the TOML ``here``. ``section`` is the main
    section of the ini (``alembic -n``). Returns None when neither text has a script_location, unless the ini has
    env.py beside it.
    Raises ConfigUnreadable when a text or a value is not what Alembic accepts.
    """
    get = _ini_reader(ini, ini_here, section)
    table = _tool_table(toml, "alembic", _OPTIONS)
    # Of a config that is made in code, our own setting says it; else the ini wins: Config.get_alembic_option.
    script_location = _toml_string(_tool_table(toml, TABLE, _OURS), "script-location", here)
    if script_location is None:
        script_location = get("script_location")
    if script_location is None:
        script_location = _toml_string(table, "script_location", here)
    by_flask = script_location is None and ini is not None and env_beside()
    if by_flask:
        script_location = ini_here
    if script_location is None:
        return None
    return AlembicConfig(
        script_location,
        _version_locations(get, table, here),
        _boolean(get, table, "recursive_version_locations"),
        _boolean(get, table, "sourceless"),
        _prepend_sys_path(get, table, here),
        by_flask,
    )


def other_environments(ini: str) -> tuple[str, ...]:
    """Return the sections of an ini, besides the main one, that are environments of their own: `alembic -n`.

    Those that `databases` names are the databases of one environment (Alembic's template "multidb").
    Raises UserError ``config-unreadable``.
    """
    parser = _parse_ini(ini)
    common = parser.defaults().get("script_location")
    databases = re.split(r"[,\s]+", parser.get(MAIN, "databases", raw=True, fallback=""))
    return tuple(
        section
        for section in parser.sections()
        if section not in (MAIN, *databases)
        and parser.get(section, "script_location", raw=True, fallback=common) != common
    )


def parse_toml(text: str, path: str) -> dict[str, Any]:
    """Parse TOML; ``path`` names the file in the UserError ``config-unreadable`` that broken text raises."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        _refuse(path, error)


def _refuse(path: str, reason: str | Exception) -> NoReturn:
    # Only the first line: the others of a ParsingError repeat lines of the file, which may hold a password.
    first = next(iter(str(reason).splitlines()), type(reason).__name__)
    lines = [line for line, _text in getattr(reason, "errors", ())] or [getattr(reason, "lineno", None)]
    at = f" (line {lines[0]})" if lines[0] and "line" not in first else ""
    cause = reason if isinstance(reason, Exception) else None
    from ..runner.masking import mask

    raise ConfigUnreadable(path, mask(first) + at) from cause


# The ini


def _ini_reader(text: str | None, here: str, section: str) -> Callable[[str], str | None]:
    """Return a function from an option's name to its interpolated value, or None where the ini lacks it."""
    if text is None:
        return lambda _name: None
    import configparser

    parser = _parse_ini(text)
    given = {} if parser.has_option(section, "here") else {"here": here}

    def get(name: str) -> str | None:
        if not parser.has_option(section, name):
            return None
        try:
            return parser.get(section, name, vars=given)
        except configparser.Error as error:
            _refuse(INI, error)

    return get


@cache  # checkouts have the same config over and over
def _parse_ini(text: str) -> ConfigParser:
    import configparser
    import io

    parser = configparser.ConfigParser()
    try:
        # newline=None ends lines as a file opened by Alembic does; a blob out of git may have any ending.
        parser.read_file(io.StringIO(text, newline=None), source=INI)
    except configparser.Error as error:
        _refuse(INI, error)
    return parser


def _separator(get: Callable[[str], str | None], *names: str) -> str | None:
    name, value = next(((name, value) for name in names if (value := get(name)) is not None), ("", None))
    if value not in (None, *_SEPARATORS):
        _refuse(INI, f"{name}: {value!r} is none of {', '.join(_SEPARATORS)}")
    return value and _SEPARATORS[value]


def _split(value: str, separator: str | None, legacy: str) -> tuple[str, ...]:
    if separator is None:
        # Empty parts stay, as in Alembic: the trailing comma of "a," names the current folder.
        return tuple(re.split(legacy, value))
    return tuple(part.strip() for part in value.split(separator) if part)


# pyproject.toml


def _tool_table(text: str | None, name: str, options: re.Pattern[str]) -> dict[str, Any]:
    """Return ``[tool.NAME]``, empty where the text has none of the options asked for here."""
    # Most projects name alembic among their dependencies only: spare them the import and the parse.
    if text is None or name not in text or not options.search(text):
        return {}
    table: object = parse_toml(text, TOML)
    for one in ("tool", name):
        table = table.get(one, {}) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        _refuse(TOML, f"[tool.{name}] is not a table")
    return table


def _interpolate(value: str, name: str, here: str) -> str:
    try:
        return value % {"here": here}
    except (LookupError, ValueError, TypeError):
        _refuse(TOML, f"{name}: {value!r} has a % that is neither %(here)s nor %%")


def _toml_string(table: dict[str, Any], name: str, here: str) -> str | None:
    value = table.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        _refuse(TOML, f"{name} is not a string")
    return _interpolate(value, name, here)


def _toml_list(table: dict[str, Any], name: str, here: str) -> tuple[str, ...]:
    value = table.get(name)
    if value is None or value == "":
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        _refuse(TOML, f"{name} is not a list of strings")
    return tuple(_interpolate(item, name, here) for item in value)


# The options


def _version_locations(get: Callable[[str], str | None], table: dict[str, Any], here: str) -> tuple[str, ...]:
    value = get("version_locations")
    if not value:  # an empty one in the ini leaves the word to the toml
        return _toml_list(table, "version_locations", here)
    return _split(value, _separator(get, "path_separator", "version_path_separator"), _LEGACY_LOCATIONS)


def _prepend_sys_path(get: Callable[[str], str | None], table: dict[str, Any], here: str) -> tuple[str, ...]:
    value = get("prepend_sys_path")
    if value:
        return _split(value, _separator(get, "path_separator"), _LEGACY_SYS_PATH)
    written = table.get("prepend_sys_path")
    if isinstance(written, str):
        # Alembic splices it into sys.path letter by letter: the frequent mistake "." works.
        return tuple(_interpolate(written, "prepend_sys_path", here))
    return _toml_list(table, "prepend_sys_path", here)


def _boolean(get: Callable[[str], str | None], table: dict[str, Any], name: str) -> bool:
    value = get(name)
    if value is not None:
        return value == "true"  # exactly so, nothing else: Config.get_alembic_boolean_option
    written = table.get(name, False)
    if not isinstance(written, bool):
        _refuse(TOML, f"{name} is neither true nor false")
    return written
