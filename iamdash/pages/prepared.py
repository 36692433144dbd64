"""Pages of one thing ask the same few dozen statements each time, of which most take longer to plan than to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.http import HttpRequest, HttpResponse

OFTEN = 5  # times after which a connection prepares a statement
KEPT = 300  # statements that a connection keeps; the least used one goes


def prepared(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What the view asks is planned once a connection, not each time. Django binds parameters in the client, so that nothing can
    be prepared; inside of the view the server binds them.

    For what is looked up by keys, whose plan is a good one whatever the values are. Lists, counts and sums are not prepared: a
    plan that serves an account of few rows takes seconds where it is used for the largest. Many keys are one array (`among`),
    which is one statement however many they are.
    """

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **names: Any) -> HttpResponse:
        with preparing():
            return view(request, *args, **names)

    return asking


@contextmanager
def preparing() -> Iterator[None]:
    """The same of what is asked inside of it: a list's rows are looked up by the keys that its page is made of."""
    connection.ensure_connection()
    raw = connection.connection
    before = raw.cursor_factory, raw.prepare_threshold
    raw.cursor_factory, raw.prepare_threshold, raw.prepared_max = ServerBindingCursor, OFTEN, KEPT
    try:
        yield
    finally:
        raw.cursor_factory, raw.prepare_threshold = before
