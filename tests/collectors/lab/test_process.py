"""The lab as a process, and that the same settings give the same bytes."""

import json
import signal
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ReadTimeoutError

from collectors.lab.server import serve
from collectors.lab.settings import Settings
from tests.collectors.lab.aws import AS_OF, SETTINGS, Aws, details

COMMAND = [sys.executable, "-m", "collectors.lab", "--as-of", "2026-11-24T00:00:00Z"]


def everything(aws: Aws) -> str:
    """All that a collector would read of three accounts, but for what is made at random: sessions and requests."""
    found: list[Any] = [aws.organization, aws.lab.expected()]
    for account in aws.accounts[2:5]:
        iam = aws.iam(account)
        snapshot = details(iam)
        snapshot["RoleDetailList"] = [r for r in snapshot["RoleDetailList"] if r["RoleName"] != "iamdash-read"]
        iam.generate_credential_report(), iam.generate_credential_report()
        found += [snapshot, iam.get_credential_report()["Content"].decode()]
    return json.dumps(found, default=str)


def test_two_labs_same_bytes(tmp_path: Path) -> None:
    ready = tmp_path / "url"
    with subprocess.Popen([*COMMAND, "--ready-file", str(ready)], stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline() if process.stdout else ""
        url = ready.read_text()
        assert line == f"lab ready {url}\n"
        lab = serve(SETTINGS)
        assert everything(Aws(url)) == everything(Aws(lab.url))
        lab.stop()
        process.terminate()
        assert process.wait(timeout=2) == 0


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_ends_quickly_with_a_hanging_call(end: signal.Signals) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[-1] if process.stdout else ""
        aws = Aws(url)
        aws.lab.fault("hang", seconds=600)
        sts = aws.client("sts", aws.hub, timeout=0.2)
        with pytest.raises(ReadTimeoutError):
            sts.get_caller_identity()
        started = time.monotonic()
        process.send_signal(end)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - started < 2


def test_other_seeds_are_other_organizations() -> None:
    labs = [serve(Settings(seed=seed, accounts=3, as_of=AS_OF)) for seed in (1, 2)]
    first, second = (Aws(lab.url) for lab in labs)
    assert not set(first.accounts) & set(second.accounts)
    assert first.organization["organization_id"] != second.organization["organization_id"]
    for lab in labs:
        lab.stop()


def test_labs_of_one_process_do_not_mix() -> None:
    labs = [serve(SETTINGS) for _ in range(2)]
    first, second = (Aws(lab.url) for lab in labs)
    account = first.accounts[3]
    first.deploy(account, actions=["iam:*"], role="iamdash-writer")
    iam = first.client("iam", first.assume(account, "iamdash-writer"))
    iam.delete_user_policy(UserName="iot-gateway", PolicyName="all")
    iam.delete_user(UserName="iot-gateway")
    names = [{u["UserName"] for u in lab.iam(account).list_users()["Users"]} for lab in (first, second)]
    assert names[1] - names[0] == {"iot-gateway"}
    for lab in labs:
        lab.stop()


def test_many_accounts_have_names_of_their_own() -> None:
    lab = serve(Settings(accounts=600, roles=1, users=1, as_of=AS_OF))
    names = [account.name for account in lab.world.accounts]
    assert len(set(names)) == len(names) == 601
    lab.stop()


def test_a_connection_is_kept_until_the_lab_ends() -> None:
    lab = serve(Settings(accounts=2, roles=1, users=1, as_of=AS_OF))
    with closing(HTTPConnection(urlsplit(lab.url).netloc, timeout=10)) as connection:
        used = set()
        for _ in range(2):
            connection.request("GET", "/_lab/faults")
            assert connection.getresponse().read() == b"[]"
            used.add(connection.sock)
        assert len(used) == 1
        assert None not in used
        lab.stop()
        connection.request("GET", "/_lab/faults")
        with pytest.raises(RemoteDisconnected):
            connection.getresponse()


def test_impossible_settings() -> None:
    with pytest.raises(ValueError, match="at least 2 accounts"):
        Settings(accounts=1)
    with pytest.raises(ValueError, match="time zone"):
        Settings(as_of=AS_OF.replace(tzinfo=None))
