"""S3 buckets: where trails deliver, where sensitive data lies, and how both are kept.

One question lists a thousand buckets, two more are asked of each (its tags and its policy), of 500 in a run at most: new ones
first, then those that have waited longest. Six more are asked of those that matter: the ones whose policy lets CloudTrail
deliver, that a trail of the account names, and that the account's settings mark as sensitive (as of its last judgement). An
account of 40 buckets, one of them a trail's, takes 88 calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from collectors.aws.call import TRIES, Answer, Aws
from collectors.aws.each import Each, each
from collectors.aws.errors import AwsError
from collectors.aws.partitions import HOME
from collectors.models.bucket_plan import Plan, plan
from collectors.records import AccountDetails, Bucket, Part, PublicAccessBlock, State, digest
from collectors.sources import Answers, Api, Source
from collectors.sources.organizations.texts import document
from collectors.turns import Turns

PLAN = "what is known of the buckets"
LIST, ACCOUNT_BLOCK = "s3:ListBuckets", "s3control:GetPublicAccessBlock"
TAGS, POLICY = "s3:GetBucketTagging", "s3:GetBucketPolicy"
BLOCK, STATUS, ACL = "s3:GetPublicAccessBlock", "s3:GetBucketPolicyStatus", "s3:GetBucketAcl"
LOGGING, VERSIONING, LOCK = "s3:GetBucketLogging", "s3:GetBucketVersioning", "s3:GetObjectLockConfiguration"
IN_TURNS = {TAGS: "tags", POLICY: "policy"}  # and the field of a Bucket
PAGE = 1_000  # AWS's maximum
UNSET = "NoSuchPublicAccessBlockConfiguration"
NONE = frozenset({"NoSuchTagSet", "NoSuchBucketPolicy", UNSET, "ObjectLockConfigurationNotFoundError"})
CLOUDTRAIL = "cloudtrail.amazonaws.com"
GROUPS = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "everybody",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "any AWS account",
}
Regions = Mapping[str, str]  # bucket -> where it is
Fetch = Callable[[Aws, Answers], Any]


def listed(aws: Aws, _: Answers) -> list[Answer]:
    pages = aws.pages(LIST, require="Buckets", token="ContinuationToken", MaxBuckets=PAGE)  # noqa: S106 - a page token
    return [one for page in pages for one in page["Buckets"]]


def account_block(aws: Aws, _: Answers) -> Answer:
    """Empty: none is set, which AWS tells by an error."""
    whose = next(iter(aws.requests(ACCOUNT_BLOCK)), {}) if aws.from_files else {"AccountId": aws.account_id}
    member = "PublicAccessBlockConfiguration"
    try:
        return dict(aws.ask(ACCOUNT_BLOCK, require=member, **whose)[member])
    except AwsError as error:
        if error.code != UNSET:
            raise
        return {}


def _of_each(api: str, member: str) -> Fetch:
    """A fetch: bucket -> the member of what AWS says of it; None where it has none. member "": the whole answer."""

    def fetch(aws: Aws, answers: Answers) -> Each:
        where = _regions(answers)
        wanted = _turns(api, answers).of(where) if api in IN_TURNS else mattering(answers)
        if aws.from_files:
            told = {asked.get("Bucket") for asked in aws.requests(api)}
            wanted = [name for name in wanted if name in told] or wanted[:1]
        return each(aws, api, "bucket", wanted, lambda name: _one(aws, api, member, name, where[name]))

    return fetch


def _one(aws: Aws, api: str, member: str, name: str, region: str) -> Any:
    """A policy is the whole body of its answer, and botocore takes whatever there is; S3 keeps none that is no JSON. The files of
    a bundle have no regions here: a bucket has its name from all of them."""
    for _ in range(TRIES):
        try:
            answer = aws.ask(api, require=member, region="" if aws.from_files else region, Bucket=name)
        except AwsError as error:
            if error.code not in NONE:
                raise
            return None
        if api != POLICY or aws.from_files or isinstance(document(answer[member]), dict):
            return answer[member] if member else answer
    raise AwsError(api, State.ERROR, f"The policy of {name} came {TRIES} times as no JSON. Is a proxy between?")


def _regions(answers: Answers) -> Regions:
    return {raw["Name"]: raw.get("BucketRegion") or "" for raw in answers[LIST]}


def _turns(api: str, answers: Answers) -> Turns:
    known: Plan = answers[PLAN]
    asked = {name: days[IN_TURNS[api]] for name, days in known.asked_on.items() if IN_TURNS[api] in days}
    return Turns(known.now.date(), asked, known.limit)


def mattering(answers: Answers) -> list[str]:
    """Those of which more is read. One that mattered does so until its policy is read and says otherwise."""
    known: Plan = answers[PLAN]
    told = {name: bool(text and delivers(document(text))) for name, text in answers.get(POLICY, {}).items()}
    wanted = {name for name in _regions(answers) if told.get(name, name in known.delivered)}
    wanted |= (known.watched | known.named) & set(_regions(answers))
    return sorted(wanted)[: known.limit]


def delivers(policy: Any) -> bool:
    """Whether a bucket's policy lets CloudTrail put objects there."""
    found = policy.get("Statement") if isinstance(policy, dict) else None
    return any(_lets(one) for one in (found if isinstance(found, list) else [found]))


