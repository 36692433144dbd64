"""Accounts of vendors who publish from which account they assume their customers' roles.

From github.com/fwdcloudsec/known_aws_accounts, which names the vendor's own page for each. The settings' `known_vendors` add
to them. Known means that it is clear who it is, not that the trust is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

VENDORS: Mapping[str, str] = {
    "464622532012": "Datadog",
    "754728514883": "New Relic",
    "509560245411": "Dynatrace",
    "926226587429": "Sumo Logic",
    "188619942792": "Prisma Cloud",
    "434813966438": "Lacework",
    "198361731867": "Snyk",
    "414351767826": "Databricks",
    "834469178297": "Fivetran",
    "336818582268": "Rapid7",
    "012615275169": "Tenable",
    "147995105371": "Trend Micro",
    "134183635603": "Splunk Observability",
}


def vendor(account_id: str, facts: Facts) -> str:
    """The vendor's name; "" for an account that is no known vendor's."""
    return facts.settings.known_vendors.get(account_id) or VENDORS.get(account_id, "")
