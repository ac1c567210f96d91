"""Which checkouts are there? Names beside the main one, and names that tell checkouts apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.project.finding import find_project
from alembic_worktrees.project.project import ConfigFiles
from alembic_worktrees.search.checkouts import look_around

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def make_checkout(path: Path) -> Path:
    """A copy of the project, outside git; its base migration says whose it is."""
    (path / "backend/migrations/versions").mkdir(parents=True)
    (path / "backend/alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (path / "backend/migrations/versions/1_base.py").write_text("revision = '1'\ndown_revision = None\n")
    return path


def around(here: Path, search: Sequence[str] = ()) -> list[str]:
    project = find_project("backend", here=here, home=None, files=ConfigFiles())
    return [checkout.name for checkout in look_around(project, search).checkouts]


@pytest.mark.parametrize(
    ("here", "beside", "expected"),
    [
        ("app", ["app-a", "app-b"], {"app", "app-a", "app-b"}),
        ("app-a", ["app", "app-b"], {"app", "app-a", "app-b"}),
        ("app-a-b", ["app", "app-a"], {"app", "app-a", "app-a-b"}),
        ("app-a", ["app-b"], {"app-a"}),  # without MAIN nothing says that they belong together
        ("app", ["apple", "my-app", "App-x"], {"app"}),
        ("my-app", ["my-app-x", "my-other"], {"my-app", "my-app-x"}),
        ("my-app-x", ["my-app", "my-other"], {"my-app", "my-app-x"}),
        ("app*", ["app*-x", "apple-x"], {"app*", "app*-x"}),
    ],
)
def test_clones_by_their_names(here: str, beside: list[str], expected: set[str], tmp_path: Path) -> None:
    for name in (here, *beside):
        make_checkout(tmp_path / name)
    assert set(around(tmp_path / here)) == expected


def test_a_folder_called_like_main_without_the_project(tmp_path: Path) -> None:
    """`my` is no checkout: `my-app` is not a clone of it."""
    (tmp_path / "my").mkdir()
    make_checkout(tmp_path / "my-app")
    make_checkout(tmp_path / "my-blog")
    assert around(tmp_path / "my-app") == ["my-app"]


def test_each_has_a_name_of_its_own(tmp_path: Path) -> None:
    places = [tmp_path / place for place in ("app", "x/1/app", "y/1/app", "y/2/app", "y/other")]
    for place in places:
        make_checkout(place)
    found = around(places[0], [f"{tmp_path}/*/*/app", f"{tmp_path}/y/other"])
    assert found == ["app", "1/app", "y/1/app", "2/app", "other"]


def test_found_twice_counts_once(tmp_path: Path) -> None:
    make_checkout(tmp_path / "app")
    make_checkout(tmp_path / "app-x")
    (tmp_path / "link").symlink_to("app-x")
    assert around(tmp_path / "app", [f"{tmp_path}/*", f"{tmp_path}/app-x/"]) == ["app", "app-x"]
