"""Reading what others wrote: bounded, never out of the checkout, never waiting."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.system.reading import MAX_BYTES, Folder, NotReadable, allowed_roots, read_plain, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
    assert why_not(tmp_path.joinpath("/dev/null"), tmp_path) == "not-a-file"
    here = os.getcwd()
    os.chdir(tmp_path)  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
            assert why_not(tmp_path / "socket", tmp_path) == "not-a-file"
    finally:
        os.chdir(here)


def test_a_folder_that_is_held_open(tmp_path: Path) -> None:
    """It stays the one that was looked at, also when another takes its name."""
    root, secret = tmp_path / "root", tmp_path / "secret"
    for folder in (root / "versions", secret):
        folder.mkdir(parents=True)
        (folder / "a.py").write_bytes(os.fsencode(folder.name))
    (root / "versions" / "b.py").symlink_to("a.py")
    (root / "versions" / "c.py").symlink_to(secret / "a.py")
    os.mkfifo(root / "versions" / "pipe.py")
    with closing(Folder(str(root / "versions"), allowed_roots(root))) as held:
        (root / "versions").rename(root / "elsewhere")
        (root / "versions").symlink_to(secret)
        assert held.read("a.py", plain=True) == b"versions"
        for name, reason in {"b.py": "denied", "pipe.py": "not-a-file", "d.py": "gone"}.items():
            with pytest.raises(NotReadable, match=reason):
                held.read(name, plain=True)  # no more what the folder said of it
        (root / "versions").unlink()
        (root / "elsewhere").rename(root / "versions")
        assert held.read("b.py", plain=False) == b"versions"
        with pytest.raises(NotReadable, match="outside"):
            held.read("c.py", plain=False)


def test_a_folder_that_is_not_opened(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "file").touch()
    for name, reason in {"link": "outside", "file": "gone", "nowhere": "gone"}.items():
        with pytest.raises(NotReadable, match=reason):
            Folder(str(root / name), allowed_roots(root))


def test_handles_are_closed(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    os.mkfifo(tmp_path / "pipe")
    for _ in range(10):
        why_not(tmp_path / "pipe", tmp_path)
        with pytest.raises(NotReadable):
            Folder(str(tmp_path), allowed_roots(tmp_path / "pipe"))
        why_not(tmp_path, tmp_path)
    assert before in {0, len(os.listdir("/proc/self/fd"))}


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    assert why_not(tmp_path / "nowhere", tmp_path) == "gone"
    assert why_not(tmp_path / "dangling", tmp_path) == "gone"
    assert why_not(tmp_path / "loop", tmp_path) == "denied"


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


def test_walk(tmp_path: Path) -> None:
    for path in ("b.py", "a.py", "sub/c.py", "sub/deep/d.py", "__pycache__/e.py", "x.py/f.py", ".git/g.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "link").symlink_to("sub")
    (tmp_path / "up").symlink_to("..")
    assert list(walk(tmp_path, recursive=False)) == ["a.py", "b.py", "link", "up"]
    assert list(walk(tmp_path, recursive=True)) == [
        *("a.py", "b.py", "link", "up"),
        *(".git/g.py", "sub/c.py", "sub/deep/d.py", "x.py/f.py"),
    ]
    assert (
        list(walk(tmp_path / "nowhere", recursive=True))
        == list(walk(tmp_path / "a.py", recursive=True))
        == []
    )


# While somebody changes it


@contextmanager
def meanwhile(root: Path, script: str) -> Iterator[None]:
    """Let another process do this over and over in `root`, which has begun when we go on."""
    program = f"import os\nos.chdir({str(root)!r})\nprint(flush=True)\nwhile True:\n" + "".join(
        f"    {line}\n" for line in script.splitlines()
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def outcomes(path: Path, root: Path, times: int) -> dict[str, int]:
    """How often which content was read, or which reason given."""
    inside = allowed_roots(root)
    seen: dict[str, int] = {}
    for _ in range(times):
        try:
            what = read_plain(path, inside).decode()
        except NotReadable as error:
            what = error.reason
        seen[what] = seen.get(what, 0) + 1
    return seen


SWAPS = {
    # The same name is a file, and a moment later a link that leads out; then the folder above it.
    "file": "os.replace('link', 'a.py'); os.symlink('../secret.py', 'link')\n"
    "os.replace('plain', 'a.py'); open('plain', 'w').write('plain')",
    "folder": "os.rename('sub', 'real'); os.symlink('../beyond', 'sub')\nos.unlink('sub'); os.rename('real', 'sub')",
    "linked file": "os.replace('link', 'real.py'); os.symlink('../secret.py', 'link')\n"
    "os.replace('plain', 'real.py'); open('plain', 'w').write('plain')",
}


@pytest.mark.parametrize("swap", SWAPS)
def test_a_link_that_is_swapped_in(
    swap: str, tmp_path: Path, thorough: bool, record_property: Callable[[str, object], None]
) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "beyond").mkdir()
    for secret in (tmp_path / "secret.py", tmp_path / "beyond" / "a.py"):
        secret.write_text("secret")
    for name in ("a.py", "sub/a.py", "plain", "real.py"):
        (root / name).write_text("plain")
    (root / "link").symlink_to("../secret.py")
    path = root / ("sub/a.py" if swap == "folder" else "a.py")
    if swap == "linked file":
        path.unlink()
        path.symlink_to("real.py")
    with meanwhile(root, SWAPS[swap]):
        seen = outcomes(path, root, 200_000 if thorough else 3_000)
        end = time.monotonic() + 60
        while not {"plain", "outside"} <= seen.keys() and time.monotonic() < end:
            seen |= outcomes(path, root, 100)
    assert "secret" not in seen
    assert {"plain", "outside"} <= seen.keys()  # both were there to be read
    record_property("read", seen)


@pytest.mark.skipif(not os.path.exists("/proc/version"), reason="needs /proc")
def test_a_file_that_is_longer_than_it_says() -> None:
    """As one that is being written to; what the kernel makes up says that it is empty."""
    path = Path("/proc/version")
    content = path.read_bytes()
    assert os.stat(path).st_size == 0 < len(content)
    assert read_plain(path, ("/",), limit=len(content)) == content
    with pytest.raises(NotReadable, match="too-large"):
        read_plain(path, ("/",), limit=len(content) - 1)


def test_a_file_that_grows_and_shrinks(tmp_path: Path, thorough: bool) -> None:
    """What is read is a beginning of what is written, and never more than the limit."""
    whole = b"".join(b"%05d\n" % number for number in range(4_500))
    (tmp_path / "whole").write_bytes(whole)
    (tmp_path / "a.py").touch()
    grow = """\
with open('whole', 'rb') as whole, open('a.py', 'wb') as file:
    while piece := whole.read(3000): file.write(piece); file.flush()"""
    inside = allowed_roots(tmp_path)
    seen: set[str] = set()
    turns, end = 50_000 if thorough else 2_000, time.monotonic() + 60
    with meanwhile(tmp_path, grow):
        while turns > 0 or (not {"some", "too-large"} <= seen and time.monotonic() < end):
            turns -= 1
            try:
                content = read_plain(tmp_path / "a.py", inside, limit=10_000)
                assert len(content) <= 10_000
                assert whole.startswith(content)
                seen.add("some" if content else "nothing")
            except NotReadable as error:
                seen.add(error.reason)
    assert {"some", "too-large"} <= seen <= {"some", "too-large", "nothing"}
