"""The bad week, eleven weeks ago: the identity provider is down for days, and everybody helps himself.

Users with passwords and administration are made by hand, phones lost in the move to another sign-in are not set up again,
password rules are relaxed. Most of it is put right within eight weeks, the last of it before the present.
"""

from collectors.lab.past.rewind import Past

DAYS_AGO = 77.0
HELPERS = ("incident-lead", "incident-oncall", "incident-vendor")
ADMINISTRATOR_ACCESS = "/AdministratorAccess"


def tell(past: Past) -> None:
    if past.account.index % 3 != 1:
        helpers(past)
    if past.account.index % 3 != 2:
        lost_phones(past)
    if past.account.index % 2 == 0:
        relaxed_passwords(past)


def helpers(past: Past) -> None:
    b, chance = past.builder, past.chance("incident")
    for name in HELPERS[: chance.randrange(1, 4)]:
        made, gone = DAYS_AGO + chance.uniform(0.5, 4), DAYS_AGO - chance.uniform(9, 66)
        used = max(gone, DAYS_AGO - 12)
        user = b.user(name, created=made, password=(made, used), attached=[ADMINISTRATOR_ACCESS])
        past.dies(user.id, gone)
        if chance.random() < 0.5:
            past.dies(b.key(user, made - 0.3, used).access_key_id, gone)


def lost_phones(past: Past) -> None:
    for user in past.iam.users.values():
        again = past.ago(DAYS_AGO - past.chance(f"phone/{user.id}").uniform(3, 50))
        if past.ago(DAYS_AGO + 2) <= past.day < again:
            for serial in [s for s in user.mfa_devices if s.startswith("arn:")]:
                past.remove_device(user, serial)


def relaxed_passwords(past: Past) -> None:
    policy = past.iam.account_password_policy
    strict_again = past.ago(DAYS_AGO - past.chance("passwords").uniform(15, 40))
    if policy and past.ago(DAYS_AGO + 2) <= past.day < strict_again:
        policy.minimum_password_length = 6
        policy.require_symbols = policy.require_numbers = False
