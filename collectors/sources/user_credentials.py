"""What else users have to sign in or sign with: passwords of one service, SSH keys, signing certificates, and their MFA devices.

AWS tells the passwords of all users in one list, the others in an answer a user. A run asks about 500 users: those that were
never asked about first, then those that have waited longest. An account of 10 users takes 32 calls.

Ids, dates and states are kept; the answers hold no secret, and of certificates and public keys nothing is kept either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.each import Each, each
from collectors.aws.errors import AwsError
from collectors.models.user_plan import Plan, plan
from collectors.records import SIGNING_CERTIFICATE, SSH_KEY, AccountDetails, Part, ServiceCredential, State
from collectors.sources import Answers, Api, Size, Source, pages
from collectors.sources.authorization_details import DETAILS
from collectors.turns import Turns

NAME = "user_credentials"
PLAN = "what is known of the users' credentials"
USERS, SERVICES = "iam:ListUsers", "iam:ListServiceSpecificCredentials"
SSH, CERTIFICATES, MFA = "iam:ListSSHPublicKeys", "iam:ListSigningCertificates", "iam:ListMFADevices"
PAGE = 1_000  # AWS's maximum


def users(aws: Aws, _: Answers) -> dict[str, str]:
    """user name -> unique id. Of a bundle those that are judged."""
    api, member = (DETAILS, "UserDetailList") if aws.from_files else (USERS, "Users")
    return {
        raw["UserName"]: raw["UserId"] for page in aws.pages(api, require=member, MaxItems=PAGE) for raw in page[member]
    }


def service_credentials(aws: Aws, answers: Answers) -> Each:
    """Of all users at once. Where that is refused, or not understood as in partitions that do not have it yet, of each; for a
    bundle too, in which an answer of all could not be told from one of the caller's own."""
    recorded = answers[PLAN].limit is None and not aws.from_files
    if recorded or (aws.from_files and aws.requests(SERVICES)):
        return _of_each(SERVICES)(aws, answers)
    try:
        listed = list(aws.pages(SERVICES, require=MEMBERS[SERVICES], AllUsers=True, MaxItems=PAGE))
    except AwsError as error:
        if aws.from_files or error.state is State.THROTTLED:
            raise
        return _of_each(SERVICES)(aws, answers)
    found = defaultdict[str, list[Answer]](list)
    for raw in (raw for page in listed for raw in page[MEMBERS[SERVICES]]):
        found[raw["UserName"]].append(raw)
    # A file does not say whether it was all users that were asked about: of those that it does not name, nothing is known.
    return Each(found if aws.from_files else {name: found[name] for name in answers[USERS]})


def _of_each(api: str) -> Callable[[Aws, Answers], Each]:
    """A fetch: user name -> what the API lists of the user."""

    def fetch(aws: Aws, answers: Answers) -> Each:
        wanted = _turns(api, answers).of(answers[USERS])
        if aws.from_files:
            told = {asked.get("UserName") for asked in aws.requests(api)}
            wanted = [name for name in wanted if name in told] or wanted[:1]
        return each(aws, api, "user", wanted, lambda name: _one(aws, api, name))

    return fetch


def _one(aws: Aws, api: str, name: str) -> list[Answer]:
    """Empty also for a user who was deleted since he was listed; of a bundle that means that there is no line of him."""
    try:
        listed = list(aws.pages(api, require=MEMBERS[api], UserName=name, MaxItems=PAGE))
    except AwsError as error:
        if error.code != "NoSuchEntity" or aws.from_files:
            raise
        return []
    return [raw for page in listed for raw in page[MEMBERS[api]]]


def _turns(api: str, answers: Answers) -> Turns:
    """By user name."""
    planned: Plan = answers[PLAN]
    asked = _known("asked_on", planned).get(FIELDS[api], {})
    return Turns(
        planned.now.date(), {name: asked[uid] for name, uid in answers[USERS].items() if uid in asked}, planned.limit
    )


def _known(field: str, planned: Plan) -> dict[str, Any]:
    return (getattr(planned.known, field) if planned.known else None) or {}


