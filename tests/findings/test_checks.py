"""What an operator configured, told before anything runs by it."""

from __future__ import annotations

from typing import Any

from collectors.models import Account
from findings.checks import boundaries
from findings.engine.decided import settings_of


def test_boundaries_that_are_asked_for(settings: Any) -> None:
    settings.REQUIRED_BOUNDARIES = {"*": "edge", "tag:team=red": "edge", "ou:ou-ab12-34567890": "edge"}
    assert boundaries() == []
    settings.REQUIRED_BOUNDARIES = {"paths:/x": "edge", "*": ""}
    found = [str(one.msg) for one in boundaries()]
    assert [one.split(": ")[1].split(" ")[0] for one in found] == ["'*'", "'paths:/x'"]
    assert "path:/teams/" in found[0]


def test_they_reach_the_judgement(db: None, settings: Any) -> None:
    settings.REQUIRED_BOUNDARIES, settings.ALLOWED_REGIONS = {"*": "edge"}, frozenset({"eu-west-1"})
    found = settings_of(Account.objects.create(aws_id="000000000001", name="one"))
    assert (found.required_boundaries, found.allowed_regions) == ({"*": "edge"}, {"eu-west-1"})