def _lets(statement: Any) -> bool:
    if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    services = _texts(principal.get("Service")) if isinstance(principal, dict) else []
    actions = _texts(statement.get("Action"))
    return CLOUDTRAIL in services and any(one in ("*", "s3:*") or one.startswith("s3:put") for one in actions)


def _texts(value: Any) -> list[str]:
    """One or several of them, as IAM's documents have it; in lower case."""
    return [str(one).lower() for one in (value if isinstance(value, list) else [value])]


def transform(answers: Answers) -> Part:
    found: dict[str, Any] = {}
    documents: dict[str, Any] = {}
    if LIST in answers:
        documents = {digest(body): body for body in map(document, filter(None, answers.get(POLICY, {}).values()))}
        matter = set(mattering(answers))
        found["buckets"] = tuple(_bucket(raw, answers, matters=raw["Name"] in matter) for raw in answers[LIST])
    if ACCOUNT_BLOCK in answers:
        block = _block(answers[ACCOUNT_BLOCK])
        found["details"] = (AccountDetails(unique_id="s3_logging", public_access_block=block),)
    says = _says(found.get("buckets", ()), answers)
    return Part(
        **found,
        documents=documents,
        problems={api: (text,) for api, (text, whole) in says.items() if text and not whole},
        notes={api: text for api, (text, whole) in says.items() if text and whole},
    )


def _says(buckets: Iterable[Bucket], answers: Answers) -> dict[str, tuple[str, bool]]:
    """API -> what coverage says of what is asked by turns, and whether all buckets were read lately."""
    known: Plan = answers[PLAN]
    if LIST not in answers or known.limit is None:
        return {}
    days = {
        api: [
            (one.asked_on or {})[field] for one in buckets if field in (one.asked_on or {}) and field not in one.unread
        ]
        for api, field in IN_TURNS.items()
        if api in answers
    }
    return {api: _turns(api, answers).says("buckets", len(answers[LIST]), told) for api, told in days.items()}


def _bucket(raw: Answer, answers: Answers, *, matters: bool) -> Bucket:
    """tags and policy are read by turns; of what matters all else is to be read each time."""
    known: Plan = answers[PLAN]
    name = str(raw["Name"])
    region = raw.get("BucketRegion") or ""
    unread = [field for field, api, _ in FIELDS if api not in IN_TURNS and name not in answers.get(api, {})]
    turns = {field: _turn(name, api, answers) for api, field in IN_TURNS.items()}
    return Bucket(
        unique_id=name,
        arn=raw.get("BucketArn") or f"arn:{_partition(region)}:s3:::{name}",
        region=region,
        created_at=raw["CreationDate"],
        unread=(*(unread if matters else ()), *(field for field, (_, refused) in turns.items() if refused)),
        asked_on={} if known.limit is None else {field: day for field, (day, _) in turns.items() if day},
        **{field: make(answers[api][name]) for field, api, make in FIELDS if name in answers.get(api, {})},
    )


