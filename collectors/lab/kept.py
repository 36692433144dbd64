"""HTTP as AWS's endpoints speak it: a connection is kept for the next request.

werkzeug's own handler closes each, and waits 10 ms for more to read. A collection makes hundreds of requests, and a connection
with a thread of its own costs more than most of moto's answers.
"""

import io
import traceback
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.test import run_wsgi_app

WITHOUT_BODY = (204, 304)


class Handler(MotoRequestHandler):
    """moto's request handler with kept connections, without a log line a request."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one write
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Read the request whole, answer it whole. What comes in another form goes werkzeug's way, which closes."""
        if self.server.app.world.stopping.is_set():
            self.close_connection = True
            return
        if self.headers.get("Transfer-Encoding"):
            super().run_wsgi()
            return
        environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        try:
            found, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
            self._reply(int(status.split()[0]), list(headers), b"".join(found))
        except ConnectionError as error:
            self.connection_dropped(error, environ)
        except Exception:  # noqa: BLE001 as any web server's; the lab goes on
            self.server.log("error", f"Error on request:\n{traceback.format_exc()}")
            self._reply(500, [], b"")

    def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """With the length that the application announces, if any; after one that is not the body's the connection ends."""
        sent = b"" if self.command == "HEAD" or status in WITHOUT_BODY else body
        announced = {name.lower(): value for name, value in headers}.get("content-length")
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if announced is None and status not in WITHOUT_BODY:
            self.send_header("Content-Length", str(len(body)))
        elif self.command != "HEAD" and announced != str(len(sent)):
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(sent)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """A put of S3's waits a second for it before it sends its body."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def log_request(self, *args: Any, **kwargs: Any) -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """A reset the lab made itself leaves nothing to read from."""
        self.close_connection = True
