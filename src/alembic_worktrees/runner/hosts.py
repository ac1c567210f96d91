"""Where is a database? On this machine, or on which other one."""

from __future__ import annotations

import os
import re
import socket
import threading
from contextlib import suppress
from typing import Any

TIMEOUT = 2.0  # seconds for the address of a host


def describe(heads: Any, context: Any) -> dict[str, Any]:
    """Return what is answered of a version table: its rows, and the database it is in, without user or password."""
    url = context.connection.engine.url
    driver = driver_of(context.connection)
    hosts = hosts_of(url, driver)
    return {
        "heads": list(heads),
        "table": context.version_table,
        "schema": context.version_table_schema,
        "dialect": context.dialect.name,
        "hosts": hosts,
        "remote": remote_among(hosts, driver),
        "port": url.port,
        "database": url.database or "",
    }


def driver_of(connection: Any) -> Any:
    """Return the connection of the driver itself, None where SQLAlchemy is too old to say."""
    pooled = connection.connection
    return getattr(pooled, "driver_connection", None) or getattr(pooled, "connection", None)


def hosts_of(url: Any, driver: Any) -> list[str]:
    """Return the hosts in the URL, else the one that the driver has from its environment; a socket is a path."""
    named = url.host or url.query.get("host") or ()
    listed = named.split(",") if isinstance(named, str) else named
    hosts = [re.sub(r"^([^:]*):\d+$", r"\1", host) for host in listed]
    of_driver = getattr(getattr(driver, "info", None), "host", None)
    return hosts or ([of_driver] if of_driver else [])


def remote_among(hosts: list[str], driver: Any) -> list[dict[str, str | None]]:
    """Return which hosts are not local, with the address where that is known."""
    contained, found = is_container("/"), _addresses(hosts, driver)
    return [{"host": host, "address": at} for host, at in found if not is_local(host, at, contained)]


def _addresses(hosts: list[str], driver: Any) -> list[tuple[str, str | None]]:
    """Return each host with its address. Where the connection leads counts, whatever a name or the environment says.

    Of several hosts the next connection may take any.
    """
    peer = _peer(driver) if len(hosts) < 2 else None
    if peer is None:
        return [(host, _resolve(host)) for host in hosts]
    return [(hosts[0] if hosts else peer, peer)]


def is_local(host: str, address: str | None, contained: bool) -> bool:
    """Whether that is a socket, which has no address, or loopback; in a container also a name without a dot."""
    import ipaddress

    if address == "" or not host or host.startswith(("/", "@")):
        return True
    if address is not None:
        found = ipaddress.ip_address(address.partition("%")[0])
        if (getattr(found, "ipv4_mapped", None) or found).is_loopback:
            return True
    return contained and "." not in host and ":" not in host


def is_container(root: str) -> bool:
    """Whether the machine at `root` is a container: Docker and Podman leave a file, others a name in the cgroup."""
    if any(os.path.exists(os.path.join(root, name)) for name in (".dockerenv", "run/.containerenv")):
        return True
    with suppress(OSError), open(os.path.join(root, "proc/1/cgroup")) as file:
        return bool(re.search("docker|containerd|kubepods|libpod|lxc", file.read()))
    return False


def _peer(driver: Any) -> str | None:
    """Return the address at the other end of a connection, "" of a socket; None where the driver does not tell."""
    with suppress(Exception):
        transport = getattr(driver, "_transport", None)  # asyncpg
        if transport:
            name = transport.get_extra_info("peername")
        else:  # psycopg2, psycopg
            with socket.socket(fileno=os.dup(driver.fileno())) as end:
                name = end.getpeername()
        return name[0] if isinstance(name, tuple) else ""
    return None


def _resolve(host: str) -> str | None:
    """Return an address of `host`, one that is not loopback if there is any; None if that takes too long."""
    if not host or host.startswith(("/", "@")):
        return None
    found: list[str] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(str(row[4][0]) for row in socket.getaddrinfo(host, None))

    asking = threading.Thread(target=ask, daemon=True)  # a resolver has time limits of its own, and long ones
    asking.start()
    asking.join(TIMEOUT)
    return min(found, key=lambda one: is_local("x", one, contained=False), default=None)
