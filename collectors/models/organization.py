"""The organization as an account that may read it sees it. The rows belong to that account: who may not see it, sees none."""

from __future__ import annotations

from typing import Any

from django.db import models

from collectors import records
from collectors.models.observed import Observed


class OrganizationalUnit(Observed):
    """An OU or the root. parent: its parent's unique_id, empty for the root."""

    name = models.CharField(max_length=128)
    parent = models.CharField(max_length=68)

    record = records.OrganizationalUnit

    class Meta(Observed.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.OrganizationalUnit) -> dict[str, Any]:
        return {"name": record.name, "parent": record.parent_id}


class OrganizationAccount(Observed):
    """A member of the organization, or the management account. unique_id: the AWS account id. tags_at: null while its tags
    were not read; they stand in the record."""

    name = models.CharField(max_length=128)
    state = models.CharField(max_length=32)
    parent = models.CharField(max_length=68)
    tags_at = models.DateTimeField(null=True)

    record = records.OrganizationAccount
    dated = "tags_at"

    class Meta(Observed.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.OrganizationAccount) -> dict[str, Any]:
        return {"name": record.name, "state": record.state, "parent": record.parent_id, "tags_at": record.tags_at}


class DelegatedAdministrator(Observed):
    """An account that administers services for the organization. unique_id: the AWS account id."""

    name = models.CharField(max_length=128)

    record = records.DelegatedAdministrator
    merges = True

    class Meta(Observed.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.DelegatedAdministrator) -> dict[str, Any]:
        return {"name": record.name}


class OrganizationPolicy(Observed):
    name = models.CharField(max_length=128)
    type = models.CharField(max_length=64)

    record = records.OrganizationPolicy

    class Meta(Observed.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.OrganizationPolicy) -> dict[str, Any]:
        return {"name": record.name, "type": record.type}
