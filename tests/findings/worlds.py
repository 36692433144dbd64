"""Accounts for tests of permissions: holders with documents, and SCPs without an organization's tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collectors import records
from findings.analysis.facts import Facts, Settings
from findings.analysis.guardrails import RCP, SCP, GuardrailLevel, Guardrails
from tests.builders import ACCOUNT_ID, aws_policy, org_policy, policy, snapshot

ORGANIZATION_ID = "o-1"
LEVEL_NAMES = ("Root", "prod (ou-1)", ACCOUNT_ID)
Document = dict[str, Any]
Levels = Sequence[dict[str, Document]]


def document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> Document:
    return {**allow(action, resource, **more), "Effect": "Deny"}


EVERYTHING = document(allow("*"))
POWER_USER = document({"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"})
READER = document(allow(["s3:Get*", "s3:List*"]))
FULL_ACCESS = {"FullAWSAccess": EVERYTHING}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
DOCUMENTS = (EVERYTHING, POWER_USER, READER)


class World:
    """Collects documents, so that records may name them by digest."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}
        self.policies: list[records.Policy] = []

    def inline(self, **named: Any) -> dict[str, str]:
        return {name: self.kept(body) for name, body in named.items()}

    def managed(self, name: str, body: Any, **more: Any) -> str:
        """The ARN of a customer-managed policy."""
        made = policy(name, document=self.kept(body), **{"attachment_count": 1, **more})
        self.policies.append(made)
        return made.arn

    def aws(self, name: str, body: Any) -> str:
        """The ARN of AWS's own policy of that name, with this document."""
        made = policy(name, document=self.kept(body), attachment_count=1)
        self.policies.append(_replaced(made, aws_policy(name)))
        return aws_policy(name)

    def kept(self, body: Any) -> str:
        digest = records.digest(body)
        self.documents[digest] = body
        return digest

    def facts(
        self,
        *entities: records.Record,
        scp: Levels | None = (),
        rcp: Levels | None = (),
        settings: Settings | None = None,
        trusts: Sequence[Document] = (),
        **more: Any,
    ) -> Facts:
        """scp: for each level, name -> document; None: not visible."""
        unseen = "SCPs are not visible: a test says so." if scp is None else ""
        found = Guardrails(self._levels(scp, SCP), self._levels(rcp, RCP), unseen, ORGANIZATION_ID, False, None)
        made = snapshot(*entities, *self.policies, trusts=[*self.documents.values(), *trusts], **more)
        return Facts(made, settings, found)

    def _levels(self, levels: Levels | None, kind: str) -> tuple[GuardrailLevel, ...] | None:
        if levels is None:
            return None
        return tuple(
            GuardrailLevel(
                name,
                name,
                tuple(
                    org_policy(title, name, kind=kind, document=body) for title, body in some.items() if self.kept(body)
                ),
            )
            for name, some in zip(LEVEL_NAMES, levels, strict=False)
        )


def _replaced(made: records.Policy, arn: str) -> records.Policy:
    return records.from_json(records.Policy, {**records.to_json(made), "arn": arn})
