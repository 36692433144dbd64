"""Lists of bad names as CSV: no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.urls import reverse

from collectors.models import Account
from iamdash.access.models import Role
from iamdash.pages.exports import FORMULA
from tests.access.routes import ROUTES
from tests.access.things import things
from tests.bad_inputs.hostile import FORMULA as BAD
from tests.bad_inputs.hostile import poison

pytestmark = pytest.mark.django_db
NAME = "kept-apart-role"


def test_no_cell_of_any_export_is_a_formula(account: Account, sign_in: Any) -> None:
    there = things(account)
    poison({NAME: BAD})
    client, read = sign_in(Role.ADMIN), 0
    for name, route in ROUTES.items():
        if route.method != "get" or route.leads:
            continue
        url = reverse(name, args=[getattr(there, arg) for arg in route.args])
        answer = client.get(url, {"export": "csv"})
        if answer.headers.get("Content-Type", "").startswith("text/csv"):
            rows = list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
            assert not [cell for row in rows for cell in row if cell.startswith(FORMULA) and not number(cell)], name
            read += any(BAD in cell for row in rows for cell in row)
    assert read > 5


def number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
