"""How far a trust of an OIDC provider reaches: whether its conditions leave one repository, project or service account.

A provider that many customers share (GitHub, GitLab, Terraform Cloud) vouches for strangers too, so the subject must be
bound. The forms of subjects are the providers' own; which shared issuers bind by which claim is in the IAM User Guide,
"Identity-provider controls for shared OIDC providers".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from findings.analysis.trust.narrowing import Asked, asked
from findings.analysis.trust.who import Admission

GITHUB, GITLAB = "token.actions.githubusercontent.com", "gitlab.com"
COGNITO = "cognito-identity.amazonaws.com"
SERVICE_ACCOUNT = "system:serviceaccount"
Tokens = list[str]


@dataclass(frozen=True, slots=True)
class Wide:
    """why: a sentence without a subject. own: it stays among the customer's own at the provider, or in one identity pool."""

    why: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A provider's subjects. between: what parts them; binds: whether the parts that have no wildcard before them, and all
    parts, name one of `what`. own: an issuer serves one customer."""

    what: str
    between: str
    binds: Callable[[Tokens, Tokens], bool]
    own: bool = False


def _github(sure: Tokens, parts: Tokens) -> bool:
    """A name holds no slash, so a wildcard behind owner, repository and a second slash cannot change them."""
    if sure[:1] and sure[0] in ("repo", "repository", "job_workflow_ref"):
        named = parts[1].split("*")[0].split("?")[0]
        return named.count("/") > 1 or (len(sure) > 1 and "/" in sure[1].strip("/"))
    pairs = dict(zip(sure[::2], sure[1::2], strict=False))
    return bool(pairs.get("repository_id")) or any("/" in pairs.get(name, "") for name in ("repo", "repository"))


def _gitlab(sure: Tokens, _: Tokens) -> bool:
    if len(sure) < 2:
        return False
    return sure[0] == "project_id" or (sure[0] == "project_path" and "/" in sure[1].strip("/"))


def _terraform(sure: Tokens, parts: Tokens) -> bool:
    """Past the organization a wildcard cannot leave it, so a workspace may stand behind one."""
    pairs = pairwise(parts)
    inner = any(name in ("project", "workspace") and value and not wild(value) for name, value in pairs)
    return len(sure) > 1 and sure[0] == "organization" and inner


def _named(*names: str) -> Callable[[Tokens, Tokens], bool]:
    """The parts at even places are these names, and each has a value."""
    return lambda sure, _: len(sure) >= 2 * len(names) and tuple(sure[: 2 * len(names) : 2]) == names


FORMS: Mapping[str, Form] = {
    GITHUB: Form("repository", ":", _github),
    GITLAB: Form("project", ":", _gitlab),
    "app.terraform.io": Form("project or workspace", ":", _terraform),
    "agent.buildkite.com": Form("pipeline", ":", _named("organization", "pipeline")),
    "oidc.circleci.com": Form("project", "/", _named("org", "project"), own=True),
    "api.bitbucket.org": Form("repository", ":", lambda sure, _: bool(sure and sure[0]), own=True),
    "vstoken.dev.azure.com": Form("service connection", "/", lambda sure, _: len(sure) > 3, own=True),
}
SERVICE_ACCOUNTS = Form("service account", ":", lambda sure, parts: len(sure) == len(parts) == 4)
ANY = Form("subject", ":", lambda sure, _: bool(sure and sure[0]))
# Issuers of many customers whose subjects have no form that we know: sub, or aud, must be asked for.
SHARED_SUB = frozenset(
    {
        "oidc.codefresh.io",
        "oidc-configuration.audit-log.githubusercontent.com",
        "proidc.upbound.io",
        "scalr.io",
        "shisho.dev",
        "studio.datachain.ai",
        "vstoken.actions.githubusercontent.com",
    }
)
APPLICATIONS: Mapping[str, tuple[str, ...]] = {
    "accounts.google.com": ("aud", "azp", "oaud", "sub", "email"),
    "graph.facebook.com": ("app_id", "id"),
    "www.amazon.com": ("app_id", "user_id"),
}
CLAIMS = frozenset({"sub", "aud", "amr", "azp", "oaud", "app_id"})


def issuer_of(provider: str) -> str:
    """The issuer without https://, in lower case: of arn:aws:iam::1:oidc-provider/gitlab.com "gitlab.com"."""
    return (provider.partition(":oidc-provider/")[2] or provider).lower().rstrip("/")


