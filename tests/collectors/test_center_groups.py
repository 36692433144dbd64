"""The members of Identity Center's groups, which are read by turns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account, CenterPrincipal, Coverage
from collectors.models.identity_center_view import Plan
from collectors.models.snapshot import read_snapshot
from collectors.records import AccountAssignment, digest
from collectors.records import CenterPrincipal as Known
from collectors.sources import identity_center as source
from collectors.sources.identity_center import ask
from collectors.sources.identity_center.names import ASSIGNMENTS, GROUPS, INSTANCES, MEMBERS, PROVISIONED, SETS, USERS
from tests.collectors.running import run, states
from tests.collectors.test_identity_center import INSTANCE, OF, OfSets
from tests.conftest import AS_OF


@pytest.fixture
def management(connected: list[Account]) -> Account:
    return connected[0]


class OfGroups(OfSets):
    """Answers by group."""

    def pages(self, api: str, *, GroupId: str, **parameters: Any) -> Iterator[Any]:  # noqa: N803 - as AWS calls it
        yield from super().pages(api, PermissionSetArn=GroupId, **parameters)


def group(id_: str, ago: int | None, *members: str) -> Known:
    day = None if ago is None else (AS_OF - timedelta(days=ago)).date()
    return Known(unique_id=id_, group=True, name=id_.upper(), members=members or None, read_on=day)


def asked(monkeypatch: pytest.MonkeyPatch, seconds: float, *known: Known) -> dict[str, Any]:
    """Answers of a run with so much time for the groups g, h, i and j, which all are assigned; a question takes a second."""
    pair = AccountAssignment(
        unique_id=f"{INSTANCE}/1", permission_set=INSTANCE, target="1", groups=tuple("ghij"), read_at=AS_OF
    )
    plan = Plan(AS_OF, sets={}, pairs={(INSTANCE, "1"): pair}, groups={one.unique_id: one for one in known})
    answers: dict[str, Any] = {ask.PLAN: plan, INSTANCES: [OF], SETS: {INSTANCE: OF}}
    answers[PROVISIONED] = ask.Each({INSTANCE: ["1"]})
    answers[ASSIGNMENTS] = {}
    answers[USERS] = [{"UserId": one, "UserName": one} for one in ("u-g", "u-h", "u-i", "u-j", "u-other")]
    answers[GROUPS] = [{"GroupId": one, "DisplayName": one.upper()} for one in "ghij"]
    monkeypatch.setattr(ask, "SECONDS", seconds)
    told: Any = OfGroups(ListGroupMemberships={one: [{"MemberId": {"UserId": f"u-{one}"}}] for one in "ghij"})
    answers[MEMBERS] = ask.members(told, answers)
    return answers


def test_all_groups_of_a_run_that_has_time_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    part = source.SOURCE.transform(asked(monkeypatch, 60))
    assert MEMBERS not in part.problems | part.notes
    found = {one.unique_id: one for one in part.center_principals or ()}
    assert {id_: (one.members, one.read_on) for id_, one in found.items() if one.group} == {
        one: ((f"u-{one}",), AS_OF.date()) for one in "ghij"
    }
    assert "u-other" not in found


def test_who_has_waited_longest_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    known = group("g", 2, "u-g"), group("h", 9, "u-h"), group("j", 1, "u-j")
    answers = asked(monkeypatch, 1.5, *known)
    assert list(answers[MEMBERS]) == ["i", "h"]
    part = source.SOURCE.transform(answers)
    said = "4 of 4 groups were read in the last 14 days, the oldest on 2026-11-22."
    assert (part.problems, part.notes) == ({}, {MEMBERS: (said)})
    found = {one.unique_id: one for one in part.center_principals or ()}
    assert (found["g"].members, found["g"].name, found["h"].members) == (None, "G", ("u-h",)), (
        "None stays as it is known"
    )
    assert found.keys() == {*"ghij", "u-g", "u-h", "u-i", "u-j"}, "who is in a group that waits is not gone"


def test_a_group_that_nobody_read_lately_is_a_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = asked(monkeypatch, 0.5, group("g", 20, "u-g"), group("h", 3, "u-h"))
    assert list(answers[MEMBERS]) == ["i"]
    part = source.SOURCE.transform(answers)
    said = "2 of 4 groups were read in the last 14 days, the oldest on 2026-11-21."
    assert (part.problems, part.notes) == ({MEMBERS: (said,)}, {})


@pytest.mark.parametrize(("ago", "state"), [(3, "complete"), (20, "partial")])
def test_a_run_without_time_for_groups_keeps_who_is_in_them(
    ago: int, state: str, management: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(management, "identity_center")
    groups = CenterPrincipal.present.filter(account=management, data__group=True)
    before = {one.unique_id: one.data["members"] for one in groups}
    assert {one.data["read_on"] for one in groups} == {str(timezone.now().date())}
    day = (timezone.now() - timedelta(days=ago)).date()
    for one in groups:
        old = one.data | {"read_on": str(day)}
        groups.filter(pk=one.pk).update(data=old, data_digest=digest(old))
    monkeypatch.setattr(ask, "SECONDS", -1.0)
    run(management, "identity_center")
    n = len(before) if state == "complete" else 0
    assert states(management)[MEMBERS] == state
    assert f"{n} of {len(before)} groups" in Coverage.objects.get(account=management, api=MEMBERS).detail
    assert {one.unique_id: one.data["members"] for one in groups.all()} == before
    assert {date.fromisoformat(one.data["read_on"]) for one in groups.all()} == {day}
    assert not CenterPrincipal.objects.exclude(gone_at=None).exists()
    told = {one.members is None for one in read_snapshot(management, timezone.now()).center_principals if one.group}
    assert told == {state == "partial"}
