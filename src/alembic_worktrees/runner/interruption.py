"""^C: what the database is at ends too."""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import suppress
from itertools import repeat
from typing import Any


class Interruption:
    """^C, also while a driver in C waits for its server: Python would hear of it when that has answered.

    A thread of its own hears it at once, and lets every connection in use cancel its statement. Only the first
    counts: a terminal tells us and who asked us, who tells us again.
    """

    def __init__(self) -> None:
        self._connections: dict[int, Any] = {}  # of the driver, in use
        self._heard = threading.Event()

    def follow(self) -> None:
        """Know which connections are in use."""
        from sqlalchemy import event, pool

        event.listen(pool.Pool, "checkout", lambda driver, *_: self._connections.update({id(driver): driver}))
        event.listen(pool.Pool, "checkin", lambda driver, *_: self._connections.pop(id(driver), None))

    def listen(self) -> None:
        """Hear ^C from now on, unless we were started so as not to."""
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            return
        ours, bell = socket.socketpair()
        bell.setblocking(False)
        signal.signal(signal.SIGINT, self._hear)
        signal.set_wakeup_fd(bell.detach(), warn_on_full_buffer=False)
        threading.Thread(target=self._cancel_all, args=(ours,), daemon=True).start()

    def _hear(self, *_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._heard.set()
        raise KeyboardInterrupt

    def _cancel_all(self, bell: socket.socket) -> None:
        while signal.SIGINT not in bell.recv(16):
            pass
        for pause in (0.0, *repeat(0.1, 20)):  # a statement may begin just now
            if self._heard.wait(pause):
                return
            for driver in list(self._connections.values()):
                _cancel(driver)


def _cancel(driver: Any) -> None:
    for name in ("cancel", "interrupt"):  # psycopg2 and psycopg, sqlite3; what is all Python hears itself
        with suppress(Exception):
            getattr(driver, name)()


interruption = Interruption()
