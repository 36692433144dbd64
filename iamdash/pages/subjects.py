"""Where the subject of a finding has its page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from collectors.models import AccessKey, Principal
from findings.analysis.families import FIXED_HIGHER, IN_ARN, PLACE, fixed_at, role_of
from findings.models import Finding, PermissionSetRole
from findings.vocabulary import SubjectType
from iamdash.pages import show
from iamdash.pages.facets import Facet

ROLE_NAME = re.compile(r"[!-~]{1,290}")
UNIQUE_ID = re.compile(r"[A-Z0-9]{4,64}")
SET_ARN = re.compile(r"arn:aws[a-z-]{0,16}:sso:::permissionSet/[\w.-]{1,64}/[\w.-]{1,64}", re.ASCII)


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


@dataclass(frozen=True, kw_only=True)
class OfPermissionSet(Facet):
    """Findings of the roles that a permission set of Identity Center makes. Slugs are its ARN."""

    name: str = "set"
    title: str = "Permission set"
    offered: bool = False

    def accepts(self, slug: str) -> bool:
        return bool(SET_ARN.fullmatch(slug))

    def where(self, slugs: Sequence[str]) -> Q:
        roles = PermissionSetRole.objects.filter(set_arn__in=slugs, role__gone_at=None)
        return Q(subject_id__in=roles.values("role__unique_id"))

    def label(self, slug: str) -> str:
        return PermissionSetRole.objects.filter(set_arn=slug).values_list("name", flat=True).first() or slug


@dataclass(frozen=True, kw_only=True)
class FixedAt(Facet):
    """A family: findings that one change at a place of the organization's tree closes, as their evidence says. Slugs are ids of
    the root, an OU or an account."""

    name: str = "fix"
    title: str = "To be fixed at"
    offered: bool = False

    def accepts(self, slug: str) -> bool:
        return bool(PLACE.fullmatch(slug))

    def where(self, slugs: Sequence[str]) -> Q:
        told = Q(evidence__fix_at__in=list(slugs))
        for slug in slugs:
            told |= Q(evidence__fix_at__endswith=f"({slug})")
        return Q(code__in=FIXED_HIGHER) & told

    def label(self, slug: str) -> str:
        return Finding.objects.filter(self.where([slug])).values_list("evidence__fix_at", flat=True).first() or slug


@dataclass(frozen=True, kw_only=True)
class SameRole(Facet):
    """A family: findings of the roles that have one name in many accounts, as StackSets and Control Tower make them. Slugs are
    path and name: "deploy", "platform/deploy"."""

    name: str = "same"
    title: str = "Role in all accounts"
    offered: bool = False

    def accepts(self, slug: str) -> bool:
        return bool(ROLE_NAME.fullmatch(slug))

    def where(self, slugs: Sequence[str]) -> Q:
        named = Q(subject_name__in={slug.rpartition("/")[2] for slug in slugs}, subject_type=SubjectType.ROLE)
        either = Q()
        for slug in slugs:
            either |= Q(subject_arn__endswith=f"{IN_ARN}{slug}")
        return named & either

    def label(self, slug: str) -> str:
        return slug


def same_role(finding: Finding) -> str:
    """A slug of SameRole; "" for a finding that is of no role, or of a permission set's."""
    return role_of(finding.subject_arn) if finding.subject_type == SubjectType.ROLE else ""


def fix_place(finding: Finding) -> str:
    """The id of the place where the finding is to be fixed, a slug of FixedAt; "" where its rule tells none."""
    return fixed_at(finding.code, finding.evidence)


def unresolved(about: QuerySet[Finding]) -> dict[str, Any]:
    """What a subject's page lists, worst first, accepted ones too. One query."""
    rows = list(about.filter(resolved_at=None).order_by("-severity", "-opened_at"))
    accepted = sum(one.status == Finding.Status.ACCEPTED for one in rows)
    return {"findings": rows, "accepted": accepted, "n_open": len(rows) - accepted}


def subject_url(request: HttpRequest, finding: Finding) -> str:
    """ "" for a subject without a page."""
    return page_of(request, finding.account.aws_id, finding.subject_type, finding.subject_id, finding.subject_name)


def page_of(request: HttpRequest, aws_id: str, kind: str, unique_id: str, name: str) -> str:
    """kind: a SubjectType. "" for a subject without a page."""
    if kind in {SubjectType.ROLE, SubjectType.USER}:
        return show.address(request, "principal", aws_id, unique_id)
    if kind == SubjectType.KEY:
        return show.address(request, "key", aws_id, unique_id)
    if kind == SubjectType.POLICY:
        return show.address(request, "policy", aws_id, unique_id)
    if kind == SubjectType.TRAIL:
        return show.address(request, "activity-trails", q=name, account=aws_id)
    if kind == SubjectType.ACCOUNT:
        return show.address(request, "account", aws_id)
    return ""
