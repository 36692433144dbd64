"""IAM Access Analyzer: an external-access analyzer in the accounts that have one, findings from trust policies.

Moto has no such service; it is registered the way moto registers its own (a module with `urls`).
"""

import re
import sys
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


def outside(role: Role, known: set[str]) -> list[str]:
    """Principals of a trust policy beyond the organization: `*`, or an account's ARN or id."""
    found = []
    for statement in statements(role.assume_role_policy_document):
        principal = statement.get("Principal", {})
        for one in ["*"] if principal == "*" else listed(principal.get("AWS", [])):
            account = one.split(":")[4] if one.startswith("arn:") else one
            if one == "*" or (account.isdigit() and account not in known):
                found.append(one)
    return found


class AccessAnalyzerBackend(BaseBackend):
    """One account and region; all it shows is derived from the account's roles."""

    def analyzers(self) -> list[dict[str, Any]]:
        world = current()
        account = world.account(self.account_id)
        if self.region_name != HOME or account is None or account.index % 6 == 5:
            return []  # every sixth account has none
        arn = f"arn:aws:access-analyzer:{HOME}:{self.account_id}:analyzer/external-access"
        created = world.root_users[self.account_id].created
        return [{"arn": arn, "name": "external-access", "type": "ACCOUNT", "createdAt": created, "status": "ACTIVE"}]

    def findings(self) -> list[dict[str, Any]]:
        known = {account.id for account in current().accounts}
        roles = current().iam(self.account_id).roles.values() if self.analyzers() else ()
        return [self.finding(role) for role in roles if outside(role, known)]

    def finding(self, role: Role) -> dict[str, Any]:
        return {
            "id": str(UUID(bytes=sha256(role.arn.encode()).digest()[:16])),
            "resource": role.arn,
            "resourceType": "AWS::IAM::Role",
            "resourceOwnerAccount": self.account_id,
            "findingType": "ExternalAccess",
            "status": "ACTIVE",
            "createdAt": role.create_date,
            "updatedAt": role.create_date,
            "analyzedAt": current().settings.now,
        }


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
        found = self.backend.findings()
        first, size = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or 100)
        more = {"nextToken": str(first + size)} if first + size < len(found) else {}
        return ActionResult({"findings": found[first : first + size], **more})

    def get_finding_v2(self) -> ActionResult:
        wanted = self._get_param("id")
        finding = next(one for one in self.backend.findings() if one["id"] == wanted)
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
