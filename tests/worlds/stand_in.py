"""Our own command on PATH, warm: hands what it has been given to the fork server, and ends as the program there ends.

It is started without `site` and imports builtin modules only: 10 ms. What the server leaves to it is run cold.
"""

import _socket
import marshal
import posix
import sys

HERE = sys.argv[0].rpartition("/")[0]
COLD = sys.executable.rpartition("/")[0] + "/alembic-worktrees"


def main() -> None:
    """Run our command with the arguments of this process, and with its folder, environment, umask and streams."""
    server = _socket.socket(_socket.AF_UNIX)
    server.connect(f"{HERE}/socket")
    handles = [number for number in range(3) if _is_open(number)]
    text = marshal.dumps(
        {"argv": ["alembic-worktrees", *sys.argv[1:]], "handles": handles, **_surroundings()}
    )
    rights = b"".join(number.to_bytes(4, sys.byteorder) for number in handles)
    server.sendmsg([len(text).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    server.sendall(text)
    status = marshal.loads(server.recv(64))  # noqa: S302
    if status is None:
        posix.execv(COLD, [COLD, *sys.argv[1:]])
    posix._exit(128 - status if status < 0 else status)


def _is_open(number: int) -> bool:
    try:
        posix.fstat(number)
    except OSError:
        return False
    return True


def _surroundings() -> dict[str, object]:
    posix.umask(mask := posix.umask(0))
    environment = {_text(name): _text(value) for name, value in posix.environ.items()}
    return {"umask": mask, "folder": posix.getcwd(), "environment": environment}


def _text(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")


if __name__ == "__main__":
    main()
