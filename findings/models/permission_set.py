from __future__ import annotations

from django.db import models

from collectors.models import Account, Principal
from findings.vocabulary import Severity

COUNTS = (*(severity.slug for severity in Severity), "risk")  # as PrincipalPosture's


class PermissionSetRole(models.Model):
    """A role that Identity Center made, and the permission set behind it, as of the account's last judgement.

    It is made of the rows of the account that may read Identity Center, whose id is told_by. Here it is the account's own, so
    that whoever may see the role sees who has it, and nothing else of Identity Center. people: how many are known to have it;
    None: nobody knows. whole False: there are more, in groups whose members are not known. data: see
    findings/engine/identity_center.py; digest: of data.

    COUNTS: of the role's posture, so that the sums of all sets are read from one index. here: the role is not gone; a trigger
    of collectors_principal says it (migration 0030).
    """

    account = models.ForeignKey(Account, models.CASCADE)
    role = models.OneToOneField(Principal, models.CASCADE, related_name="permission_set")
    set_arn = models.CharField(max_length=256)
    name = models.CharField(max_length=64)
    told_by = models.CharField(max_length=12)
    people = models.PositiveIntegerField(null=True)
    whole = models.BooleanField()
    data = models.JSONField()
    digest = models.CharField(max_length=32)
    here = models.BooleanField(default=True, db_default=True)
    critical = models.PositiveIntegerField(default=0, db_default=0)
    high = models.PositiveIntegerField(default=0, db_default=0)
    medium = models.PositiveIntegerField(default=0, db_default=0)
    low = models.PositiveIntegerField(default=0, db_default=0)
    info = models.PositiveIntegerField(default=0, db_default=0)
    risk = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["set_arn", "account"], include=["id", "here", "people", *COUNTS], name="permission_set_summed"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.account_id}"
