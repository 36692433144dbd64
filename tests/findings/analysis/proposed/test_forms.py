from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from findings.analysis.proposed.forms import cli, rollback, terraform
from findings.analysis.proposed.model import NodeProposal, Scp

BODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a:*", "Resource": "${aws:username}'%{x}"}]}
NODE = NodeProposal(id="ou-ab12-3", name="prod'\n$(x)", scps=(Scp(name="iamdash-prod-1", body=BODY, size=90),))


@pytest.mark.parametrize("script", [cli(NODE), rollback(NODE), cli(NODE, "000000000001")])
def test_a_script_says_to_aws_what_the_document_says(script: str, tmp_path: Path) -> None:
    """Run by a shell, with an `aws` that writes down what it was asked."""
    asked = tmp_path / "asked"
    fake = tmp_path / "aws"
    fake.write_text(f'#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word" >> {asked}; done\necho p-1\n')
    fake.chmod(0o755)
    place = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", script.replace("set -euo pipefail", "set -eu")], check=True, env=place)
    told = asked.read_text().splitlines()
    content = [json.loads(line.partition("=")[2]) for line in told if line.startswith("--content=")]
    assert content in ([BODY], [])
    assert [line for line in told if line.startswith(("--policy-id", "--target-id"))][:2] in (
        ["--target-id=ou-ab12-3", "--policy-id=p-1"],
        ["--target-id=000000000001", "--policy-id=p-1"],
    )


def test_terraform_sees_no_template_and_no_line_of_a_name() -> None:
    text = terraform(NODE)
    assert "$${aws:username}'%%{x}" in text
    assert text.splitlines()[0] == "# prod' $(x)"
    assert 'target_id = "ou-ab12-3"' in text
