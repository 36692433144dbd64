"""The corpus in AWS's answers, over HTTP through botocore: entries of odd form among those of the lab."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.db import transaction

from collectors.aws import session
from collectors.lab.client import LabClient
from collectors.lab.server import serve
from collectors.models import Account, Coverage, Credential, Document, OrganizationAccount, Principal
from findings.policy.document import Unreadable, read
from tests.bad_inputs import corpus
from tests.bad_inputs.corpus import Member, Policy, Report, Text
from tests.collectors.running import run
from tests.faults import proxy as net
from tests.faults.proxy import Call, Proxy
from tests.faults.world import SMALL, point_at

pytestmark = pytest.mark.django_db
IAM = "{https://iam.amazonaws.com/doc/2010-05-08/}"
TEXTS = [one for one in corpus.TEXTS_OF_OTHERS if one.xml]
GAAD, REPORT = "iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport"


@pytest.fixture(scope="module")
def aws_account(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Account, Proxy]]:
    """The management account, collected with all of it among its own."""
    lab = serve(SMALL)
    proxy = Proxy(lab.url)
    with pytest.MonkeyPatch.context() as patched, django_db_blocker.unblock(), transaction.atomic():
        point_at(patched, proxy.url, LabClient(lab.url))
        call_command("lab_connect", lab_url=lab.url, stdout=StringIO())
        account = Account.objects.get(aws_id=lab.world.management.id)
        proxy.script = among_them
        run(account, "authorization_details", "organizations")
        yield account, proxy
        transaction.set_rollback(True)
    session.forget()
    proxy.stop()
    lab.stop()


@pytest.fixture
def account(aws_account: tuple[Account, Proxy], db: None) -> Account:
    return aws_account[0]


def among_them(call: Call) -> net.Fault | None:
    name = f"{call.service}:{call.operation}"
    if name == GAAD:
        return net.edited(with_roles)
    if name in ("organizations:ListAccounts", "organizations:ListAccountsForParent"):
        return net.edited(with_members)
    return None


def with_roles(body: bytes) -> bytes:
    """Copies of the first role, each with an odd policy or tag."""
    tree = ElementTree.fromstring(body)
    (roles,) = tree.iter(f"{IAM}RoleDetailList")
    like = roles[0]
    for one in corpus.POLICIES:
        text = one.document if isinstance(one.document, str) else json.dumps(one.document)
        roles.append(changed(like, f"policy-{one.name}", AssumeRolePolicyDocument=quote(text, safe="+")))
    for one in TEXTS:
        roles.append(changed(like, f"text-{one.name}", tag=one.value))
    return bytes(ElementTree.tostring(tree))


def changed(like: ElementTree.Element, name: str, tag: str = "", **members: str) -> ElementTree.Element:
    made = copy.deepcopy(like)
    arn = f"{(made.findtext(IAM + 'Arn') or '').rpartition('/')[0]}/{name}"
    said = {"RoleName": name, "RoleId": f"AROA{name.upper().replace('-', '')[:28]}", "Arn": arn, **members}
    for member, value in said.items():
        found = made.find(IAM + member)
        assert found is not None
        found.text = value
    for tags in made.findall(f"{IAM}Tags"):
        made.remove(tags)
    entry = ElementTree.SubElement(ElementTree.SubElement(made, f"{IAM}Tags"), f"{IAM}member")
    for member, value in (("Key", "k"), ("Value", tag)):
        ElementTree.SubElement(entry, IAM + member).text = value
    return made


def with_members(body: bytes) -> bytes:
    found = json.loads(body)
    if "Accounts" in found:
        found["Accounts"] += [one.entry for one in corpus.MEMBERS]
    return json.dumps(found).encode()


@pytest.mark.parametrize("case", corpus.POLICIES, ids=lambda case: f"{case.name} ({case.seen})")
def test_a_policy_is_read_or_says_why_not(case: Policy, account: Account) -> None:
    found = Principal.present.get(account=account, name=f"policy-{case.name}")
    body = Document.objects.get(account=account, digest=found.as_record.trust).body
    document = read(body)
    assert isinstance(document, Unreadable) is bool(case.said)
    if isinstance(document, Unreadable):
        assert case.said in document.reason
    elif not isinstance(case.document, str):
        assert body == case.document


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: f"{case.name} ({case.seen})")
def test_a_text_is_kept(case: Text, account: Account) -> None:
    assert Principal.present.get(account=account, name=f"text-{case.name}").as_record.tags == {"k": case.kept}


def test_the_lab_s_own_entries_are_all_there(account: Account) -> None:
    odd = Principal.present.filter(name__regex="^(policy|text)-").count()
    assert odd == len(corpus.POLICIES) + len(TEXTS)
    assert Principal.present.filter(account=account, type="role").count() > odd + 10
    assert Coverage.objects.get(account=account, api=GAAD).state == "complete"


@pytest.mark.parametrize("case", corpus.MEMBERS, ids=lambda case: f"{case.name} ({case.seen})")
def test_a_member_is_kept_with_its_state(case: Member, account: Account) -> None:
    found = OrganizationAccount.present.get(account=account, unique_id=case.entry["Id"])
    assert (found.state, found.name) == (case.state, case.entry["Name"])


@pytest.mark.parametrize("case", corpus.REPORTS, ids=lambda case: f"{case.name} ({case.seen})")
def test_a_credential_report(case: Report, account: Account, aws_account: tuple[Account, Proxy]) -> None:
    content = b"<Content>%s</Content>" % base64.b64encode(case.text)
    change = net.edited(lambda body: re.sub(rb"<Content>.*?</Content>", lambda found: content, body, flags=re.DOTALL))
    aws_account[1].script = net.on(REPORT, change)
    before = Principal.present.filter(account=account).count()
    run(account, "credential_report")
    assert sorted(Credential.present.filter(account=account).values_list("user_name", flat=True)) == sorted(case.users)
    state = Coverage.objects.get(account=account, api=REPORT)
    assert (state.state == "complete") is (not case.said)
    assert case.said in state.detail
    assert Principal.present.filter(account=account).count() == before
