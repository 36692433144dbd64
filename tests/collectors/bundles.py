"""Small bundles for tests: a dict of file name -> content, as a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from collectors.aws.bundle import open_bundle
from collectors.replay import Replayed, replay

GAAD = "iam.get-account-authorization-details.json"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
}


def role(name: str = "app", **more: Any) -> dict[str, Any]:
    """As the CLI prints it."""
    return {
        "Path": "/",
        "RoleName": name,
        "RoleId": "AROA" + name.upper().ljust(17, "0")[:17],
        "Arn": f"arn:aws:iam::000000000001:role/{name}",
        "CreateDate": "2020-01-01T00:00:00+00:00",
        "AssumeRolePolicyDocument": TRUST,
        **more,
    }


def details(*roles: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": list(roles), "Policies": [], **more}


def make(folder: Path, files: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else None
        (folder / name).write_bytes(json.dumps(content).encode() if data is None else data)
    return folder


def read(folder: Path, files: dict[str, Any]) -> Replayed:
    return replay(open_bundle(make(folder, files)))


def states(replayed: Replayed) -> dict[str, str]:
    return {row.api: row.state.value for row in replayed.coverage}
