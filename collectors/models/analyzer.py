"""IAM Access Analyzer as an account sees it. The rows belong to the account that has the analyzer."""

from __future__ import annotations

from typing import Any

from django.db import models

from collectors import records
from collectors.models.observed import Observed


class Analyzer(Observed):
    """unique_id: its ARN. type: AWS's, such as ORGANIZATION."""

    region = models.CharField(max_length=32)
    type = models.CharField(max_length=40)

    record = records.Analyzer
    regional = True

    class Meta(Observed.Meta):
        indexes = [
            models.Index(
                "account",
                name="analyzer_of_organization",
                condition=models.Q(gone_at=None, type__startswith="ORGANIZATION"),
            ),
        ]

    @classmethod
    def columns(cls, record: records.Analyzer) -> dict[str, Any]:
        return {"region": record.region[:32], "type": record.type[:40]}


class AnalyzerFinding(Observed):
    """An active finding. owner: id of the account that has the resource, which may be another one than the analyzer's."""

    region = models.CharField(max_length=32)
    owner = models.CharField(max_length=12)

    record = records.AnalyzerFinding
    merges = True
    versioned = False
    regional = True

    class Meta(Observed.Meta):
        indexes = [
            models.Index("owner", "account", name="analyzer_finding_of_owner", condition=models.Q(gone_at=None)),
        ]

    @classmethod
    def columns(cls, record: records.AnalyzerFinding) -> dict[str, Any]:
        return {"region": record.region[:32], "owner": record.owner[:12]}
