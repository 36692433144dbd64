"""Logs: one JSON object a line, ids instead of documents, nothing that opens a door (TRUST, trap 8)."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog

HIDDEN = "[hidden]"
_NAMES = re.compile(r"secret|password|token|external_?id|authorization|cookie|session_?key|credential", re.IGNORECASE)
_VALUES = re.compile(
    r"(?<![\w/+=])[A-Za-z0-9/+]{40}(?![\w/+=])"  # the form of a secret access key
    r"|[A-Za-z0-9/+=]{100,}"  # of a session token
    r"|(?i:bearer )\S+"
    r"|iamdash_[\w-]{43}"  # an API token
    r"|/services/T\w+/B\w+/\w+"  # a webhook of Slack's: who has it writes there
    r"|(?<=://)[^/\s@]*:[^/\s@]+(?=@)"  # user and password of a URL
)


def redact(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Hide values by their name, and what looks like a credential anywhere in a text, also of an exception and deep inside."""
    return {name: _hidden(name, value) for name, value in event.items()}


def _hidden(name: object, value: object) -> object:
    if isinstance(name, str) and _NAMES.search(name):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {key: _hidden(key, one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden("", one) for one in value]
    return _VALUES.sub(HIDDEN, value if isinstance(value, str) else repr(value))


def seen(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """For people at a terminal, which JSON needs not: what it would take for an order is written out, and only an exception has
    several lines, none of which looks like one of ours."""
    told = {name: _seen(value) for name, value in event.items()}
    return told | {name: _seen(event[name], "\n    ") for name in ("exception", "stack") if name in event}


def _seen(value: Any, line: str = r"\n") -> Any:
    """What is no text is drawn by its repr, which does the same."""
    if not isinstance(value, str) or value.isprintable():
        return value
    written = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in value)
    return written.replace("\n", line)


def configure(options: dict[str, Any]) -> None:
    """LOGGING_CONFIG: standard logging and structlog through one chain to standard output."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # show_locals would print every local variable of a traceback, credentials included.
    transform = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    end: list[Any] = (
        [structlog.processors.ExceptionRenderer(transform), redact, structlog.processors.JSONRenderer()]
        if options["json"]
        else [
            structlog.processors.format_exc_info,
            redact,
            seen,
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *end,
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=options["level"], force=True)
    for noisy in ("botocore", "boto3", "urllib3", "celery.redirected"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
