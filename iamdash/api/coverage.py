"""Which AWS API of which account answered how, and when last in full: what all else rests on. The API's alone, as a list."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import QuerySet

from collectors.models import Coverage
from collectors.records import State
from iamdash.pages.facets import Accounts, Choices, Texts
from iamdash.pages.filters import Filters, Sort
from iamdash.pages.lists import ListPage


class CoverageList(ListPage):
    """It has no page of its own: each page shows the coverage of what it shows."""

    name = "coverage"
    title = "Coverage"
    filters = Filters(
        sorts={
            "api": Sort("API", ("api", "region")),
            "account": Sort("Account", ("account__name",)),
            "observed": Sort("Last attempt", ("observed_at",), descending=True),
        },
        facets=(
            Choices(
                name="state",
                title="How the last attempt ended",
                column="state",
                values={s.value: (s.value, s.value.replace("_", " ")) for s in State},
            ),
            Texts(name="source", title="Source", column="source", pattern=re.compile(r"[a-z_]{1,40}")),
            Texts(name="api", title="API", column="api", pattern=re.compile(r"[A-Za-z0-9:_-]{1,80}")),
            Accounts(),
        ),
    )
    fields = {
        "account": lambda c: c.account.aws_id,
        "account_name": lambda c: c.account.name,
        "source": lambda c: c.source,
        "api": lambda c: c.api,
        "region": lambda c: c.region,
        "state": lambda c: c.state,
        "observed_at": lambda c: c.observed_at,
        "complete_at": lambda c: c.complete_at,
        "detail": lambda c: c.detail,
        "permission": lambda c: c.permission,
        "suspect": lambda c: c.suspect,
    }

    def queryset(self) -> QuerySet[Coverage]:
        return Coverage.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")
