"""What is known of few rows and is no column, written into their query: to add it up there takes each of a list's statements as
long as all of the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import BigIntegerField, F, Func, JSONField, TextField, Value
from django.db.models.functions import Cast


def text(told: Mapping[Any, str | int | None], column: str) -> Func:
    """By the values of a column, which are unlike in all rows."""
    of_rows = Cast(Value(json.dumps(told)), JSONField())
    return Func(of_rows, Cast(F(column), TextField()), function="jsonb_extract_path_text", output_field=TextField())


def number(told: Mapping[Any, int | None], column: str) -> Cast:
    return Cast(text(told, column), BigIntegerField())
