"""settings.py: what a project may say, and what it is told when it says it wrongly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_worktrees.messages.errors import UserError
from alembic_worktrees.project.errors import ConfigUnreadable
from alembic_worktrees.project.settings import Settings, load_settings, parse_settings, settings_file

if TYPE_CHECKING:
    from strategies import ForAll

ALL = """
[tool.alembic-worktrees]
search = ["/clones/*", "~/code/app-*"]
language = "fr"
python = ["uv", "run", "python"]
target = "main@head"
max-attempts = 5
max-heads = 2
published = "origin/develop"
share = "origin"
database-url = "env:DATABASE_URL"
version-table = "tenant.version"
remote-database = true
review = true
python-folder = "/app/backend"
diverged = "rebase"
config = "shop.db:Shop.config"
script-location = "shop/db"
upgrade-command = "manage 'up grade' {target}"
"""


def write(file: Path, *lines: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["[tool.alembic-worktrees]", *lines, ""]), encoding="utf-8")
    return file


def refusal(*lines: str) -> UserError:
    with pytest.raises(UserError) as caught:
        parse_settings("\n".join(["[tool.alembic-worktrees]", *lines]), "backend/pyproject.toml")
    assert caught.value.values["path"] == "backend/pyproject.toml"
    return caught.value


def test_every_setting(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(ALL, encoding="utf-8")
    assert load_settings(file) == Settings(
        search=("/clones/*", "~/code/app-*"),
        language="fr",
        python=("uv", "run", "python"),
        target="main@head",
        max_attempts=5,
        max_heads=2,
        published="origin/develop",
        share="origin",
        database_url="env:DATABASE_URL",
        version_table="tenant.version",
        remote_database=True,
        review=True,
        python_folder="/app/backend",
        diverged="rebase",
        config="shop.db:Shop.config",
        script_location="shop/db",
        upgrade_command=("manage", "up grade", "{target}"),
    )


def test_a_key_is_a_field_with_dashes() -> None:
    assert set(parse_settings(ALL, "pyproject.toml")) == set(Settings._fields)


@pytest.mark.parametrize(
    "text",
    ["", "[tool.alembic]\nx = 1\n", "# alembic-worktrees\n", "tool = 'alembic-worktrees'\n", "broken = "],
)
def test_a_file_that_says_nothing(text: str) -> None:
    assert parse_settings(text, "pyproject.toml") == {}


def test_one_string_will_do_for_a_list() -> None:
    text = "[tool.alembic-worktrees]\nsearch = '/a'\npython = 'python3'\n"
    assert parse_settings(text, "") == {"search": ("/a",), "python": ("python3",)}
    assert parse_settings("[tool.alembic-worktrees]\nsearch = []\n", "") == {"search": ()}


# Several files


def test_the_nearer_file_wins_setting_by_setting(tmp_path: Path) -> None:
    root = write(tmp_path / "pyproject.toml", "target = 'a'", "max-heads = 2")
    backend = write(tmp_path / "backend" / "pyproject.toml", "target = 'b'", "max-attempts = 9")
    assert load_settings(root, backend) == Settings(target="b", max_heads=2, max_attempts=9)


def test_settings_belong_into_the_nearest_file(tmp_path: Path) -> None:
    folder = tmp_path / "src/base/app"
    folder.mkdir(parents=True)
    assert settings_file(tmp_path, folder) is None
    for place in (tmp_path, folder.parent):
        (place / "pyproject.toml").touch()
        assert settings_file(tmp_path, folder) == place / "pyproject.toml"


def test_missing_files_are_fine(tmp_path: Path) -> None:
    file = write(tmp_path / "file")
    assert load_settings(tmp_path / "none", file / "below-a-file") == Settings()
    assert load_settings() == Settings()


def test_relative_paths_start_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    folder = tmp_path / "a [b]"
    file = write(
        folder / "pyproject.toml", "search = ['../app-*', '~/x', '/y']", "python = ['venv/bin/python', '-I']"
    )
    loaded = load_settings(file)
    assert loaded.search == (f"{tmp_path}/a [[]b]/../app-*", "~/x", "/y")
    assert loaded.python == (f"{folder}/venv/bin/python", "-I")
    monkeypatch.chdir(folder)
    assert load_settings(Path("pyproject.toml")) == loaded


@pytest.mark.parametrize(
    ("written", "expected"), [("python3", "python3"), ("/bin/py", "/bin/py"), ("~/py", "/home/me/py")]
)
def test_an_interpreter_that_is_not_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert load_settings(write(tmp_path / "f", f"python = '{written}'")).python == (expected,)


# What is refused


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [
        ("max_attempts", "max-attempts"),
        ("Search", "search"),
        ("database_url", "database-url"),
        ("langage", "language"),
    ],
)
def test_an_unknown_key_is_named_with_its_nearest(key: str, suggestion: str) -> None:
    refused = refusal(f"{key} = 1")
    assert "unknown key" in refused.text
    assert refused.values == {"path": "backend/pyproject.toml", "setting": key, "suggestion": suggestion}


def test_an_unknown_key_like_no_other_is_given_them_all() -> None:
    suggestion = str(refusal("zzz = 1").values["suggestion"])
    assert set(suggestion.split(", ")) == {field.replace("_", "-") for field in Settings._fields}


@pytest.mark.parametrize(
    "line",
    [
        "search = 1",
        "search = ['a', 1]",
        "search = ['']",
        "search = true",
        "language = 'german'",
        "language = ['fr']",
        "python = []",
        "python = ''",
        "python = [['a']]",
        "target = 1",
        "target = ''",
        "max-attempts = 0",
        "max-attempts = true",
        "max-attempts = '3'",
        "max-heads = 1.5",
        "max-heads = -1",
        "published = false",
        "share = true",
        "database-url = {}",
        "remote-database = 'true'",
        "remote-database = 1",
    ],
)
def test_a_value_of_a_wrong_type_is_named(line: str) -> None:
    refused = refusal(line)
    assert "must be" in refused.text
    assert refused.values["setting"] == line.split(" ", maxsplit=1)[0]
    assert refused.values["expected"]


def test_a_table_that_is_none() -> None:
    with pytest.raises(UserError) as caught:
        parse_settings("[tool]\nalembic-worktrees = 1\n", "p")
    assert "must be" in caught.value.text
    assert caught.value.values == {"path": "p", "setting": "tool.alembic-worktrees", "expected": "table"}


def test_broken_toml_is_refused() -> None:
    assert isinstance(refusal("target ="), ConfigUnreadable)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"# alembic-worktrees \xe9")
    for file in (tmp_path, tmp_path / "latin"):
        with pytest.raises(ConfigUnreadable) as caught:
            load_settings(file)
        assert caught.value.values["path"] == str(file)


@given(st.text(), st.sampled_from(["", "[tool.alembic-worktrees]\n", "[tool.alembic-worktrees]\nsearch = "]))
def test_no_text_lets_a_foreign_exception_out(text: str, head: str) -> None:
    try:
        values = parse_settings(head + text, "pyproject.toml")
    except UserError:
        return
    Settings(**values)


# Any value of TOML, in the words of TOML
_SIMPLE = [
    "true", "false", "0", "1", "-1", "1.5", "inf", "nan", "0x10", "9" * 5000, "''", "'fr'", "'a'", '"\\u0000"',
    "'~nobody/x'", "'./*'", '"\\U0001F600"', "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z",
]  # fmt: skip
VALUES = st.recursive(
    st.sampled_from(_SIMPLE),
    lambda items: (
        st.lists(items, max_size=3).map(lambda some: f"[{', '.join(some)}]")
        | items.map(lambda item: f"{{ key = {item} }}")
    ),
    max_leaves=4,
)
KINDS: dict[str, tuple[type, ...]] = {
    "search": (tuple,),
    "language": (str, type(None)),
    "python": (tuple, type(None)),
    "target": (str,),
    "max_attempts": (int,),
    "max_heads": (int,),
    "diverged": (str,),
    "published": (str, type(None)),
    "share": (str, type(None)),
    "database_url": (str, type(None)),
    "version_table": (str,),
    "remote_database": (bool, tuple),
    "review": (bool,),
    "python_folder": (str, type(None)),
    "config": (str, type(None)),
    "script_location": (str, type(None)),
    "upgrade_command": (tuple,),
}


def test_a_value_of_any_type_is_taken_for_what_it_is_or_refused(for_all: ForAll, tmp_path: Path) -> None:
    keys = st.sampled_from([field.replace("_", "-") for field in Settings._fields])
    tables = st.dictionaries(keys, VALUES, min_size=1, max_size=4)

    def check(table: dict[str, str]) -> None:
        file = write(tmp_path / "pyproject.toml", *(f"{key} = {value}" for key, value in table.items()))
        try:
            loaded = load_settings(file)
        except ConfigUnreadable:
            return
        except UserError as error:
            assert "must be" in error.text
            assert error.values["setting"] in table
            return
        for field, value in loaded._asdict().items():
            assert type(value) in KINDS[field]
            assert not isinstance(value, tuple) or all(isinstance(item, str) and item for item in value)

    for_all(tables, check, corner=200, full=10_000)


def test_a_file_without_our_name_costs_no_parser() -> None:
    program = (
        "import sys; from alembic_worktrees.project.settings import parse_settings as p\n"
        "assert p('[tool.alembic]', '') == {}\n"
        "assert not {'tomllib', 'tomli', 'difflib', 'alembic'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
