from __future__ import annotations

from collectors import records
from collectors.models.observed import Observed


class AccountDetails(Observed):
    """What a source tells of the account as a whole (records.AccountDetails). unique_id is the source's name."""

    record = records.AccountDetails
    volatile = ("asked_on", "untold")
    merges = True

    class Meta(Observed.Meta):
        pass
