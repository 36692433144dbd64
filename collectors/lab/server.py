"""Starting and stopping a lab: `serve(Settings()) -> Lab` with `.url` and `.stop()`."""

import threading

from werkzeug.serving import BaseWSGIServer, make_server

from collectors.lab import repairs
from collectors.lab.gate import Gate
from collectors.lab.kept import Handler
from collectors.lab.population import populate
from collectors.lab.settings import Settings
from collectors.lab.world import World

POLL_SECONDS = 0.05  # how soon a stop is noticed

assert repairs  # imported for its effect on moto


class Lab:
    """A running lab; every lab has a world of its own, so several may run in one process."""

    def __init__(self, world: World) -> None:
        self.world = world
        settings = world.settings
        self._server: BaseWSGIServer = make_server(
            settings.host, settings.port, Gate(world), threaded=True, request_handler=Handler
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{self.world.settings.host}:{self._server.server_port}"

    def stop(self) -> None:
        """Answer no more; hanging requests are let go."""
        self.world.stopping.set()
        self._server.shutdown()
        self._thread.join()


def serve(settings: Settings) -> Lab:
    """Fill a world and serve it in a thread."""
    return Lab(populate(World(settings)))
