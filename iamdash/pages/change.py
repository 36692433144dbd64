"""One change: every entity with what became of it, the calls that made it, documents before and after, findings after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from collectors.models import Account, Document
from findings.models import Change
from iamdash.pages import timeline
from iamdash.pages.documents import Row, compared

UNREAD = "the document was not collected"


@dataclass(frozen=True)
class Diff:
    """fault: why it cannot be shown; of: the part and the line it belongs to."""

    of: str
    text: str
    rows: list[Row]
    fault: str = ""


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    change = Change.objects.select_related("account").filter(pk=pk).first()
    if change is None:
        return render(request, "timeline/missing.html", status=404)
    (entry,) = timeline.entries(request, [change])
    context = {"entry": entry, "change": change, "diffs": list(diffs(entry))}
    return render(request, "timeline/change.html", context)


def diffs(entry: timeline.Entry) -> Iterator[Diff]:
    """Of each line that is about a document."""
    bodies = _bodies(entry)
    for part in entry.parts:
        row = part.row
        for line in row.told.get("lines", ()):
            digests = [line.get(side, "") for side in ("before", "after")]
            if not any(digests) or digests[0] == digests[1]:
                continue
            found = [bodies.get((row.told_by, digest)) if digest else None for digest in digests]
            missing = any(digest and body is None for digest, body in zip(digests, found, strict=True))
            name = f"{part.kind} {row.name}"
            yield Diff(name, line["text"], [] if missing else compared(*found), UNREAD if missing else "")


def _bodies(entry: timeline.Entry) -> Mapping[tuple[str, str], Any]:
    """(AWS id of the account that told, "" for its own; digest) -> document, as far as it may be seen."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for part in entry.parts:
        for line in part.row.told.get("lines", ()):
            wanted[part.row.told_by].update(filter(None, (line.get("before"), line.get("after"))))
    found = {}
    for told_by, digests in wanted.items():
        account = Account.objects.filter(aws_id=told_by).first() if told_by else entry.change.account
        if account and digests:
            rows = Document.objects.filter(account=account, digest__in=digests)
            found |= {(told_by, digest): body for digest, body in rows.values_list("digest", "body")}
    return found
