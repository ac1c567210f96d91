"""Real git remotes, reached through a folder, `git daemon` and `git http-backend`, and people who share one."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

from worlds.world import Checkout, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def shared(world: World) -> Path:
    """A bare repository that main has pushed to, with a project that says to share over it."""
    world.main.write("pyproject.toml", '[tool.alembic-worktrees]\nshare = "origin"\n')
    world.main.commit("Share")
    remote = world.root / "remote.git"
    world.run("git", "clone", "--quiet", "--bare", world.main.path, remote, check=True)
    for key in ("daemon.receivepack", "http.receivepack", "uploadpack.allowFilter"):
        world.run("git", "config", key, "true", cwd=remote, check=True)
    return remote


def person(world: World, name: str, remote: Path | str, *options: str) -> Checkout:
    """A clone where nobody else's is beside it, of somebody with a name and an address of his own."""
    folder = world.root / name / world.layout.name
    world.run("git", "clone", "--quiet", *options, remote, folder, check=True)
    clone = Checkout(world, folder)
    clone.git("config", "user.name", name.capitalize())
    clone.git("config", "user.email", f"{name}@example.com")
    return clone


def hook(remote: Path, name: str, script: str) -> None:
    """Let a repository run a hook."""
    path = remote / "hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@contextmanager
def daemon(remote: Path) -> Iterator[str]:
    """The address of a repository behind `git daemon`."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    words = ["git", "daemon", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen([*words, f"--base-path={remote.parent}"], start_new_session=True)
    try:
        _wait_for(port)
        yield f"git://127.0.0.1:{port}/{remote.name}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        with closing(socket.socket()) as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError


@contextmanager
def over_http(remote: Path, *, password: bool = False) -> Iterator[str]:
    """The address of a repository behind `git http-backend`, which may want a password."""

    class Backend(_Backend):
        root = remote.parent
        closed = password

    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{remote.name}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Backend(BaseHTTPRequestHandler):
    root: ClassVar[Path]
    closed: ClassVar[bool]

    def do_GET(self) -> None:
        if self.closed:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        body = self._body()
        env["CONTENT_LENGTH"] = str(len(body))
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=True)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(rest))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(rest)

    do_POST = do_GET  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def log_message(self, format: str, *args: object) -> None:
        pass
