from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from collectors import records
from collectors.models import Account, Principal, TrailWatch, UsageSession
from findings.engine.posture import risk
from findings.models import PrincipalPosture
from findings.vocabulary import Severity
from tests.builders import AS_OF, ago, credential, key, role, user
from tests.findings.engine.accepted import accepted
from tests.findings.engine.inventory import judge, put
from tests.pages.acted import actor


def test_kind_and_counts_of_a_user_include_its_keys(account: Account) -> None:
    put(
        account,
        user(),
        credential(password_enabled=True, password_last_used=1),
        key(created=400, used=1),
        role("calm", used=1),
    )
    judge(account)
    posture = PrincipalPosture.objects.get(principal__name="alice")
    assert (posture.kind, posture.confidence) == ("human-user", "medium")
    assert posture.reasons == ["has a console password and an active access key"]
    assert (posture.critical, posture.high, posture.medium, posture.worst, posture.risk) == (0, 2, 0, 4, 418)
    calm = PrincipalPosture.objects.get(principal__name="calm")
    assert (calm.kind, calm.worst, calm.risk) == ("machine-compute", 0, 0)


def test_accepted_findings_do_not_count(account: Account) -> None:
    put(account, role("app", used=200))
    judge(account)
    assert PrincipalPosture.objects.get().medium == 1
    accepted(account)
    judge(account)
    assert PrincipalPosture.objects.get().medium == 0


def test_a_principal_that_went_has_no_posture(account: Account) -> None:
    put(account, role("app", used=200))
    judge(account)
    put(account)
    judge(account)
    assert Principal.objects.get().gone_at is not None
    assert not PrincipalPosture.objects.exists()


def test_who_was_seen_and_since_when(account: Account) -> None:
    app, idle, spoken, young = role("app"), role("idle"), role("spoken"), role("young", created=5)
    put(account, app, idle, spoken, young)
    judge(account)
    assert set(PrincipalPosture.objects.values_list("observed", "observed_since")) == {("", None)}
    TrailWatch.objects.create(account=account, since=ago(60), until=AS_OF)
    for days in (40, 3):
        acted_at(account, app, days, instance=True)
    acted_at(account, spoken, 7)
    judge(account)
    assert seen() == {
        "app": ("programs", ago(40).date()),
        "idle": ("nothing", ago(60).date()),
        "spoken": ("untold", ago(7).date()),
        "young": ("nothing", ago(5).date()),
    }


def test_what_was_seen_so_before_the_window_began_stays_since_then(account: Account) -> None:
    app = role("app")
    put(account, app)
    for days in (80, 30):
        acted_at(account, app, days, instance=True)
    judge(account)
    UsageSession.objects.filter(day=ago(80).date()).delete()
    judge(account)
    assert seen() == {"app": ("programs", ago(80).date())}
    acted_at(account, app, 2, sign_in="SwitchRole")
    judge(account)
    assert seen() == {"app": ("both", ago(2).date())}


def acted_at(account: Account, one: records.Role, days: float, sign_in: str = "", **data: Any) -> None:
    """A session so many days before AS_OF."""
    UsageSession.objects.create(
        account=account, principal=actor(account, one), name=f"s{days}", day=ago(days).date(), first_at=ago(days),
        last_at=ago(days), n=1, denied=0, sign_in=sign_in, data=data,
    )  # fmt: skip


def seen() -> dict[str, tuple[str, Any]]:
    rows = PrincipalPosture.objects.values_list("principal__name", "observed", "observed_since")
    return {name: (observed, since) for name, observed, since in rows}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [({}, 0), ({1: 3}, 100), ({2: 1}, 201), ({4: 1}, 409), ({4: 500}, 499), ({5: 1}, 527), ({5: 1, 4: 1, 3: 0}, 536)],
)
def test_risk(counts: dict[int, int], expected: int) -> None:
    assert risk(Counter({Severity(s): n for s, n in counts.items()})) == expected
