"""One account set back to a day."""

from datetime import datetime, timedelta
from random import Random

from moto.iam.models import AccessKey, AccessKeyLastUsed, AWSManagedPolicy, ManagedPolicy, Role, User

from collectors.lab.population.builder import Builder
from collectors.lab.world import Account, World

LONGEST_GAP = 6.0  # days between two uses of what is in use
PASSWORD_LIFE = timedelta(days=80)


class Past:
    """An account on `day`. `builder` plants what has gone since; `dies` says when it went."""

    def __init__(self, world: World, account: Account) -> None:
        self.world, self.account = world, account
        self.day, self.end = world.settings.now, world.settings.as_of
        self.iam = world.iam(account.id)
        self.builder = Builder(world, account)
        self.builder.chance = self.chance("story")
        self.deaths: dict[str, datetime] = {}  # unique id -> when it was deleted

    def chance(self, name: str) -> Random:
        """Draws that are the same on every day."""
        return Random(f"{self.world.settings.seed}/past/{self.account.id}/{name}")

    def ago(self, days: float) -> datetime:
        """Before the present, not before `day`."""
        return self.end - timedelta(days=days)

    def dies(self, unique_id: str, days: float) -> None:
        self.deaths[unique_id] = self.ago(days)

    def is_there(self, unique_id: str, born: datetime) -> bool:
        return born <= self.day and self.deaths.get(unique_id, self.end) > self.day

    def last_use(self, name: str, last: datetime | None, born: datetime) -> datetime | None:
        """What is used after `day` was in use before it too, a few days ago at most."""
        if last is None or last <= self.day:
            return last
        gap = timedelta(days=self.chance(f"{name}/{self.day:%F}").uniform(0.1, LONGEST_GAP))
        return max(self.day - gap, born)

    def rewind(self) -> None:
        for user in list(self.iam.users.values()):
            self.rewind_user(user)
        for role in list(self.iam.roles.values()):
            self.rewind_role(role)
        for arn, policy in list(self.iam.managed_policies.items()):
            if not isinstance(policy, AWSManagedPolicy) and not self.is_there(policy.id, policy.create_date):
                self.remove_policy(arn, policy)

    def rewind_user(self, user: User) -> None:
        for key in list(user.access_keys):
            self.rewind_key(user, key)
        if not self.is_there(user.id, user.create_date):
            self.remove_user(user)
            return
        if user.password:
            user.password_last_used = self.last_use(user.id, user.password_last_used, user.create_date)
            while user.password_last_changed > self.day:
                user.password_last_changed -= PASSWORD_LIFE
            user.password_last_changed = max(user.password_last_changed, user.create_date)
        for serial, device in list(user.mfa_devices.items()):
            if device.enable_date > self.day:
                self.remove_device(user, serial)

    def rewind_key(self, user: User, key: AccessKey) -> None:
        if not self.is_there(key.access_key_id, key.create_date):
            user.access_keys.remove(key)
            del self.iam.access_keys[key.access_key_id]
        elif used := key.last_used:
            moment = self.last_use(key.access_key_id, used.timestamp, key.create_date)
            key.last_used = AccessKeyLastUsed(moment, used.service, used.region)

    def remove_user(self, user: User) -> None:
        self.detach_all(user)
        for group in self.iam.groups.values():
            if user in group.users:
                group.users.remove(user)
        for serial in list(user.mfa_devices):
            self.remove_device(user, serial)
        del self.iam.users[user.name]

    def remove_device(self, user: User, serial: str) -> None:
        del user.mfa_devices[serial]
        self.iam.virtual_mfa_devices.pop(serial, None)

    def rewind_role(self, role: Role) -> None:
        planted = self.world.last_accessed.get(role.arn)
        if not self.is_there(role.id, role.create_date):
            self.detach_all(role)
            for key, profile in list(self.iam.instance_profiles.items()):
                if role in profile.roles:
                    del self.iam.instance_profiles[key]
            del self.iam.roles[role.id]
            return
        role.last_used = self.last_use(role.id, role.last_used, role.create_date)
        if planted:
            back = (self.end - self.day).days
            self.world.last_accessed[role.arn] = {s: d and max(d - back, 1) for s, d in planted.items()}

    def remove_policy(self, arn: str, policy: ManagedPolicy) -> None:
        for holder in (*self.iam.roles.values(), *self.iam.users.values(), *self.iam.groups.values()):
            if arn in holder.managed_policies:
                policy.detach_from(holder)
        del self.iam.managed_policies[arn]

    def detach_all(self, holder: Role | User) -> None:
        for policy in list(holder.managed_policies.values()):
            policy.detach_from(holder)
