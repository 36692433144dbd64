"""HM103: programs' users with a password."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.facts import Settings
from tests.builders import credential, key, user
from tests.findings.rules.judging import denied, statuses, verdicts

SVC = "svc-orders"


def judged(name: str = SVC, *, used: float | None = 1, password: bool | None = True, **more: Any) -> list[str]:
    keys = [] if used is None else [key(name, used=used)]
    settings = more.pop("settings", None)
    return statuses("HM103", user(name, **more), credential(name, password_enabled=password), *keys, settings=settings)


@pytest.mark.parametrize(
    "more",
    [
        {"password": False},
        {"password": False, "tags": {"iamdash:kind": "machine-user"}},
        {"name": "ruben.costa"},
        {"used": None},
        {"used": 46},
        {"name": "deploy-admin"},
        {"tags": {"iamdash:kind": "human-user"}},
        {"tags": {"user-type": "Employee"}},
        {"name": "break-glass"},
        {"name": "service-break-glass"},
        {"name": "anna", "tags": {"team": "service"}},
    ],
)
def test_people_and_programs_without_a_password(more: dict[str, Any]) -> None:
    assert judged(**more) == ["clear"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"used": 45},
        {"name": "BackupAgent"},
        {"name": "orders", "used": None, "tags": {"iamdash:kind": "machine-user"}},
        {"name": "orders", "used": None, "tags": {"Type": "service account"}},
        {"name": "orders", "used": None, "tags": {"acme:usage": "Non-Human"}},
        {"name": "orders", "settings": Settings(kinds={"arn:aws:iam::000000000001:user/orders": "machine-user"})},
    ],
)
def test_programs_with_a_password(more: dict[str, Any]) -> None:
    assert judged(**more) == ["open"]


def test_an_operator_has_the_last_word() -> None:
    settings = Settings(kinds={"arn:aws:iam::000000000001:user/svc-orders": "human-user"})
    assert judged(tags={"kind": "machine"}, settings=settings) == ["clear"]


def test_unknown() -> None:
    assert judged(password=None) == ["unknown"]
    assert statuses("HM103", user(SVC), key(SVC, used=1)) == ["unknown"]
    coverage = denied("ListAccessKeys")
    tagged = user(SVC, tags={"kind": "machine"}), credential(SVC, password_enabled=True)
    assert statuses("HM103", *tagged, coverage=coverage) == ["open"]
    assert statuses("HM103", user("anna"), credential("anna", password_enabled=True), coverage=coverage) == ["unknown"]


def test_the_title_says_why() -> None:
    (found,) = verdicts("HM103", user(SVC), credential(SVC, password_enabled=True), key(SVC, used=1))
    assert found.title == (
        'svc-orders is a program\'s user ("svc" in its name, a key of it is in use) and has a console password'
    )
