"""Users, groups, roles and policies with all their documents, in one paginated snapshot (AWS.md 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from collectors.aws.call import Answer, Aws
from collectors.records import Group, InstanceProfile, Part, Policy, PolicyVersion, Role, User, digest
from collectors.sources import Answers, Api, Source, pages

DETAILS = "iam:GetAccountAuthorizationDetails"
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
PAGE = 1_000  # AWS's maximum; it may return fewer
T = TypeVar("T")


def details(aws: Aws, _: Answers) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {name: [] for name in LISTS}
    for page in aws.pages(DETAILS, require="RoleDetailList", MaxItems=PAGE):
        for name in LISTS:
            found[name] += page.get(name, [])
    return found


class Reader:
    """Turns entries of the answer into records; keeps each distinct document once. problems: entries that lack a member."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}
        self.problems: list[str] = []

    def all(self, what: str, make: Callable[[Answer], T], raws: list[Answer]) -> Iterator[T]:
        for raw in raws:
            try:
                yield make(raw)
            except KeyError as missing:
                self.problems.append(f"{what} {raw.get('Arn', 'without an Arn')} has no {missing.args[0]}.")

    def document(self, body: Any) -> str:
        key = digest(body)
        self.documents[key] = body
        return key

    def entity(self, raw: Answer, kind: str) -> dict[str, Any]:
        return {
            "unique_id": raw[f"{kind}Id"],
            "arn": raw["Arn"],
            "name": raw[f"{kind}Name"],
            "path": raw.get("Path", "/"),
            "created_at": raw["CreateDate"],
        }

    def holder(self, raw: Answer, kind: str) -> dict[str, Any]:
        return self.entity(raw, kind) | {
            "attached": tuple(sorted(p["PolicyArn"] for p in raw.get("AttachedManagedPolicies", []))),
            "inline": {p["PolicyName"]: self.document(p["PolicyDocument"]) for p in raw.get(f"{kind}PolicyList", [])},
        }

    def principal(self, raw: Answer, kind: str) -> dict[str, Any]:
        return self.holder(raw, kind) | {
            "boundary": raw.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags": {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])},
        }

    def role(self, raw: Answer) -> Role:
        used = raw.get("RoleLastUsed", {})
        profiles = (InstanceProfile(**self.entity(p, "InstanceProfile")) for p in raw.get("InstanceProfileList", []))
        return Role(
            **self.principal(raw, "Role"),
            trust=self.document(raw["AssumeRolePolicyDocument"]),
            instance_profiles=tuple(sorted(profiles, key=lambda p: p.arn)),
            last_used_at=used.get("LastUsedDate"),
            last_used_region=used.get("Region", ""),
        )

    def user(self, raw: Answer) -> User:
        return User(**self.principal(raw, "User"), groups=tuple(sorted(raw.get("GroupList", []))))

    def group(self, raw: Answer) -> Group:
        return Group(**self.holder(raw, "Group"))

    def policy(self, raw: Answer) -> Policy:
        versions = tuple(
            PolicyVersion(version_id=v["VersionId"], created_at=v["CreateDate"], document=self.document(v["Document"]))
            for v in sorted(raw.get("PolicyVersionList", []), key=lambda v: v["CreateDate"])
        )
        current = next((v.document for v in versions if v.version_id == raw["DefaultVersionId"]), "")
        return Policy(
            **self.entity(raw, "Policy"),
            updated_at=raw["UpdateDate"],
            default_version=raw["DefaultVersionId"],
            document=current,
            versions=versions,
            attachment_count=raw.get("AttachmentCount", 0),
            boundary_count=raw.get("PermissionsBoundaryUsageCount", 0),
        )


def transform(answers: Answers) -> Part:
    if DETAILS not in answers:
        return Part()
    raw, read = answers[DETAILS], Reader()
    return Part(
        users=tuple(read.all("User", read.user, raw["UserDetailList"])),
        groups=tuple(read.all("Group", read.group, raw["GroupDetailList"])),
        roles=tuple(read.all("Role", read.role, raw["RoleDetailList"])),
        policies=tuple(read.all("Policy", read.policy, raw["Policies"])),
        documents=read.documents,
        problems={DETAILS: tuple(read.problems)} if read.problems else {},
    )


SOURCE = Source(
    name="authorization_details",
    title="Users, groups, roles and policies",
    apis=(Api(DETAILS, details),),
    transform=transform,
    sweeps=dict.fromkeys(("users", "groups", "roles", "policies"), (DETAILS,)),
    calls=lambda size: pages(size.principals + size.groups + size.policies, PAGE),
)
