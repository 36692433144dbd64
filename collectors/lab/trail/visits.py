"""A visit: one session of a role or user, and how it came about."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Way = Literal["service", "saml", "oidc", "role", "user", "outside", "switch"]


@dataclass(frozen=True, slots=True)
class Opener:
    """Who opened a role's session. who: a service's host name, an e-mail address, an OIDC subject, a name of a role or user, or
    the unique id of somebody outside. account: of the role, user or stranger. session: of the role. via: ARN of the provider."""

    way: Way
    who: str
    account: str = ""
    session: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """A call that is kept whole: of a name and source of CloudTrail's, with what was asked. error: code where it was refused."""

    source: str
    name: str
    asked: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class Visit:
    """principal: name of a role, or of a user, who has no session name. calls: IAM actions (trail.calls), in their order.

    opener None: the session is there already, or it is a user's. key: the user's access key. console: with credentials of the
    console. instance: with those that an EC2 instance was given. behalf: the service that calls for it. endpoint_of: whose VPC
    endpoint a private address calls through, where that is not the account itself.
    """

    account: str
    principal: str
    begin: datetime
    address: str
    agent: str
    calls: tuple[str, ...] = ()
    name: str = ""
    opener: Opener | None = None
    key: str = ""
    console: bool = False
    mfa: bool = False
    instance: bool = False
    behalf: str = ""
    source_identity: str = ""
    endpoint_of: str = ""
    acts: tuple[Act, ...] = ()

    def concerns(self, account: str) -> bool:
        """Whether the account's files hold anything of it: across accounts, either side has a record of the opening."""
        return account == self.account or bool(
            self.opener and self.opener.way in ("role", "user") and self.opener.account == account
        )
