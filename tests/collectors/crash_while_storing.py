"""A worker that is killed while it stores: `python -m tests.collectors.crash_while_storing STEP`, against DATABASE_URL.

It stores the files of the test and kills itself in the transaction, where the named step of the writer begins or, for
"commit", where everything is written and nothing is committed.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import django


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(step: str) -> None:
    django.setup()
    from collectors import usage_rows, usage_store
    from tests.collectors.test_usage_store import FILES, batch

    place = (usage_store, "_note") if step == "commit" else (usage_rows.Writer, step)
    setattr(*place, die)
    usage_store.store(*batch(*FILES))


if __name__ == "__main__":
    main(sys.argv[1])
