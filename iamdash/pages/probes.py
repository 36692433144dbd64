"""For load balancers, supervisors and browsers: no sign-in, no details (TRUST, probes)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process reaches the database, and the tables are there."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1 from collectors_account limit 1")
    except DatabaseError:
        return HttpResponse("not ready\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


ICON = (settings.BASE_DIR / "static" / "icon.svg").read_bytes()


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it beside what is no page and names no icon: a file, a probe, an answer of the API."""
    return HttpResponse(ICON, content_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
