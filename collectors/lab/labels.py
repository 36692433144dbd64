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
        "GR101",
        "GR103",
        "GR104",
        "GR106",
        "GR107",
        "GR108",
        "GR109",
        "GR111",
        "GR112",
        "HM101",
        "HM102",
        "HM103",
        "HM104",
        "HM105",
        "HM106",
        "HM107",
        "HM108",
        "HM109",
        "HM110",
        "HM111",
        "HM112",
        "HM113",
        "HM114",
        "HM115",
        "KY101",
        "KY102",
        "KY103",
        "KY104",
        "KY105",
        "KY106",
        "KY107",
        "KY108",
        "KY109",
        "KY110",
        "KY111",
        "KY112",
        "KY113",
        "KY114",
        "KY115",
        "LP101",
        "LP102",
        "LP103",
        "LP104",
        "LP106",
        "LP107",
        "LP108",
        "LP109",
        "LP201",
        "LP202",
        "LP203",
        "LP204",
        "LP205",
        "LP207",
        "LP208",
        "LP209",
        "LP210",
        "LP211",
        "LP212",
        "LP213",
        "LP301",
        "LP302",
        "LP303",
        "LP304",
        "LP401",
        "LP402",
        "LP403",
        "LP404",
        "LP405",
        "LP406",
        "LP407",
        "LP408",
        "MO101",
        "MO102",
        "MO103",
        "MO104",
        "MO105",
        "MO106",
        "MO107",
        "MO108",
        "MO109",
        "MO110",
        "MO111",
        "MO112",
        "MO113",
        "MO114",
        "MO115",
        "MO117",
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
