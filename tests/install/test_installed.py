"""What an installer wrote down → how to install the same. That pip does write this, test_pre_commit.py sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alembic_worktrees import __version__
from alembic_worktrees.install import installed, shim
from alembic_worktrees.install.installed import Installed

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(url: str, **more: object) -> dict[str, object]:
    return {"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "v1"}, **more}


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (None, ("index", __version__, "")),
        (git("https://h.test/a/b.git"), ("git", "https://h.test/a/b.git", COMMIT)),
        (git("ssh://git@h.test/~me/b"), ("git", "ssh://git@h.test/~me/b", COMMIT)),
        (git("file:///home/it's é/b.git"), ("git", "file:///home/it%27s%20%C3%A9/b.git", COMMIT)),
        (git("https://${TOKEN}@h.test/b"), ("git", "https://h.test/b", COMMIT)),
        (git("https://me:word@h.test/b"), ("git", "https://h.test/b", COMMIT)),
        (git("https://h.test/mono.git", subdirectory="tools"), ("folder", "https://h.test/mono.git", "")),
        ({"url": "https://h.test/b", "vcs_info": {"vcs": "hg", "commit_id": "1"}}, ("folder", "https://h.test/b", "")),
        ({"url": "file:///home/a%20b", "dir_info": {"editable": True}}, ("folder", "/home/a b", "")),
        ({"url": "file:///x/a.whl", "archive_info": {}}, ("folder", "/x/a.whl", "")),
    ],
)  # fmt: skip
def test_what_the_installer_wrote(about: dict[str, object] | None, expected: tuple[str, str, str]) -> None:
    assert installed.parse(None if about is None else json.dumps(about)) == expected


def test_ours_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Path(__file__).resolve().parents[2]
    assert installed.read() == Installed("folder", str(here))  # how the tests install it
    monkeypatch.setattr("sys.path", [])
    assert installed.read() == Installed("folder", str(here))  # it is only there, not installed


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize(
    ("how", "command"),
    [
        (Installed("index", "1.0.0"), "install it: pipx install alembic-worktrees'"),
        (Installed("git", "file:///it%27s", COMMIT), "install it: pipx install git+file:///it%27s'"),
        (Installed("folder", "/home/it's"), "install it, in a clone of it: pipx install .'"),
    ],
)
def test_the_shell_file_says_how_to_install_the_same(shell: str, how: Installed, command: str) -> None:
    assert f"'alembic-worktrees: command not found; {command}" in shim.render(shell, how)
