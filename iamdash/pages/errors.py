"""Error pages that can say what was wrong with the address; Django's own leave that out."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Only for BadRequest, whose words are ours; a SuspiciousOperation's are not for strangers."""
    said = str(exception) if isinstance(exception, BadRequest) else ""
    return render(request, "400.html", {"said": said}, status=400)
