from __future__ import annotations

from collections import Counter

import pytest

from collectors.models import Account, Principal
from findings.engine.posture import risk
from findings.models import Finding, PrincipalPosture
from findings.vocabulary import Severity
from tests.builders import credential, key, role, user
from tests.findings.engine.inventory import judge, put


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
    Finding.objects.update(status="accepted")
    judge(account)
    assert PrincipalPosture.objects.get().medium == 0


def test_a_principal_that_went_has_no_posture(account: Account) -> None:
    put(account, role("app", used=200))
    judge(account)
    put(account)
    judge(account)
    assert Principal.objects.get().gone_at is not None
    assert not PrincipalPosture.objects.exists()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [({}, 0), ({1: 3}, 100), ({2: 1}, 201), ({4: 1}, 409), ({4: 500}, 499), ({5: 1}, 527), ({5: 1, 4: 1, 3: 0}, 536)],
)
def test_risk(counts: dict[int, int], expected: int) -> None:
    assert risk(Counter({Severity(s): n for s, n in counts.items()})) == expected
