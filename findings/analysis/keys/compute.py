"""Whether a key was used on the operator's own compute in AWS: through a VPC endpoint of ours, or from an address that our
instances have.

An address of AWS's says nothing by itself: a vendor's programs have such addresses too. What is proof is what AWS writes: whose
the VPC endpoint is (vpcEndpointAccountId), and which sessions carry the credentials of an instance (ec2RoleDelivery).
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.records import Session
from findings.analysis.activity.networks import AWS, PRIVATE, UNKNOWN

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

NEAR = timedelta(days=3)  # public addresses go from one customer to another
REPEATED = 2  # days on which instances came from an address
OWNER = " of "


class Compute:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def ours(self, session: Session) -> list[str]:
        """Endpoints and addresses that show it, as texts."""
        return [
            *self._endpoints(session, True),
            *(f"address {a}" for a in session.networks if self._instance(a, session.day)),
        ]

    def unclear(self, session: Session) -> list[str]:
        """Endpoints and private addresses that may be ours or somebody else's."""
        private = self._private(session)
        return sorted(self._endpoints(session, None)) if session.endpoints else [f"address {one}" for one in private]

    def _private(self, session: Session) -> list[str]:
        """Those that the settings do not name: a name tells an office or data centre that comes through the VPC."""
        return [one for one in session.networks if self._facts.activity.networks.kind(one) == PRIVATE]

    def _endpoints(self, session: Session, ours: bool | None) -> Iterable[str]:
        if not self._private(session):
            return ()
        return (f"endpoint {one}" for one in session.endpoints if self._owned(one) is ours)

    def _owned(self, endpoint: str) -> bool | None:
        """None: nothing told whose it is."""
        name, _, owner = endpoint.partition(OWNER)
        if owner:
            return self._facts.inside(owner)
        return True if name in self._known else None

    @cached_property
    def _known(self) -> frozenset[str]:
        """Endpoints that our instances came through."""
        instances = (one for one in self._facts.snapshot.sessions if one.instance)
        return frozenset(name.partition(OWNER)[0] for one in instances for name in one.endpoints)

    def _instance(self, address: str, day: date) -> bool:
        if self._facts.activity.networks.kind(address) not in (AWS, UNKNOWN):
            return False
        days = self._addresses.get(address, set())
        return len(days) >= REPEATED and any(abs(day - one) <= NEAR for one in days)

    @cached_property
    def _addresses(self) -> Mapping[str, set[date]]:
        """Address -> days on which a session with an instance's credentials came from it."""
        found: defaultdict[str, set[date]] = defaultdict(set)
        for one in self._facts.snapshot.sessions:
            if one.instance:
                for address in one.networks:
                    found[address].add(one.day)
        return found
