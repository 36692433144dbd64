"""Collections of many accounts asked for at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.messages import get_messages

from collectors.models import Account, CollectRequest, Connection
from iamdash.access.models import Role
from tests.pages.conftest import Made

Client = Callable[..., Any]
URL = "/accounts/collect/"


def said(response: Any) -> str:
    return str(list(get_messages(response.wsgi_request))[-1])


def test_nothing_is_asked_for_without_a_choice(sign_in: Client, made: Made) -> None:
    client = sign_in(Role.ANALYST)
    assert said(client.post(URL)) == "No account is ticked."
    assert said(client.post(URL, {"pick": ["x", "999999999999"]})) == "No account is ticked."
    assert not CollectRequest.objects.exists()


def test_what_is_ticked_is_asked_for_once(sign_in: Client, made: Made, elsewhere: Made) -> None:
    client = sign_in(Role.ANALYST)
    assert 'name="pick"' in client.get("/accounts/").content.decode()
    response = client.post(f"{URL}?q=payments", {"pick": [made.account.aws_id]})
    assert response.url == "/accounts/?q=payments"
    assert said(response).startswith("1 account asked for")
    (asked,) = CollectRequest.objects.all()
    assert (asked.account, asked.requested_by, asked.cancel) == (made.account, client.operator.username, False)
    response = client.post(URL, {"all": "1"})
    assert "1 account asked for" in said(response)
    assert "1 account waits already" in said(response)
    assert CollectRequest.objects.count() == 2


def test_all_of_the_list_means_what_its_filters_leave_and_the_operator_sees(
    sign_in: Client, made: Made, elsewhere: Made
) -> None:
    client = sign_in(Role.ANALYST, accounts=[made.account])
    client.post(URL, {"all": "1"})
    client.post(URL, {"pick": [elsewhere.account.aws_id]})
    assert [one.account for one in CollectRequest.objects.all()] == [made.account]
    assert said(sign_in(Role.ANALYST).post(f"{URL}?q=nothing-like-it", {"all": "1"})) == "No account is ticked."


def test_what_cannot_be_collected_is_told(sign_in: Client, made: Made, elsewhere: Made) -> None:
    Connection.objects.filter(account=elsewhere.account).update(enabled=False)
    response = sign_in(Role.ANALYST).post(URL, {"all": "1"})
    assert "1 account cannot be collected now" in said(response)
    assert CollectRequest.objects.get().account == made.account


def test_viewers_have_no_boxes(sign_in: Client, account: Account, made: Made) -> None:
    assert 'name="pick"' not in sign_in().get("/accounts/").content.decode()
