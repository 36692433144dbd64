from __future__ import annotations

from collectors import records
from collectors.models.observed import Observed


class AccountDetails(Observed):
    """Account-level answers: aliases and the summary. One row an account; unique_id is the account's id."""

    record = records.AccountDetails

    class Meta(Observed.Meta):
        pass
