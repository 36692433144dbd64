"""A place's SCPs as an operator can use them: Terraform, AWS CLI, and the way back. All is run in the management account, or by a
delegated administrator of policies."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from findings.analysis.proposed.model import NodeProposal, Scp
from findings.policy.render import comment, quoted, untemplated


def terraform(node: NodeProposal) -> str:
    """jsonencode leaves out white space, which AWS would count."""
    head = f"# {comment(node.name)}"
    return "\n\n".join([head, *(_resources(node, scp, n) for n, scp in enumerate(node.scps, 1))]) + "\n"


def _resources(node: NodeProposal, scp: Scp, number: int) -> str:
    label = f"iamdash_{''.join(c if c.isascii() and c.isalnum() else '_' for c in node.id)}_{number}"
    body = untemplated(json.dumps(scp.body, indent=2, ensure_ascii=False))
    return (
        f'resource "aws_organizations_policy" "{label}" {{\n  name    = {quoted(scp.name)}\n'
        f'  type    = "SERVICE_CONTROL_POLICY"\n  content = jsonencode(jsondecode(<<POLICY\n{body}\nPOLICY\n  ))\n}}\n\n'
        f'resource "aws_organizations_policy_attachment" "{label}" {{\n'
        f"  policy_id = aws_organizations_policy.{label}.id\n  target_id = {quoted(node.id)}\n}}"
    )


def cli(node: NodeProposal, target: str = "") -> str:
    """target: the OU or account to attach to, if not the node itself."""
    return _script(line for scp in node.scps for line in _attach(scp, target or node.id))


def rollback(node: NodeProposal) -> str:
    return _script(line for scp in node.scps for line in _detach(scp, node.id))


def _attach(scp: Scp, target: str) -> Iterator[str]:
    content = json.dumps(scp.body, separators=(",", ":"), ensure_ascii=False)
    made = [
        "create-policy",
        "--type=SERVICE_CONTROL_POLICY",
        f"--name={scp.name}",
        "--description=",
        f"--content={content}",
    ]
    yield f"id=$({_aws(*made, '--query=Policy.PolicySummary.Id', '--output=text')})"
    yield f'{_aws("attach-policy", f"--target-id={target}")} --policy-id="$id"'


def _detach(scp: Scp, target: str) -> Iterator[str]:
    named = f"Policies[?Name=='{scp.name}'].Id"
    listed = _aws("list-policies", "--filter=SERVICE_CONTROL_POLICY", f"--query={named}", "--output=text")
    yield f"id=$({listed})"
    yield f'{_aws("detach-policy", f"--target-id={target}")} --policy-id="$id"'
    yield f'{_aws("delete-policy")} --policy-id="$id"'


def _aws(*words: str) -> str:
    return " ".join(["aws organizations", *map(shlex.quote, words)])


def _script(lines: Iterator[str]) -> str:
    return "\n".join(["set -euo pipefail", *lines]) + "\n"
