"""The kind of many roles set at once, and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages

from collectors.models import Principal
from findings.models import JudgementRequest, KindOverride
from findings.models.decided import STANDS
from iamdash.access.models import Role
from tests.pages.conftest import Made

Client = Callable[..., Any]
HUMAN, CI = "human-assumed", "machine-ci"


def standing() -> dict[str, str]:
    return dict(KindOverride.objects.filter(STANDS).order_by("principal_id").values_list("principal_id", "kind"))


def address(*rows: Principal) -> str:
    return "/principals/kinds/?" + "&".join(f"pick={row.pk}" for row in rows)


def set_kind(client: Any, url: str, n: int, kind: str = HUMAN) -> Any:
    return client.post(url, {"n": n, "kind": kind, "reason": "our on-call uses them"})


def undo_of(response: Any) -> str:
    said = str(list(get_messages(response.wsgi_request))[-1])
    found = re.search(r'href="([^"]+)"', said)
    assert found, said
    return unescape(found[1])


def test_nothing_chosen_changes_nothing(sign_in: Client, made: Made, elsewhere: Made) -> None:
    linked, gone, theirs = made.role("linked"), made.role("gone"), elsewhere.role("theirs")
    Principal.objects.filter(pk=linked.pk).update(path="/aws-service-role/x.amazonaws.com/")
    Principal.objects.filter(pk=gone.pk).update(gone_at=made.coverage().observed_at)
    client = sign_in(Role.ANALYST, accounts=[made.account])
    for url in ("/principals/kinds/", address(linked, gone, theirs), "/principals/kinds/?pick=x&pick=-1&pick=9999"):
        assert "No role or user is chosen" in client.get(url).content.decode()
        set_kind(client, url, 1)
    assert not KindOverride.objects.exists()


def test_a_look_changes_nothing_and_the_number_must_still_hold(sign_in: Client, made: Made) -> None:
    one, client = made.role("a"), sign_in(Role.ANALYST)
    assert "1 role and user" in client.get(address(one)).content.decode()
    assert "has changed since you looked" in set_kind(client, address(one), 2).content.decode()
    assert client.post(address(one), {"n": 1, "kind": HUMAN, "reason": ""}).status_code == 422
    assert not KindOverride.objects.exists()


def test_many_are_set_and_an_undo_puts_back_what_stood_before(sign_in: Client, made: Made, elsewhere: Made) -> None:
    one, two, three = made.role("a"), made.role("b"), elsewhere.role("c")
    client = sign_in(Role.ANALYST)
    set_kind(client, address(one), 1, CI)
    response = set_kind(client, "/principals/kinds/?all=1", 3)
    assert response.url == "/principals/?"
    assert standing() == dict.fromkeys((one.unique_id, two.unique_id, three.unique_id), HUMAN)
    assert JudgementRequest.objects.filter(account=elsewhere.account).count() == 1
    url = undo_of(response)
    assert "The kind of 3 roles or users" in re.sub(r"\s+", " ", client.get(url).content.decode())
    assert len(standing()) == 3, "a look undoes nothing"
    client.post(url)
    assert standing() == {one.unique_id: CI}
    assert "cannot be undone any more" in str(list(get_messages(client.post(url).wsgi_request))[-1])
    assert standing() == {one.unique_id: CI}


def test_what_somebody_set_since_stays(sign_in: Client, made: Made) -> None:
    one, two = made.role("a"), made.role("b")
    client, other = sign_in(Role.ANALYST), sign_in(Role.ANALYST)
    url = undo_of(set_kind(client, address(one, two), 2))
    set_kind(other, address(one), 1, CI)
    client.post(url)
    assert standing() == {one.unique_id: CI}


def test_an_end_is_undone_too(sign_in: Client, made: Made) -> None:
    one, client = made.role("a"), sign_in(Role.ANALYST)
    set_kind(client, address(one), 1, CI)
    url = undo_of(set_kind(client, address(one), 1, ""))
    assert standing() == {}
    client.post(url)
    assert standing() == {one.unique_id: CI}


def test_only_who_did_it_undoes_it(sign_in: Client, made: Made) -> None:
    url = undo_of(set_kind(sign_in(Role.ANALYST), address(made.role("a")), 1))
    sign_in(Role.ANALYST).post(url)
    assert len(standing()) == 1
    assert sign_in().post(url).status_code == 403


@pytest.mark.parametrize("text", ["", "x", "W1sxLDBdXQ:1abcde:AAAA"])
def test_an_undo_that_nobody_signed_is_none(sign_in: Client, text: str) -> None:
    assert sign_in(Role.ANALYST).get(f"/principals/kinds/undo/?done={text}").status_code == 404


def test_too_many_are_told(sign_in: Client, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iamdash.pages.kinds_many.MOST", 1)
    made.role("a"), made.role("b")
    client = sign_in(Role.ANALYST)
    assert "More than 1 roles and users match" in client.get("/principals/kinds/?all=1").content.decode()
    assert 'name="pick"' in client.get("/principals/").content.decode()
    assert 'name="pick"' not in sign_in().get("/principals/").content.decode()
