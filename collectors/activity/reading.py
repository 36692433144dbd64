"""The bytes of one object of a trail -> its records, in parts of bounded size.

Gzip of one or many members, plain JSON, or JSON lines. Nothing here raises for what an object holds: what cannot be read is
counted or named in the tally, and what stands before and behind it is read (TRUST, bad inputs).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from isal import igzip_lib

from collectors.activity.events import Event, Log
from collectors.activity.parts import lenient
from collectors.activity.tally import Tally

PIECE = 128 << 10  # bytes that are decompressed and decoded at once, so that both stay in the processor's cache
WHOLE = 16 << 20  # bytes that are decoded at once of what does not begin as CloudTrail's own objects do
EVENT_LIMIT = 20 << 20  # bytes without the end of a record; AWS's records have at most 256 KB
SLICE = 256 << 10  # bytes that go into the decompressor at once
LIMIT = 2 << 30  # bytes of one object once decompressed

OPEN, CLOSE = b"[]"
GZIP, BOM = b"\x1f\x8b", b"\xef\xbb\xbf"
HEAD = re.compile(rb'\s*\{\s*"Records"\s*:\s*\[')
EMPTY = re.compile(rb"\s*\[\s*\]\s*")
TAIL = re.compile(rb"\s*\]\s*\}\s*\Z")
# A quote inside of a JSON string is escaped, so this is never part of one.
BETWEEN = re.compile(rb'\}\s*,\s*(?=\{\s*"eventVersion")')
BEGIN = re.compile(r'\{\s*"(?:eventVersion|eventTime|userIdentity)"')
LIST = re.compile(r"\[(?!\s*\])")  # what records stand in; an empty one stands where a record should
SPACE = re.compile(r"[\s,\]}]*")
BROKEN: type[Exception] = igzip_lib.error  # type: ignore[assignment] # the stub calls the class an instance
NOT_READ = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
NO_RECORD = (
    msgspec.ValidationError,
    RecursionError,
    AttributeError,
    UnicodeEncodeError,
)  # the last: a time of surrogates

_log = msgspec.json.Decoder(Log)
_list = msgspec.json.Decoder(list[Event])
_one = msgspec.json.Decoder(Event)
_any = json.JSONDecoder()


class DamagedError(Exception):
    """The object cannot be read from here on. str(damaged) is the reason, as operators read it."""


def read(blob: bytes, tally: Tally) -> Iterator[list[Event]]:
    """The records of an object, in its order. Its fate is in the tally."""
    if not blob:
        tally.problem = "it is empty"
        return
    waiting, size, least, cut = [], 0, 0, False
    blob = blob.removeprefix(BOM)
    try:
        for piece in inflate(blob) if blob[:2] == GZIP else pieces(blob):
            waiting.append(piece)
            size += len(piece)
            least = least or (PIECE if HEAD.match(piece) else WHOLE)
            if size < least:
                continue
            buffer = bytearray().join((b"[", *waiting))
            if end := _end(buffer):
                waiting, cut = [bytes(memoryview(buffer)[end:])], True
                size = len(waiting[0])
                yield _part(buffer, end, tally)
            elif size > EVENT_LIMIT:
                waiting, cut = [], True
                raise DamagedError(f"no record ends within {EVENT_LIMIT >> 20} MiB")
            else:
                waiting, least = [bytes(memoryview(buffer)[1:])], min(2 * least, EVENT_LIMIT + 1)
    except DamagedError as damage:
        tally.problem, cut = str(damage), True
    rest = b"".join(waiting)
    if rest:
        yield _last(rest, tally) if cut else _whole(rest, tally)


def pieces(data: bytes) -> Iterator[bytes]:
    return (data[at : at + PIECE] for at in range(0, len(data), PIECE))


def inflate(blob: bytes) -> Iterator[bytes]:
    """All members, piece by piece. Raises DamagedError: truncated, broken, or too much.

    After the first member the input goes in by slices: what a member leaves over is copied, and there may be thousands.
    """
    at, total, slice_ = 0, 0, len(blob)
    while blob[at : at + 1] not in (b"", b"\0"):  # some writers pad with zeros
        member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        while not member.eof:
            given = blob[at : at + slice_] if member.needs_input else b""
            at += len(given)
            try:
                piece = member.decompress(given, PIECE)
            except BROKEN as error:
                raise DamagedError(f"its compression is broken ({error})") from error
            total += len(piece)
            if total > LIMIT:
                raise DamagedError(f"it has more than {LIMIT >> 30} GiB once decompressed")
            if piece:
                yield piece
            if member.needs_input and not member.eof and at >= len(blob):
                raise DamagedError("it is truncated")
        at, slice_ = at - len(member.unused_data), SLICE


def _end(buffer: bytearray) -> int:
    """Where the last whole record of an unfinished buffer ends; 0: nowhere."""
    at = buffer.rfind(b'"eventVersion"')
    while at > 0:
        start = max(0, at - 64)
        if between := BETWEEN.search(buffer, start, at + 14):
            return between.end()
        line = buffer.rfind(b"\n", start, at)
        if line > 0 and buffer[line + 1 : at].strip() == b"{":
            return line + 1
        at = buffer.rfind(b'"eventVersion"', 0, at)
    return 0


def _whole(data: bytes, tally: Tally) -> list[Event]:
    """An object that was not cut: a log, lines of records, or something else, which is told by its own names."""
    try:
        found = _log.decode(data).records
    except NOT_READ:
        return [] if EMPTY.fullmatch(data) else _last(data, tally)
    if isinstance(found, list):
        return found
    if found is None:
        return []
    if b'"digestStartTime"' in data:
        tally.skipped = "digest"
    elif b'"eventName"' in data:
        return _last(data, tally)
    else:
        tally.problem = "it holds no Records"
    return []


def _last(data: bytes, tally: Tally) -> list[Event]:
    """The records at an object's end."""
    tail = TAIL.search(data, max(0, len(data) - 64))
    return _part(bytearray().join((b"[", data, b" ")), (tail.start() if tail else len(data)) + 1, tally)


