"""The way to the SAML provider and back. A stranger's answer is verified before anything of it is kept."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.core import ratelimit
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.saml import views
from allauth.socialaccount.providers.saml.utils import build_auth, build_sp_config, get_app_or_404
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from iamdash.access.sso_views import NONSENSE, said

LONGEST = 200_000  # characters of an answer; with some hundred groups they have 50,000
SECURITY = {"wantAssertionsSigned": True, "allowSingleLabelDomains": True}  # as in configured.saml
# OSError: the metadata's server; SyntaxError: lxml's of XML that is none.
WRONG = (*NONSENSE, OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, OSError, SyntaxError)


@csrf_exempt
@login_not_required
@require_POST
def _acs(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """A form of the provider's page brings the answer here, without our session: allauth keeps it for the next step."""
    if refused := ratelimit.consume_or_429(request, action="login"):
        return refused
    provider = get_app_or_404(request, organization_slug).get_provider(request)
    if len(request.POST.get("SAMLResponse", "")) > LONGEST:
        raise BadRequest("too long an answer")
    answer = build_auth(request, provider)
    answer.process_response()
    if problems := answer.get_errors():
        why = str(answer.get_last_error_reason())[:300]
        structlog.get_logger(__name__).warning("single sign-on failed", error=", ".join(problems), why=why)
        return render_authentication_error(request, provider, extra_context={"saml_errors": problems})
    return views.acs(request, organization_slug=organization_slug)


@login_not_required
@require_safe
def metadata(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """What the provider needs to know of us. Single logout is not offered (docs/operate/sign-in.md)."""
    app = get_app_or_404(request, organization_slug)
    ours = {k: v for k, v in build_sp_config(request, app.settings, organization_slug).items() if "Logout" not in k}
    settings = OneLogin_Saml2_Settings({"strict": True, "sp": ours, "security": SECURITY}, sp_validation_only=True)
    return HttpResponse(settings.get_sp_metadata(), content_type="application/samlmetadata+xml")


@login_not_required
def none(request: HttpRequest, **_: Any) -> HttpResponse:
    """allauth wants an address for single logout."""
    raise Http404


login, acs, finish = (said(view, WRONG) for view in (views.login, _acs, views.finish_acs))
