"""Where the subject of a finding has its page."""

from __future__ import annotations

from django.db.models import F
from django.http import HttpRequest

from collectors.models import AccessKey, Principal
from findings.models import Finding
from findings.vocabulary import SubjectType
from iamdash.pages import show


def subject_url(request: HttpRequest, finding: Finding) -> str:
    """"" for a subject without a page. A key stands on its user's page, which `key_owner` finds."""
    aws_id = finding.account.aws_id
    if finding.subject_type in {SubjectType.ROLE, SubjectType.USER}:
        return show.address(request, "principal", aws_id, finding.subject_id)
    if finding.subject_type == SubjectType.ACCOUNT:
        return show.address(request, "account", aws_id)
    return ""


def key_owner(finding: Finding) -> Principal | None:
    """The user whose access key the finding is about."""
    if finding.subject_type != SubjectType.KEY:
        return None
    key = AccessKey.objects.filter(account=finding.account_id, unique_id=finding.subject_id).first()
    if key is None:
        return None
    owners = Principal.objects.filter(account=finding.account_id, type=Principal.Type.USER, arn=key.user_arn)
    # A user of the same name may have been deleted and made again: the present one, else the last to go, owns the key.
    return owners.order_by(F("gone_at").desc(nulls_first=True)).first()
