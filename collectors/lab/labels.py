"""What the lab knows to be at fault, and what only looks so.

A label is the answer a correct judge gives at `as_of` under the catalogue's default windows. For the codes
in COMPLETE every fault of the organization carries a label, so a judge's findings of these codes can be
compared as sets; for other codes only the planted subjects are labelled.
"""

from typing import Any, NamedTuple

COMPLETE = frozenset(
    {
        "AB101",
        "AB102",
        "AB103",
        "AB104",
        "AB105",
        "AB106",
        "AB107",
        "GR104",
        "HM105",
        "HM107",
        "HM109",
        "KY101",
        "KY102",
        "KY103",
        "KY104",
        "KY105",
        "KY106",
        "KY110",
        "KY115",
        "LP101",
        "LP102",
        "LP103",
        "LP107",
        "LP108",
        "LP109",
        "LP205",
        "LP211",
        "LP401",
        "LP405",
        "LP406",
        "MO110",
    }
)


class Label(NamedTuple):
    """`subject_name` is the name IAM gives: role, user, group or policy name, key id, account id."""

    account: str
    code: str
    subject_type: str
    subject_name: str
    part: str
    state: str
    why: str


class Labels(list[Label]):
    """All labels of a lab in the order of planting."""

    def as_json(self) -> list[dict[str, Any]]:
        return [label._asdict() for label in self]
