"""Root users half a year ago: passwords and keys not yet removed, MFA not yet set up, and what the bad week did."""

from datetime import timedelta

from collectors.lab.past.incident import DAYS_AGO
from collectors.lab.past.rewind import Past
from collectors.lab.world import RootKey, RootUser

BETWEEN_USES = timedelta(days=150)  # root is for what nobody else may do


def tell(past: Past) -> None:
    root = past.world.root_users[past.account.id]
    index = past.account.index
    if not root.password_changed:
        before_central_management(past, root)
    elif index % 5 == 2 and root.mfa and past.day < past.ago(45 + index * 7 % 100):
        root.mfa = ""
    if index % 4 == 1:
        key_of_the_bad_week(past, root)
    while root.password_used and root.password_used > past.day:
        root.password_used -= BETWEEN_USES
    for key in root.keys:
        key.used = past.last_use(f"root/{key.created:%F}", key.used, key.created)


def before_central_management(past: Past, root: RootUser) -> None:
    """It removed root's credentials account by account."""
    index = past.account.index
    if past.day >= past.ago(30 + index * 17 % 110):
        return
    root.password_changed = past.ago(1500)
    root.mfa = "virtual" if index % 2 else ""
    if index % 6 == 3:
        root.keys.append(RootKey(past.ago(1300), past.ago(500), "us-east-1", "iam"))


def key_of_the_bad_week(past: Past, root: RootUser) -> None:
    made, gone = past.ago(DAYS_AGO + 1), past.ago(DAYS_AGO - 10 - past.account.index)
    if root.password_changed and made <= past.day < gone:
        root.keys.append(RootKey(made, made, "us-east-1", "iam"))
