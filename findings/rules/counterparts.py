"""Which of our rules ask what AWS Config's managed rules on IAM ask, so that both can be shown side by side.

Keys are identifiers of Config's list of managed rules; what is not here has no counterpart. That they may say different things
of one account is why they stand beside each other: a managed rule has parameters of its own, and does not evaluate SCPs.
"""

from __future__ import annotations

from collections.abc import Mapping

COUNTERPARTS: Mapping[str, tuple[str, ...]] = {
    "ACCESS_KEYS_ROTATED": ("KY102",),
    "IAM_EXTERNAL_ACCESS_ANALYZER_ENABLED": ("MO109",),
    "IAM_GROUP_HAS_USERS_CHECK": ("LP108",),
    "IAM_NO_INLINE_POLICY_CHECK": ("LP206",),
    "IAM_PASSWORD_POLICY": ("AB103",),
    "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS": ("LP201", "LP209"),
    "IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS": ("LP202",),
    "IAM_ROOT_ACCESS_KEY_CHECK": ("KY101",),
    "IAM_SERVER_CERTIFICATE_EXPIRATION_CHECK": ("AB107",),
    "IAM_USER_MFA_ENABLED": ("HM107",),
    "IAM_USER_NO_POLICIES_CHECK": ("LP205",),
    "IAM_USER_UNUSED_CREDENTIALS_CHECK": ("KY103", "LP103"),
    "MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS": ("HM107",),
    "ROOT_ACCOUNT_HARDWARE_MFA_ENABLED": ("AB102",),
    "ROOT_ACCOUNT_MFA_ENABLED": ("AB101",),
}
