"""Where the subject of a finding has its page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest

from collectors.models import AccessKey, Principal
from findings.models import Finding
from findings.vocabulary import SubjectType
from iamdash.pages import show
from iamdash.pages.facets import Facet

UNIQUE_ID = re.compile(r"[A-Z0-9]{4,64}")


@dataclass(frozen=True, kw_only=True)
class OfPrincipal(Facet):
    """Findings of a role or user, those of its keys included: what PrincipalPosture counts. Slugs are unique ids."""

    name: str = "of"
    title: str = "Principal"
    offered: bool = False

    def accepts(self, slug: str) -> bool:
        return bool(UNIQUE_ID.fullmatch(slug))

    def where(self, slugs: Sequence[str]) -> Q:
        users = Principal.objects.filter(unique_id__in=slugs, type=Principal.Type.USER)
        keys = AccessKey.present.filter(user_arn__in=users.values("arn"), account__in=users.values("account"))
        return Q(subject_id__in=slugs) | Q(subject_type=SubjectType.KEY, subject_id__in=keys.values("unique_id"))

    def label(self, slug: str) -> str:
        return Principal.objects.filter(unique_id=slug).values_list("name", flat=True).first() or slug


def subject_url(request: HttpRequest, finding: Finding) -> str:
    """ "" for a subject without a page."""
    aws_id = finding.account.aws_id
    if finding.subject_type in {SubjectType.ROLE, SubjectType.USER}:
        return show.address(request, "principal", aws_id, finding.subject_id)
    if finding.subject_type == SubjectType.KEY:
        return show.address(request, "key", aws_id, finding.subject_id)
    if finding.subject_type == SubjectType.POLICY:
        return show.address(request, "policy", aws_id, finding.subject_id)
    if finding.subject_type == SubjectType.ACCOUNT:
        return show.address(request, "account", aws_id)
    return ""
