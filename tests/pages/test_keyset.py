from __future__ import annotations

import base64
import contextlib
import itertools
import json
from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.models import Account
from findings.models import Finding
from iamdash.pages.keyset import page
from tests.pages.making import finding

KEYS = ("severity", "opened_at", "pk")


def rows() -> QuerySet[Finding]:
    return Finding.objects.order_by()


def cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_an_empty_list_has_one_empty_page(db: None) -> None:
    assert page(rows(), KEYS, descending=True).ids == []
    assert page(rows(), KEYS, descending=True).after is None


@pytest.mark.parametrize("descending", [True, False])
def test_walks_forward_and_back_over_equal_keys(
    account: Account, descending: bool, django_assert_num_queries: Any
) -> None:
    for i in range(23):
        finding(account, severity=1 + i % 3)
    sign = "-" if descending else ""
    want = list(rows().order_by(*(sign + k for k in KEYS)).values_list("pk", flat=True))
    pages = [page(rows(), KEYS, descending=descending, size=5)]
    while pages[-1].after:
        with django_assert_num_queries(1):
            pages.append(page(rows(), KEYS, descending=descending, after=pages[-1].after, size=5))
    assert [i for p in pages for i in p.ids] == want
    assert [len(p.ids) for p in pages] == [5, 5, 5, 5, 3]
    for earlier, later in itertools.pairwise(pages):
        back = page(rows(), KEYS, descending=descending, before=later.before, size=5)
        assert back.ids == earlier.ids
        assert bool(back.before) == bool(earlier.before)
        assert back.after


def test_keys_of_joined_tables_and_texts(account: Account, other_account: Account) -> None:
    made = [finding(a, subject_name=n) for a in (account, other_account) for n in ("b", "é'\"", "a")]
    keys = ("account__name", "subject_name", "pk")
    first = page(rows(), keys, descending=False, size=4)
    second = page(rows(), keys, descending=False, after=first.after or "", size=4)
    assert sorted(first.ids + second.ids) == sorted(f.pk for f in made)


@pytest.mark.parametrize(
    "damaged",
    [
        "x",
        "%",
        "é",
        cursor({}),
        cursor([1]),
        cursor(["high", "2026-01-01T00:00:00+00:00", 1]),
        cursor([1, "2026-01-01T00:00:00", 1]),
        cursor([1, "2026-01-01", 1]),
        cursor([1, None, 1]),
        cursor([1, "2026-99-01T00:00:00+00:00", 1]),
        cursor([1, "2026-01-01T00:00:00+00:00", [1]]),
        cursor([1.5, "2026-01-01T00:00:00+00:00", 1]),
        cursor(["\x00", "2026-01-01T00:00:00+00:00", 1]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_a_damaged_cursor_is_a_bad_request(db: None, damaged: str) -> None:
    with pytest.raises(BadRequest):
        page(rows(), KEYS, descending=True, after=damaged)


def test_texts_that_the_database_refuses_are_damaged_too(db: None) -> None:
    for text in ("a\x00b", "\ud800"):
        with pytest.raises(BadRequest):
            page(rows(), ("subject_name", "pk"), descending=True, after=cursor([text, 1]))


def test_numbers_beyond_any_column_find_nothing(account: Account) -> None:
    finding(account)
    assert page(rows(), ("pk",), descending=False, after=cursor([10**30])).ids == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_no_cursor_breaks_it(db: None, text: str) -> None:
    with contextlib.suppress(BadRequest):
        page(rows(), KEYS, descending=True, before=text)
