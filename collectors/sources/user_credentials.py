"""What else users have to sign in or sign with: passwords of one service, SSH keys, signing certificates, and their MFA devices.

AWS tells the passwords of all users in one list, the others in an answer a user. A run asks about 500 users: those that were
never asked about first, the others by turns. An account of 10 users takes 32 calls.

Ids, dates and states are kept; the answers hold no secret, and of certificates and public keys nothing is kept either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.each import each
from collectors.aws.errors import AwsError
from collectors.models.user_plan import Plan, plan
from collectors.records import SIGNING_CERTIFICATE, SSH_KEY, AccountDetails, Part, ServiceCredential, State, digest
from collectors.sources import Answers, Api, Size, Source, pages
from collectors.sources.authorization_details import DETAILS

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


def service_credentials(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
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
    found: defaultdict[str, list[Answer]] = defaultdict(list)
    for raw in (raw for page in listed for raw in page[MEMBERS[SERVICES]]):
        found[raw["UserName"]].append(raw)
    # A file does not say whether it was all users that were asked about: of those that it does not name, nothing is known.
    return dict(found) if aws.from_files else {name: found[name] for name in answers[USERS]}


def _of_each(api: str) -> Callable[[Aws, Answers], dict[str, list[Answer]]]:
    """A fetch: user name -> what the API lists of the user."""

    def fetch(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
        wanted = _in_turn(api, answers)
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


def _in_turn(api: str, answers: Answers) -> list[str]:
    """Those never asked about first, the others in an order that is another every day, no more than a run may ask about."""
    planned: Plan = answers[PLAN]
    known, day = _known(api, planned), planned.now.date().isoformat()
    ids: dict[str, str] = answers[USERS]
    return sorted(ids, key=lambda name: (ids[name] in known, digest([name, day])))[: planned.limit]


def _known(api: str, planned: Plan) -> dict[str, Any]:
    return (getattr(planned.known, FIELDS[api]) if planned.known else None) or {}


def transform(answers: Answers) -> Part:
    if USERS not in answers:
        return Part()
    told = {api: _told(api, answers) for api in FIELDS if api in answers}
    parts: dict[str, Any] = {FIELDS[api]: found for api, found in told.items()}
    return Part(
        details=(AccountDetails(unique_id=NAME, **parts),) if parts else None,
        problems={api: lacking for api, found in told.items() if (lacking := _unread(found, answers))},
    )


def _told(api: str, answers: Answers) -> dict[str, tuple[Any, ...]]:
    """By the users' unique ids: what was read now, and of those whose turn it was not what was known."""
    ids: dict[str, str] = answers[USERS]
    found = {
        ids[name]: tuple(sorted(map(MAKE[api], listed), key=str))
        for name, listed in answers[api].items()
        if name in ids
    }
    known = _known(api, answers[PLAN])
    return {
        uid: found[uid] if uid in found else known[uid] for uid in sorted(ids.values()) if uid in found or uid in known
    }


def _unread(found: Iterable[str], answers: Answers) -> tuple[str, ...]:
    """A bundle tells of some users, and the others are unknown one by one."""
    planned: Plan = answers[PLAN]
    total, read = len(answers[USERS]), len(set(found))
    if planned.limit is None or read == total:
        return ()
    return (f"{read} of {total} users have been read; each run reads {planned.limit}.",)


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
