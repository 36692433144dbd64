"""iam:GenerateCredentialReport and GetCredentialReport.

Source: IAM user guide, "Generate credential reports" (columns, `no_information`, `N/A`, `not_supported`);
a live capture shows 22 columns, the root row first, users by name whatever the case, key slots by key id,
no final newline, and a creation date in the slot of an inactive key.
"""

import csv
import io
from datetime import datetime, timedelta

from moto.core.responses import ActionResult
from moto.iam.exceptions import IAMException
from moto.iam.models import AccessKey, IAMBackend, User
from moto.iam.responses import IamResponse

from collectors.lab.repairs.operation import operation
from collectors.lab.world import RootKey, RootUser, current

COLUMNS = [
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(
        f"access_key_{slot}_{what}"
        for slot in (1, 2)
        for what in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
    ),
    *(f"cert_{slot}_{what}" for slot in (1, 2) for what in ("active", "last_rotated")),
]
NO_CERTIFICATE = ["false", "N/A"]


def written(moment: datetime | None, missing: str = "N/A") -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00") if moment else missing


def boolean(value: object) -> str:
    return "true" if value else "false"


def slots(keys: list[list[str]]) -> list[str]:
    """The ten columns of both key slots."""
    empty = ["false", "N/A", "N/A", "N/A", "N/A"]
    return [value for key in [*keys, empty, empty][:2] for value in key]


def certificates(found: list[list[str]]) -> list[str]:
    """The four columns of both signing certificates."""
    return [value for one in [*found, NO_CERTIFICATE, NO_CERTIFICATE][:2] for value in one]


def key_columns(key: AccessKey) -> list[str]:
    used = key.last_used
    last = [written(used.timestamp), used.region, used.service] if used else ["N/A"] * 3
    return [boolean(key.status == "Active"), written(key.create_date), *last]


def root_key_columns(key: RootKey) -> list[str]:
    return ["true", written(key.created), written(key.used), key.region, key.service]


def root_row(account_id: str, root: RootUser) -> list[str]:
    """Member accounts made by Organizations have no root password: `false` and `N/A`, never `not_supported`."""
    used = written(root.password_used, "no_information") if root.password_changed else "N/A"
    return [
        "<root_account>",
        f"arn:aws:iam::{account_id}:root",
        written(root.created),
        boolean(root.password_changed),
        used,
        written(root.password_changed),
        "not_supported",
        boolean(root.mfa),
        *slots([root_key_columns(key) for key in root.keys]),
        *certificates([]),
    ]


def user_row(iam: IAMBackend, user: User) -> list[str]:
    changed = getattr(user, "password_last_changed", user.create_date) if user.password else None
    policy = iam.account_password_policy
    rotation = None
    if changed and policy and policy.max_password_age:
        rotation = changed + timedelta(days=policy.max_password_age)
    return [
        user.name,
        user.arn,
        written(user.create_date),
        boolean(user.password),
        written(user.password_last_used, "no_information") if user.password else "N/A",
        written(changed),
        written(rotation),
        boolean(user.mfa_devices),
        *slots([key_columns(key) for key in sorted(user.access_keys, key=lambda key: key.access_key_id)]),
        *certificates([["true", written(made.upload_date)] for made in user.signing_certificates.values()]),
    ]


def report(account_id: str, iam: IAMBackend) -> str:
    rows = [root_row(account_id, current().root_users[account_id])]
    rows += [user_row(iam, user) for user in sorted(iam.users.values(), key=lambda user: user.name.lower())]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    return text.getvalue().removesuffix("\n")


@operation(IamResponse)
def generate_credential_report(self: IamResponse) -> ActionResult:
    states = current().report_states
    before = states.setdefault(self.current_account, "STARTED")
    states[self.current_account] = "INPROGRESS" if before == "STARTED" else "COMPLETE"
    if before == "STARTED":
        return ActionResult(
            {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}
        )
    states[self.current_account] = "COMPLETE"
    return ActionResult({"State": "COMPLETE"})


@operation(IamResponse)
def get_credential_report(self: IamResponse) -> ActionResult:
    """While a report is made, the first question is answered ReportInProgress, the next one with the report."""
    states = current().report_states
    state = states.get(self.current_account)
    if state is None:
        raise IAMException("ReportNotPresent", "Unknown")
    if state == "INPROGRESS":
        states[self.current_account] = "COMPLETE"
        raise IAMException("ReportInProgress", "Unknown")
    return ActionResult(
        {
            "Content": report(self.current_account, self.backend),
            "ReportFormat": "text/csv",
            "GeneratedTime": current().settings.now,
        }
    )
