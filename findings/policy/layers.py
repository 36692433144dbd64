"""The policies that bear on a request, in their layers, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from findings.policy.document import Document, Unreadable


class Layer(StrEnum):
    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    RESOURCE = "resource"
    TRUST = "trust"


@dataclass(frozen=True)
class Named:
    """A policy and where it comes from.

    name: the ARN of a managed policy, "inline:<name>", the name of an SCP. level: of an SCP or RCP, where in the
    organization it is attached: "Root", "prod (ou-ab12)", an account's id. via: "group admins".
    """

    layer: Layer
    name: str
    document: Document | Unreadable
    level: str = ""
    via: str = ""


Level = tuple[Named, ...]  # the policies attached to the root, to one organizational unit, or to the account


@dataclass(frozen=True)
class Policies:
    """All policies that bear on one request. The caller of `evaluate` leaves out what does not bind: SCPs of the
    management account, RCPs of a service that has none.

    scp, rcp: levels from the root down; () none bind, None they are not visible. resource: the policy of the
    resource, or the trust policy of a role. resource_must_allow: trust and KMS key policies (AWS.md 18).
    """

    identity: tuple[Named, ...] = ()
    boundary: Named | None = None
    session: tuple[Named, ...] | None = None
    scp: tuple[Level, ...] | None = ()
    rcp: tuple[Level, ...] | None = ()
    resource: Named | None = None
    resource_must_allow: bool = False


@dataclass(frozen=True)
class By:
    """A statement (counted from 1); or, with policy "", a layer or level that allows nothing."""

    layer: Layer
    policy: str
    sid: str
    level: str = ""
    statement: int = 0


@dataclass(frozen=True)
class Decision:
    """by: of allowed, the statements that allow; of an explicit denial, those that deny; of an implicit one, the layers
    and levels that do not allow; of conditional, the statements that hang on keys. keys: those that can change the
    answer. unseen: layers ("scp") or policies that could not be read and could change the answer."""

    verdict: Literal["allowed", "denied", "conditional"]
    kind: Literal["explicit", "implicit"] | None
    by: tuple[By, ...]
    keys: tuple[str, ...]
    unseen: tuple[str, ...]
