"""TCP ports and the probe of the web server."""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path

ANY = "0.0.0.0"  # noqa: S104 - compared, and bound only where the operator says so


def is_free(host: str, port: int) -> bool:
    """Whether a server may bind it; as gunicorn and Werkzeug do, ports of connections just closed count as free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def kept_port(note: Path) -> int:
    """The port of the last start while it is free, so that addresses stored elsewhere stay true; else any."""
    if note.exists() and is_free("127.0.0.1", port := int(note.read_text())):
        return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    note.write_text(str(port))
    return port


def is_alive(host: str, port: int) -> bool:
    """GET /livez is 200. Named as the first allowed host, since Django refuses others."""
    name = os.environ.get("IAMDASH_HOSTS", "127.0.0.1").split(",")[0]
    reach = {ANY: "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(reach, port, timeout=5)
    try:
        connection.request("GET", "/livez", headers={"Host": "127.0.0.1" if name == "*" else name})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