def _turn(name: str, api: str, answers: Answers) -> tuple[date | None, bool]:
    """On which day the bucket was asked for it last, None: never; and whether it refused then."""
    known: Plan = answers[PLAN]
    asked, field = answers.get(api) or Each(), IN_TURNS[api]
    if name in asked.asked:
        return known.now.date(), name in asked.refused
    return known.asked_on.get(name, {}).get(field), field in known.unread.get(name, ())


def _partition(region: str) -> str:
    return next((one for one in HOME if one != "aws" and region.startswith(one.removeprefix("aws-"))), "aws")


def _tags(raw: list[Answer] | None) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in raw or ()}


def _block(raw: Answer | None) -> PublicAccessBlock:
    raw = raw or {}
    return PublicAccessBlock(
        block_acls=raw.get("BlockPublicAcls", False),
        ignore_acls=raw.get("IgnorePublicAcls", False),
        block_policy=raw.get("BlockPublicPolicy", False),
        restrict=raw.get("RestrictPublicBuckets", False),
    )


def _acl(raw: list[Answer] | None) -> tuple[str, ...]:
    uris = {one.get("Grantee", {}).get("URI", "") for one in raw or ()}
    return tuple(who for uri, who in GROUPS.items() if uri in uris)


FIELDS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("tags", TAGS, _tags),
    ("policy", POLICY, lambda text: digest(document(text)) if text else ""),
    ("delivers", POLICY, lambda text: bool(text and delivers(document(text)))),
    ("block", BLOCK, _block),
    ("policy_public", STATUS, lambda raw: bool(raw and raw.get("IsPublic"))),
    ("acl_public", ACL, _acl),
    ("logs_to", LOGGING, lambda raw: raw.get("LoggingEnabled", {}).get("TargetBucket", "")),
    ("versioning", VERSIONING, lambda raw: raw.get("Status", "")),
    ("mfa_delete", VERSIONING, lambda raw: raw.get("MFADelete") == "Enabled"),
    ("object_lock", LOCK, lambda raw: bool(raw and raw.get("ObjectLockEnabled") == "Enabled")),
)

SOURCE = Source(
    name="s3_logging",
    title="Buckets of trails and of sensitive data",
    apis=(
        Api(LIST, listed, actions=("s3:ListAllMyBuckets",)),
        Api(ACCOUNT_BLOCK, account_block, actions=("s3:GetAccountPublicAccessBlock",)),
        Api(TAGS, _of_each(TAGS, "TagSet"), after=(LIST,)),
        Api(POLICY, _of_each(POLICY, "Policy"), after=(LIST,)),
        Api(
            BLOCK,
            _of_each(BLOCK, "PublicAccessBlockConfiguration"),
            after=(LIST,),
            actions=("s3:GetBucketPublicAccessBlock",),
        ),
        Api(STATUS, _of_each(STATUS, "PolicyStatus"), after=(LIST,)),
        Api(ACL, _of_each(ACL, "Grants"), after=(LIST,)),
        Api(LOGGING, _of_each(LOGGING, ""), after=(LIST,)),
        Api(VERSIONING, _of_each(VERSIONING, ""), after=(LIST,)),
        Api(
            LOCK,
            _of_each(LOCK, "ObjectLockConfiguration"),
            after=(LIST,),
            actions=("s3:GetBucketObjectLockConfiguration",),
        ),
    ),
    transform=transform,
    every=4,
    queue="activity",
    known=lambda account_id: {PLAN: plan(account_id)},
    fresh=lambda at: {PLAN: Plan(at, limit=None)},
    trial=lambda at: {PLAN: Plan(at, limit=1)},
    sweeps={"buckets": (LIST,)},
    calls=lambda size: 2 + 2 * size.buckets + 6 * size.watched,
)