def _part(buffer: bytearray, end: int, tally: Tally) -> list[Event]:
    """Records with commas or line ends between them, up to `end`, and perhaps what a log begins with. They stand behind one byte
    and before another, and are decoded where they are, as a list: a copy would cost more than to decompress them.
    """
    head = HEAD.match(buffer, 1)
    start = head.end() - 1 if head else 0
    tail = bytes(buffer[max(start + 1, end - 64) : end])
    last = end - len(tail) + len(tail.rstrip(b", \r\n\t"))
    after = buffer[last]
    buffer[start], buffer[last] = OPEN, CLOSE
    try:
        return _list.decode(memoryview(buffer)[start : last + 1])
    except NOT_READ:
        buffer[last] = after
    data = bytes(memoryview(buffer)[start + 1 : end])
    try:
        return _one.decode_lines(data)
    except NOT_READ:
        return list(_salvaged(data, tally))


def _salvaged(data: bytes, tally: Tally) -> Iterator[Event]:
    """One by one, by a decoder that takes lone surrogates; from a place that is no JSON on at the next record."""
    text = data.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    at = 1 if LIST.match(text) else 0
    while (at := _next(text, at)) < len(text):
        try:
            value, at = _any.raw_decode(text, at)
        except (ValueError, RecursionError):
            tally.reject("not JSON")
            following = BEGIN.search(text, at + 1)
            at = following.start() if following else len(text)
            continue
        yield from _understood(value, tally)


def _next(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _understood(value: Any, tally: Tally) -> Iterator[Event]:
    if isinstance(value, dict) and isinstance(value.get("Records"), list):
        records = value["Records"]
    else:
        records = value if value and isinstance(value, list) else [value]
    for raw in records:
        try:
            yield lenient(raw)
        except NO_RECORD:
            tally.reject("no record of CloudTrail")
