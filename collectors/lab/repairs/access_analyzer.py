"""IAM Access Analyzer: an external-access analyzer in the accounts that have one, findings from trust policies.

Moto has no such service; it is registered the way moto registers its own (a module with `urls`).
"""

import re
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from types import ModuleType
from typing import Any
from uuid import UUID

from moto import backend_index
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import ActionResult, BaseResponse
from moto.iam.models import Role

from collectors.lab.policy_language import listed, statements
from collectors.lab.world import current

HOME = "eu-west-1"
HOSTS = r"https?://access-analyzer\.(.+)\.amazonaws\.com"
EXTERNAL, UNUSED = "external-access", "unused-access"
UNUSED_DAYS = 90


def outside(role: Role, known: set[str]) -> list[tuple[str, list[str]]]:
    """Principals of a trust policy beyond the organization: `*`, or an account's ARN or id, with the conditions' keys."""
    found = []
    for statement in statements(role.assume_role_policy_document):
        principal = statement.get("Principal", {})
        keys = [key for one in statement.get("Condition", {}).values() for key in one]
        for one in ["*"] if principal == "*" else listed(principal.get("AWS", [])):
            account = one.split(":")[4] if one.startswith("arn:") else one
            if one == "*" or (account.isdigit() and account not in known):
                found.append((one, keys))
    return found


class AccessAnalyzerBackend(BaseBackend):
    """One account and region. Most of what it shows is derived from roles; the rest was planted (World.analyzed)."""

    def analyzers(self) -> list[dict[str, Any]]:
        """For access from outside, except in every sixth account; for unused access, the security account has one for all."""
        world = current()
        account = world.account(self.account_id)
        found = []
        if account is not None and account.index % 6 != 5:
            found.append(self.analyzer(EXTERNAL, "ACCOUNT"))
        if account is world.security and self.region_name == HOME:
            found.append(self.analyzer(UNUSED, "ORGANIZATION_UNUSED_ACCESS"))
        return found

    def analyzer(self, name: str, kind: str) -> dict[str, Any]:
        arn = f"arn:aws:access-analyzer:{self.region_name}:{self.account_id}:analyzer/{name}"
        created = current().root_users[self.account_id].created
        unused = {"configuration": {"unusedAccess": {"unusedAccessAge": UNUSED_DAYS}}} if name == UNUSED else {}
        return {"arn": arn, "name": name, "type": kind, "createdAt": created, "status": "ACTIVE", **unused}

    def findings(self, arn: str) -> list[dict[str, Any]]:
        """Those of one of its analyzers, external ones as ListFindings tells them."""
        if arn not in {one["arn"] for one in self.analyzers()}:
            return []
        return self.unused() if arn.endswith(UNUSED) else self.external()

    def external(self) -> list[dict[str, Any]]:
        """IAM is analyzed in each region, other resources in their own."""
        known = {account.id for account in current().accounts}
        found = [
            self.finding(
                role.arn,
                "AWS::IAM::Role",
                role.create_date,
                principal={"AWS": who},
                action=["sts:AssumeRole"],
                condition=dict.fromkeys(keys, "..."),
                isPublic=who == "*" and not keys,
            )
            for role in current().iam(self.account_id).roles.values()
            for who, keys in outside(role, known)
        ]
        planted = current().analyzed.get(self.account_id, ())
        here = (one for one in planted if one["resource"].split(":")[3] in ("", self.region_name))
        return found + [
            self.finding(**one) for one in here if one["resource"].split(":")[3] or self.region_name == HOME
        ]

    def unused(self) -> list[dict[str, Any]]:
        """Roles of every fourth account that nobody used lately."""
        world, day = current(), timedelta(days=UNUSED_DAYS)
        key = f"{self.account_id}/{UNUSED}"
        if key not in world.analyzed:
            world.analyzed[key] = [
                self.finding(role.arn, "AWS::IAM::Role", role.create_date, "UnusedIAMRole", owner=account.id)
                for account in world.accounts
                if account.status == "ACTIVE" and account.index % 4 == 2
                for role in world.iam(account.id).roles.values()
                if world.settings.now - (role.last_used or role.create_date) > day and "/aws-" not in role.path
            ]
        return world.analyzed[key]

    def finding(
        self, resource: str, kind: str, at: datetime, of: str = "ExternalAccess", owner: str = "", **more: Any
    ) -> dict[str, Any]:
        told = {
            "resource": resource,
            "resourceType": kind,
            "resourceOwnerAccount": owner or self.account_id,
            "findingType": of,
            "status": "ACTIVE",
            "createdAt": at,
            "updatedAt": at,
            "analyzedAt": current().settings.now,
            **more,
        }
        said = f"{self.region_name} {resource} {told.get('principal')}"
        return {"id": str(UUID(bytes=sha256(said.encode()).digest()[:16])), **told}


class AccessAnalyzerResponse(BaseResponse):
    """The operations a collector reads."""

    def __init__(self) -> None:
        super().__init__(service_name="accessanalyzer")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> AccessAnalyzerBackend:
        return analyzer_backends[self.current_account][self.region]

    def list_analyzers(self) -> ActionResult:
        return ActionResult({"analyzers": self.backend.analyzers()})

    def list_findings_v2(self) -> ActionResult:
        """Without what only ListFindings and GetFindingV2 tell; botocore's shape has no place for it."""
        return self._page(self.asked())

    def list_findings(self) -> ActionResult:
        return self._page(one for one in self.asked() if one["findingType"] == "ExternalAccess")

    def asked(self) -> list[dict[str, Any]]:
        """Those with one of the states asked for; all without."""
        states = self._get_param("filter", {}).get("status", {}).get("eq")
        found = self.backend.findings(self._get_param("analyzerArn"))
        return [one for one in found if not states or one["status"] in states]

    def _page(self, some: Iterable[dict[str, Any]]) -> ActionResult:
        found = list(some)
        first, size = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or 100)
        more = {"nextToken": str(first + size)} if first + size < len(found) else {}
        return ActionResult({"findings": found[first : first + size], **more})

    def get_finding_v2(self) -> ActionResult:
        wanted = self._get_param("id")
        found = self.backend.findings(self._get_param("analyzerArn"))
        finding = next(one for one in found if one["id"] == wanted)
        return ActionResult({**finding, "findingDetails": []})


def register() -> BackendDict[AccessAnalyzerBackend]:
    """Make moto find the service: a package with `models` and `urls`, and the pattern of its hosts."""
    name = "accessanalyzer"
    package, models, urls = (ModuleType(f"moto.{name}{part}") for part in ("", ".models", ".urls"))
    AccessAnalyzerBackend.__module__ = models.__name__
    backends = BackendDict(AccessAnalyzerBackend, name)
    vars(package)[f"{name}_backends"] = backends
    vars(models)[f"{name}_backends"] = backends
    vars(urls).update(url_bases=[HOSTS], url_paths={"{0}/.*$": AccessAnalyzerResponse.dispatch})
    sys.modules.update({module.__name__: module for module in (package, models, urls)})
    backend_index.backend_url_patterns.append((name, re.compile(HOSTS)))
    return backends


analyzer_backends = register()