def host_of(provider: str) -> str:
    return issuer_of(provider).split("/")[0]


def form_of(provider: str) -> Form | None:
    """None: a provider whose subjects we do not know."""
    host = host_of(provider)
    if host.startswith("gitlab."):
        return FORMS[GITLAB]
    if host.startswith(("oidc.eks.", "oidc-eks.")):
        return SERVICE_ACCOUNTS
    return FORMS.get(host)


def too_wide(admission: Admission) -> Wide | None:
    """None: its conditions bind whom the provider may vouch for, or can never be met."""
    issuer, found = issuer_of(admission.principal), tuple(asked(admission.conditions))
    if any(_foreign(one.key, issuer) for one in found):
        return None
    claims: dict[str, list[Asked]] = {}
    for one in found:
        prefix, _, claim = one.key.rpartition(":")
        if prefix.rstrip("/") == issuer:
            claims.setdefault(claim, []).append(one)
    host = host_of(admission.principal)
    if host == COGNITO:
        return _cognito(claims)
    if host in APPLICATIONS:
        return _application(host, claims)
    return _subject(admission.principal, claims)


def _foreign(key: str, issuer: str) -> bool:
    """A claim of another issuer, which this one's tokens never bring."""
    prefix, _, claim = key.rpartition(":")
    return claim in CLAIMS and "." in prefix and prefix.rstrip("/") != issuer


def _cognito(claims: Mapping[str, list[Asked]]) -> Wide | None:
    if not _bound(claims.get("aud", ()), ANY):
        return Wide("asks for no aud, so that identities of any Cognito pool of any account are let in")
    if not _bound(claims.get("amr", ()), ANY):
        return Wide("asks for no amr, so that guests who did not sign in are let in", own=True)
    return None


def _application(host: str, claims: Mapping[str, list[Asked]]) -> Wide | None:
    if any(_bound(claims.get(claim, ()), ANY) for claim in APPLICATIONS[host]):
        return None
    return Wide(f"asks for no {APPLICATIONS[host][0]}, so that users of any application are let in")


def _subject(provider: str, claims: Mapping[str, list[Asked]]) -> Wide | None:
    subjects = claims.get("sub", [])
    form = form_of(provider) or (SERVICE_ACCOUNTS if _service_accounts(subjects) else None)
    if form is None:
        others = () if host_of(provider) in SHARED_SUB else claims.get("aud", ())
        if _bound(subjects, ANY) or _bound(others, ANY):
            return None
        return Wide("asks for neither sub nor aud" if not subjects else f"lets any sub in: {_values(subjects)}")
    if _bound(subjects, form) or _bound_by_repository(claims, form):
        return None
    if not subjects:
        return Wide(f"asks for no sub, so that any {form.what} is let in", form.own)
    return Wide(f"does not bind one {form.what}: {_values(subjects)}", form.own)


def _bound_by_repository(claims: Mapping[str, list[Asked]], form: Form) -> bool:
    """GitHub's own claims, which AWS takes as keys too."""
    if form is not FORMS[GITHUB]:
        return False
    return any(_exact(claims.get(claim, ())) for claim in ("repository", "repository_id"))


def _exact(asked_for: Iterable[Asked]) -> bool:
    return any(not one.like or not any(map(wild, one.values)) for one in asked_for)


def _service_accounts(subjects: list[Asked]) -> bool:
    """Of a Kubernetes cluster that is not EKS's."""
    return any(value.startswith(SERVICE_ACCOUNT) for one in subjects for value in one.values)


def _bound(asked_for: Iterable[Asked], form: Form) -> bool:
    """Conditions are all asked for, so one that binds is enough; of its values each must."""
    return any(all(_binds(value, one, form) for value in one.values) for one in asked_for)


def _binds(value: str, one: Asked, form: Form) -> bool:
    if not one.like or not wild(value):
        return True  # one text; a star in StringEquals is plain text, which no token has
    parts = value.split(form.between)
    sure = parts[: next(n for n, part in enumerate(parts) if wild(part))]
    return form.binds(sure, parts)


def wild(text: str) -> bool:
    return "*" in text or "?" in text


def _values(subjects: list[Asked]) -> str:
    return ", ".join(dict.fromkeys(value for one in subjects for value in one.values))
