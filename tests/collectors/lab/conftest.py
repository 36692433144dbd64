"""A lab for each test module: its own world, on a free port."""

from collections.abc import Iterator

import pytest

from collectors.lab.server import serve
from tests.collectors.lab.aws import SETTINGS, Aws


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    lab = serve(SETTINGS)
    yield Aws(lab.url)
    lab.stop()
