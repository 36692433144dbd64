"""The corpus in a trail's bucket: each file counts as far as it can be read, and hides no other."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.models import Account, TrailObject
from tests.bad_inputs import corpus
from tests.collectors.test_trail_bucket import at, coverage, read

pytestmark = pytest.mark.django_db


def test_each_file_is_read_as_far_as_it_goes(reader: Account, put: Any) -> None:
    names = {put(reader, at(1), one.blob, f"{one.name}.json.gz"): one for one in corpus.FILES}
    assert read(reader).counts["objects"] == len(corpus.FILES)
    rows = TrailObject.objects.filter(account=reader).values_list("key", "events", "rejected", "problem")
    found = {names[key].name: tuple(rest) for key, *rest in rows}
    assert found == {one.name: (one.events, one.rejected, one.problem) for one in corpus.FILES}
    said = coverage(reader).detail
    for key, one in names.items():
        assert (f"{key} was not read to its end: {one.problem}." in said) is bool(one.problem)
