"""Exports: the query of a list as CSV or JSON lines, streamed from a server-side cursor."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse

Fields = Mapping[str, Callable[[Any], Any]]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


class _Line:
    """csv.writer writes to this; the writer's `writerow` then returns the line."""

    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> str:
    """A CSV cell. A spreadsheet would run text that begins like a formula; a leading ' makes it plain text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_lines(rows: Iterable[Any], fields: Fields) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(fields)
    for row in rows:
        yield writer.writerow([cell(get(row)) for get in fields.values()])


def json_lines(rows: Iterable[Any], fields: Fields) -> Iterator[str]:
    for row in rows:
        values = {name: get(row) for name, get in fields.items()}
        yield json.dumps(values, ensure_ascii=False, default=datetime.isoformat) + "\n"


def stream(rows: Iterable[Any], fields: Fields, form: str, name: str, at: datetime) -> StreamingHttpResponse:
    """form: "csv" or "jsonl". rows must be lazy: they are read while the response is sent."""
    lines = csv_lines(rows, fields) if form == "csv" else json_lines(rows, fields)
    return StreamingHttpResponse(
        lines,
        content_type=TYPES[form],
        headers={
            "Content-Disposition": f'attachment; filename="iamdash-{name}-{at:%Y-%m-%d}.{form}"',
            "Cache-Control": "no-store, private",
        },
    )
