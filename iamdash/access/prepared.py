"""What is asked again and again by keys is planned once: most of it takes longer to plan than to run (docs/decisions/0016)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor

OFTEN = 1  # times after which a connection prepares a statement
KEPT = 300  # statements that a connection keeps; the least used one goes


@contextmanager
def prepared() -> Iterator[None]:
    """What is asked inside is planned once a connection, not each time: of a view, as its decorator, or of a part of one. Django
    binds parameters in the client, so that nothing can be prepared; here the server binds them.

    For what is looked up by keys, whose plan is a good one whatever the values are. To search, count or sum is not: a plan that
    serves an account of few rows takes seconds where it is used for the largest. Many keys are one array (`among`), which is one
    statement however many they are.
    """
    raw = connection.connection
    if raw is None:  # what opens it asks for the first time
        yield
        return
    before = raw.cursor_factory, raw.prepare_threshold
    raw.cursor_factory, raw.prepare_threshold, raw.prepared_max = ServerBindingCursor, OFTEN, KEPT
    try:
        yield
    finally:
        raw.cursor_factory, raw.prepare_threshold = before
