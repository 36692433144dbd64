"""Who signs in here, what may they do, and whose accounts do they see? The list of operators, for admins of all accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import django_tables2 as tables
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from findings.models import AccountGroup
from findings.models.decided import STANDS
from iamdash.access import mfa
from iamdash.access.models import Operator, Role
from iamdash.access.rights import needs
from iamdash.pages import show
from iamdash.pages.facets import Choices, Conditions
from iamdash.pages.filters import Filters, Sort, Tab
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import ListTable

NONE = format_html('<span class="muted">{}</span>', "none")
FACTOR = Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=mfa.FACTORS))
LINKED = Exists(SocialAccount.objects.filter(user=OuterRef("pk")))


def sees(one: Any) -> str:
    """In words; n, groups: attached."""
    if one.all_accounts:
        return "all accounts"
    groups = f", and those of {', '.join(one.groups)}" if one.groups else ""
    return f"{one.n:,} account{'' if one.n == 1 else 's'}{groups}"


def ways(one: Any) -> list[str]:
    """By which the operator can sign in; linked: attached."""
    password = one.has_usable_password() and not one.sso_managed
    return [*(["password"] if password else []), *(["single sign-on"] if one.linked else [])]


class OperatorTable(ListTable):
    lead = "name"
    caption = "Operators"
    tells = {
        "name": ("name", "email", "active"),
        "role": ("role", "sso_managed"),
        "sees": ("sees",),
        "factors": ("second_factors",),
        "ways": ("signs_in_by", "break_glass"),
        "last_login": ("last_sign_in",),
    }

    name = tables.Column("Operator", accessor="username")
    role = tables.Column()
    sees = tables.Column("Sees", accessor="pk")
    factors = tables.Column("Second factor", accessor="pk")
    ways = tables.Column("Signs in by", accessor="pk")
    last_login = tables.Column("Last sign-in", empty_values=())

    def render_name(self, record: Operator) -> SafeString:
        return format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a>{}<span class="under">{}</span>',
            show.address(self.request, "settings-operator", record.pk),
            show.name(record.username),
            SafeString() if record.is_active else format_html(' <span class="badge">{}</span>', "deactivated"),
            show.name(record.email),
        )

    def render_role(self, record: Operator) -> SafeString:
        by = "by groups of the identity provider" if record.sso_managed else ""
        return format_html('{}<span class="under">{}</span>', record.role, by)

    def render_sees(self, record: Operator) -> SafeString:
        return show.name(sees(record))

    def render_factors(self, record: Any) -> SafeString | str:
        return str(record.factors) if record.factors else NONE

    def render_ways(self, record: Operator) -> SafeString:
        said = ", ".join(ways(record))
        glass = (
            format_html(' <span class="badge">{}</span>', "behind the glass") if record.break_glass else SafeString()
        )
        return format_html("{}{}", said or format_html('<span class="muted">{}</span>', "nothing yet"), glass)

    def render_last_login(self, record: Operator) -> SafeString:
        return show.ago(record.last_login)


class OperatorList(ListPage):
    name = "operators"
    title = "Operators"
    folder = "access/operators"
    table = OperatorTable
    filters = Filters(
        sorts={"name": Sort("Operator", ("username",)), "role": Sort("Role", ("role", "username"))},
        tabs=(
            Tab("active", "Active", Q(is_active=True)),
            Tab("deactivated", "Deactivated", Q(is_active=False)),
            Tab("all", "All", Q()),
        ),
        facets=(
            Choices(name="role", title="Role", column="role", values={one.value: (one, one.value) for one in Role}),
            Conditions(
                name="sees",
                title="Sees",
                conditions={"all": (Q(all_accounts=True), "All accounts"), "some": (Q(all_accounts=False), "Some")},
            ),
            Conditions(
                name="factor",
                title="Second factor",
                conditions={"yes": (Q(FACTOR), "Has one"), "none": (~Q(FACTOR), "None")},
            ),
        ),
        search=("username", "email"),
        searched="name or address",
    )
    fields = {
        "name": lambda one: one.username,
        "email": lambda one: one.email,
        "active": lambda one: one.is_active,
        "role": lambda one: one.role,
        "sso_managed": lambda one: one.sso_managed,
        "sees": sees,
        "second_factors": lambda one: one.factors,
        "signs_in_by": lambda one: ", ".join(ways(one)),
        "break_glass": lambda one: one.break_glass,
        "last_sign_in": lambda one: one.last_login,
    }

    def queryset(self) -> QuerySet[Operator]:
        return Operator.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.annotate(linked=LINKED)

    def attach(self, rows: Sequence[Any]) -> None:
        """Accounts, second factors and names of groups: three queries."""
        pks = [row.pk for row in rows]
        given = Operator.accounts.through.objects.filter(operator_id__in=pks)
        accounts = Counter(given.values_list("operator_id", flat=True))
        factors = Counter(
            Authenticator.objects.filter(type__in=mfa.FACTORS, user__in=pks).values_list("user_id", flat=True)
        )
        names = dict(AccountGroup.objects.filter(STANDS).values_list("key", "name"))
        for row in rows:
            row.n, row.factors = accounts[row.pk], factors[row.pk]
            row.groups = sorted(names.get(key, "a group that ended") for key in row.account_groups)


page = require_safe(needs(Role.ADMIN, every_account=True)(OperatorList.as_view()))
