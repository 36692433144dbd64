from __future__ import annotations

import pytest

from collectors.records import Coverage, State
from tests.builders import AS_OF, ago, credential, facts, key, policy, summary, user

API = "cloudtrail:DescribeTrails"


def rows(**states: State) -> tuple[Coverage, ...]:
    return tuple(
        Coverage(api=API, state=s, region=r.replace("_", "-"), observed_at=AS_OF, permission=API)
        for r, s in states.items()
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (rows(us_east_1=State.COMPLETE), []),
        (rows(us_east_1=State.COMPLETE, eu_west_1=State.NOT_APPLICABLE), []),
        ((), [f"{API} was not collected"]),
        (rows(us_east_1=State.COMPLETE, eu_west_1=State.ERROR), [f"{API} in eu-west-1 failed"]),
        (rows(us_east_1=State.NOT_APPLICABLE), [f"{API} in us-east-1 does not apply here"]),
        (rows(b=State.THROTTLED, a=State.PARTIAL), [f"{API} in a was read in part", f"{API} in b was throttled"]),
        (rows(a=State.DENIED), [f"{API} in a was denied; it needs the permission {API}"]),
        (
            rows(a=State.BLOCKED_BY_SCP),
            [f"{API} in a was blocked by a service control policy, although {API} may be granted"],
        ),
    ],
)
def test_gaps(given: tuple[Coverage, ...], expected: list[str]) -> None:
    found = facts(coverage=given)
    assert [str(gap) for gap in found.gaps((API,))] == expected
    assert found.complete(API) is not bool(expected)


def test_any_of_is_satisfied_by_one() -> None:
    found = facts(coverage=rows(a=State.COMPLETE))
    assert found.gaps((), (API, "iam:Other")) == ()
    assert [g.api for g in found.gaps((), ("iam:One", "iam:Other"))] == ["iam:One", "iam:Other"]


def test_older_is_strict_and_as_of() -> None:
    found = facts()
    assert [found.older(ago(days), 90) for days in (89, 90, 90.01, -3)] == [False, False, True, False]


def test_look_ups() -> None:
    alice, row, one, two = user(), credential(), key(), key()
    managed = policy()
    found = facts(alice, row, one, two, managed, summary(AccountMFAEnabled=1))
    assert found.credential(alice) is row
    assert found.keys(alice) == (one, two)
    assert found.user_by_arn[alice.arn] is alice
    assert found.policy_by_arn[managed.arn] is managed
    assert found.summary == {"AccountMFAEnabled": 1}
    assert facts().summary is None
    assert facts().credential(alice) is None


def test_a_document_is_read_once() -> None:
    found = facts()
    (digest,) = found.snapshot.documents
    assert found.document(digest) is found.document(digest)
