"""IAM Access Analyzer: its analyzers, and what they found that nobody archived."""

from __future__ import annotations

from datetime import datetime

from collectors.records.base import Record

EXTERNAL = "ExternalAccess"
UNUSED = frozenset({"UnusedIAMRole", "UnusedIAMUserAccessKey", "UnusedIAMUserPassword", "UnusedPermission"})


class Analyzer(Record, frozen=True, kw_only=True):
    """unique_id: its ARN, whose account owns it. type: AWS's, such as ORGANIZATION_UNUSED_ACCESS; status: it analyzes while
    that is ACTIVE, and reason says why it does not. unused_days: how long something must be unused to be found.
    """

    unique_id: str
    name: str
    region: str
    type: str
    status: str
    reason: str = ""
    created_at: datetime | None = None
    unused_days: int | None = None

    @property
    def arn(self) -> str:
        return self.unique_id

    @property
    def owner(self) -> str:
        """Id of the account that it belongs to."""
        parts = self.unique_id.split(":")
        return parts[4] if len(parts) > 4 else ""

    @property
    def organization(self) -> bool:
        """Whether it looks at all accounts of the organization."""
        return self.type.startswith("ORGANIZATION")

    @property
    def active(self) -> bool:
        return self.status == "ACTIVE"

    @property
    def external(self) -> bool:
        """Whether it looks for access from outside; the others look for unused access, or for who has access inside."""
        return self.type in ("ACCOUNT", "ORGANIZATION")

    @property
    def unused(self) -> bool:
        return self.type.endswith("_UNUSED_ACCESS")


class AnalyzerFinding(Record, frozen=True, kw_only=True):
    """An active finding. unique_id: the finding's id; analyzer: ARN. owner: id of the account that has the resource.

    type: EXTERNAL or one of UNUSED; "" where AWS does not say. resource: its ARN. error: why AWS could not analyze it.
    Of external access, where ListFindings told it, else None: principal: kind ("AWS", "Federated") -> who, "*" for everybody;
    actions; conditions: their keys, for the values may be shared secrets; organization: the one that aws:PrincipalOrgID asks for;
    public. rcp: what resource control policies do to it,
    "APPLIED" or "APPLICABLE" where they restrict it.
    """

    unique_id: str
    analyzer: str
    region: str
    type: str
    resource: str
    resource_type: str
    owner: str
    created_at: datetime
    updated_at: datetime
    error: str = ""
    principal: dict[str, str] | None = None
    actions: tuple[str, ...] | None = None
    conditions: tuple[str, ...] | None = None
    organization: str = ""
    public: bool | None = None
    rcp: str = ""
