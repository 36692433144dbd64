"""Exports: the query of a list as CSV, JSON or JSON lines, streamed from a server-side cursor."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.http import StreamingHttpResponse

from iamdash.pages import ocsf

Fields = Mapping[str, Callable[[Any], Any]]
# With the signs that spreadsheets of East Asian languages take for the same, and all that they pass over before one.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "ocsf": "application/jsonl; charset=utf-8",
}


ENDS = {"ocsf": "ocsf.jsonl"}
LABELS = {"csv": "CSV", "json": "JSON", "jsonl": "JSON lines", "ocsf": "OCSF"}


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
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return f"'{text}" if text.startswith(FORMULA) else text


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_moment)


def _moment(value: date) -> str:
    """Of a day, or of a moment."""
    return value.isoformat()


def csv_lines(rows: Iterable[Any], fields: Fields) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(fields)
    for row in rows:
        yield writer.writerow([cell(get(row)) for get in fields.values()])


def json_lines(rows: Iterable[Any], fields: Fields) -> Iterator[str]:
    for row in rows:
        values = {name: get(row) for name, get in fields.items()}
        yield as_json(values) + "\n"


def json_array(rows: Iterable[Any], fields: Fields) -> Iterator[str]:
    """One JSON document, an object a line, so that it is written while it is read. What is cut off is no JSON."""
    between = "[\n"
    for line in json_lines(rows, fields):
        yield f"{between}{line.rstrip()}"
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


WRITERS: Mapping[str, Callable[[Iterable[Any], Fields], Iterator[str]]] = {
    "csv": csv_lines,
    "json": json_array,
    "jsonl": json_lines,
    "ocsf": ocsf.lines,
}


def stream(rows: Iterable[Any], fields: Fields, form: str, name: str, at: datetime) -> StreamingHttpResponse:
    """form: one of WRITERS. rows must be lazy: they are read while the response is sent."""
    return StreamingHttpResponse(
        WRITERS[form](rows, fields),
        content_type=TYPES[form],
        headers={
            "Content-Disposition": f'attachment; filename="iamdash-{name}-{at:%Y-%m-%d}.{ENDS.get(form, form)}"',
            "Cache-Control": "no-store, private",
        },
    )
