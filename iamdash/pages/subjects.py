"""Where the subject of a finding has its page. A key stands on the page of its user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, Q
from django.http import HttpRequest

from collectors.models import AccessKey, Principal
from findings.models import Finding
from findings.vocabulary import SubjectType
from iamdash.pages import show
from iamdash.pages.facets import Facet

UNIQUE_ID = re.compile(r"[A-Z0-9]{4,64}")
Owners = Mapping[tuple[int, str], str]


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


def key_owners(findings: Sequence[Finding]) -> Owners:
    """(account, key id) -> unique id of the user who has the key. No query without a finding of a key, else two."""
    keys = {f.subject_id: f.account_id for f in findings if f.subject_type == SubjectType.KEY}
    if not keys:
        return {}
    rows = AccessKey.objects.filter(unique_id__in=keys, account__in=set(keys.values()))
    arns = {(row.account_id, row.unique_id): row.user_arn for row in rows}
    users = Principal.objects.filter(type=Principal.Type.USER, account__in=set(keys.values()), arn__in=arns.values())
    # A user may have been deleted and made again under one name: the present one, read last, owns the key.
    by_arn = {(u.account_id, u.arn): u.unique_id for u in users.order_by(F("gone_at").asc(nulls_last=True))}
    return {key: by_arn[key[0], arn] for key, arn in arns.items() if (key[0], arn) in by_arn}


def subject_url(request: HttpRequest, finding: Finding, owners: Owners) -> str:
    """ "" for a subject without a page."""
    aws_id = finding.account.aws_id
    if finding.subject_type in {SubjectType.ROLE, SubjectType.USER}:
        return show.address(request, "principal", aws_id, finding.subject_id)
    if finding.subject_type == SubjectType.ACCOUNT:
        return show.address(request, "account", aws_id)
    owner = owners.get((finding.account_id, finding.subject_id))
    return show.address(request, "principal", aws_id, owner) if owner else ""
