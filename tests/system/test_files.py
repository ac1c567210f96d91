"""Reading what others wrote: of sensible size, never out of the checkout, never waiting."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from alembic_worktrees.system.reading import MAX_BYTES, NotReadable, allowed_roots, entries, read_plain


def why_not(path: Path, root: Path) -> str:
    with pytest.raises(NotReadable) as caught:
        read_plain(path, allowed_roots(root))
    return caught.value.reason


def test_plain_files_and_links_inside(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a")
    (tmp_path / "empty.py").touch()
    (tmp_path / "b.py").symlink_to("a.py")
    (tmp_path / "c.py").symlink_to(tmp_path / "b.py")
    assert [read_plain(tmp_path / f"{name}.py", allowed_roots(tmp_path)) for name in "abc"] == [b"a"] * 3
    assert read_plain(tmp_path / "empty.py", allowed_roots(tmp_path)) == b""


def test_through_a_link_to_the_checkout(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "a.py").write_bytes(b"a")
    (real / "b.py").symlink_to("a.py")
    (tmp_path / "link").symlink_to(real)
    assert read_plain(tmp_path / "link" / "b.py", allowed_roots(tmp_path / "link")) == b"a"


def test_links_that_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "root-beside").mkdir()
    for secret in (tmp_path / "secret", tmp_path / "root-beside" / "secret"):
        secret.write_bytes(b"secret")
        link = root / "link.py"
        link.symlink_to(os.path.relpath(secret, root))
        assert why_not(link, root) == "outside"
        link.unlink()


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "to_folder").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to_pipe").symlink_to("pipe")
    for name in ("folder", "to_folder", "pipe", "to_pipe"):
        assert why_not(tmp_path / name, tmp_path) == "not-a-file"
    assert why_not(Path("/dev/null"), Path("/")) == "not-a-file"
    here = os.getcwd()
    os.chdir(tmp_path)  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
            assert why_not(tmp_path / "socket", tmp_path) == "not-a-file"
    finally:
        os.chdir(here)


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    assert why_not(tmp_path / "nowhere", tmp_path) == "gone"
    assert why_not(tmp_path / "dangling", tmp_path) == "gone"
    assert why_not(tmp_path / "loop", tmp_path) == "not-a-file"


@pytest.mark.parametrize(
    ("size", "readable"), [(MAX_BYTES, True), (MAX_BYTES + 1, False), (5 * 1024**3, False)]
)
def test_size(size: int, readable: bool, tmp_path: Path) -> None:
    with (tmp_path / "a.py").open("wb") as file:
        file.truncate(size)
    if readable:
        assert len(read_plain(tmp_path / "a.py", allowed_roots(tmp_path))) == size
    else:
        assert why_not(tmp_path / "a.py", tmp_path) == "too-large"


def test_entries(tmp_path: Path) -> None:
    for path in ("b.py", "a.py", "sub/c.py", "sub/deep/d.py", "__pycache__/e.py", "x.py/f.py", ".git/g.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "link").symlink_to("sub")
    (tmp_path / "up").symlink_to("..")

    def found(*, recursive: bool, caches: bool = False) -> list[str]:
        return [path for path, _ in entries(tmp_path, recursive=recursive, caches=caches)]

    flat, deeper = ["a.py", "b.py", "link", "up"], [".git/g.py", "sub/c.py", "sub/deep/d.py", "x.py/f.py"]
    assert found(recursive=False) == flat
    assert found(recursive=True) == [*flat, *deeper]
    assert found(recursive=False, caches=True) == [*flat, "__pycache__/e.py"]
    for nothing in ("nowhere", "a.py"):
        assert list(entries(tmp_path / nothing, recursive=True)) == []
