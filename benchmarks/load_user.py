"""An operator with think time, for locust: opens what people open, in the shares in which they do.

IAMDASH_LOAD names a JSON file: "sessions" (cookies, one an operator) and "pages" ([name, url, weight]).
"""

from __future__ import annotations

import itertools
import json
import os
import random
from pathlib import Path

from locust import HttpUser, between, task

GIVEN = json.loads(Path(os.environ["IAMDASH_LOAD"]).read_text())
SESSIONS = itertools.cycle(GIVEN["sessions"])
PAGES, WEIGHTS = GIVEN["pages"], [weight for *_, weight in GIVEN["pages"]]


class Reader(HttpUser):
    wait_time = between(3, 15)

    def on_start(self) -> None:
        self.client.cookies.set("iamdash", next(SESSIONS))

    @task
    def open_a_page(self) -> None:
        name, url, _ = random.choices(PAGES, WEIGHTS)[0]
        with self.client.get(url, name=name, catch_response=True, allow_redirects=False) as response:
            if response.status_code != 200:
                response.failure(f"answered {response.status_code}")