def transform(answers: Answers) -> Part:
    if USERS not in answers:
        return Part()
    told = [api for api in FIELDS if api in answers]
    parts: dict[str, Any] = {FIELDS[api]: _told(api, answers) for api in told}
    planned: Plan = answers[PLAN]
    asked_on = _known("asked_on", planned) | {FIELDS[api]: _asked_on(api, answers) for api in told}
    untold = _known("untold", planned) | {FIELDS[api]: _untold(api, answers) for api in told}
    details = AccountDetails(unique_id=NAME, asked_on=asked_on, untold=untold, **parts)
    says = {api: _says(api, details, answers) for api in told}
    return Part(
        details=(details,) if parts else None,
        problems={api: (text,) for api, (text, whole) in says.items() if text and not whole},
        notes={api: text for api, (text, whole) in says.items() if text and whole},
    )


def _told(api: str, answers: Answers) -> dict[str, tuple[Any, ...]]:
    """By the users' unique ids: what was read now, and of those whose turn it was not what was known."""
    ids: dict[str, str] = answers[USERS]
    found = {
        ids[name]: tuple(sorted(map(MAKE[api], listed), key=str))
        for name, listed in answers[api].items()
        if name in ids
    }
    known = _known(FIELDS[api], answers[PLAN])
    return {
        uid: found[uid] if uid in found else known[uid] for uid in sorted(ids.values()) if uid in found or uid in known
    }


def _asked_on(api: str, answers: Answers) -> dict[str, date]:
    """What a bundle tells is all of its own age."""
    planned: Plan = answers[PLAN]
    if planned.limit is None:
        return {}
    ids: dict[str, str] = answers[USERS]
    days = _turns(api, answers).after(ids, answers[api].asked)
    return {ids[name]: day for name, day in days.items()}


def _untold(api: str, answers: Answers) -> tuple[str, ...]:
    """Users who refused when they were asked about last."""
    ids: dict[str, str] = answers[USERS]
    before = set(_known("untold", answers[PLAN]).get(FIELDS[api], ())) & set(ids.values())
    asked = {ids[name] for name in answers[api].asked if name in ids}
    return tuple(sorted(before - asked | {ids[name] for name in answers[api].refused}))


def _says(api: str, details: AccountDetails, answers: Answers) -> tuple[str, bool]:
    """What coverage says, and whether all users were read lately. A bundle tells of some users, and the others are unknown one
    by one."""
    planned: Plan = answers[PLAN]
    if planned.limit is None:
        return "", True
    field = FIELDS[api]
    days, told = (details.asked_on or {})[field], getattr(details, field).keys() - (details.untold or {})[field]
    return _turns(api, answers).says("users", len(answers[USERS]), (days[uid] for uid in told if uid in days))


def _service(raw: Answer) -> ServiceCredential:
    return _credential(
        raw, "ServiceSpecificCredentialId", raw["ServiceName"].removesuffix(".amazonaws.com"), "CreateDate"
    )


def _credential(raw: Answer, key: str, kind: str, made: str) -> ServiceCredential:
    return ServiceCredential(
        unique_id=raw[key],
        kind=kind,
        active=raw["Status"] == "Active",
        created_at=raw.get(made),
        expires_at=raw.get("ExpirationDate"),
    )


# API -> the list in its answer, what becomes of an entry, and the field of AccountDetails that it goes to.
MEMBERS = {
    SERVICES: "ServiceSpecificCredentials",
    SSH: "SSHPublicKeys",
    CERTIFICATES: "Certificates",
    MFA: "MFADevices",
}
MAKE: dict[str, Callable[[Answer], Any]] = {
    SERVICES: _service,
    SSH: lambda raw: _credential(raw, "SSHPublicKeyId", SSH_KEY, "UploadDate"),
    CERTIFICATES: lambda raw: _credential(raw, "CertificateId", SIGNING_CERTIFICATE, "UploadDate"),
    MFA: lambda raw: str(raw["SerialNumber"]),
}
FIELDS = {SERVICES: "service_credentials", SSH: "ssh_keys", CERTIFICATES: "certificates", MFA: "mfa_devices"}


def _calls(size: Size) -> int:
    return pages(size.users, PAGE) + 1 + 3 * size.users


SOURCE = Source(
    name=NAME,
    title="Users' other credentials and MFA devices",
    apis=(
        Api(USERS, users),
        Api(SERVICES, service_credentials, after=(USERS,)),
        *(Api(api, _of_each(api), after=(USERS,)) for api in (SSH, CERTIFICATES, MFA)),
    ),
    transform=transform,
    every=4,
    queue="activity",
    known=lambda account_id: {PLAN: plan(account_id, NAME)},
    fresh=lambda at: {PLAN: Plan(at, limit=None)},
    trial=lambda at: {PLAN: Plan(at, limit=1)},
    calls=_calls,
)
