"""The population: one module for each kind of thing planted in the accounts."""

from importlib import import_module
from pkgutil import iter_modules

from collectors.lab import identity_center, organization
from collectors.lab.population import filler, finish, held_keys, recipes, sign_ins
from collectors.lab.population.builder import Builder
from collectors.lab.world import World

# Group and policy names that users and roles refer to come first.
EARLY = ("groups",)


def load_recipes() -> None:
    names = sorted(module.name for module in iter_modules(__path__))
    for name in (*EARLY, *(name for name in names if name not in EARLY)):
        import_module(f"{__name__}.{name}")


def populate(world: World) -> World:
    """The organization, then each active account: recipes, filling up to the sizes, verdicts of the whole."""
    load_recipes()
    organization.build(world)
    with world.entered():
        for account in world.accounts:
            if account.status != "ACTIVE":
                continue
            builder = Builder(world, account)
            for recipe, applies in recipes.RECIPES:
                if applies(builder):
                    recipe(builder)
            filler.fill(builder)
            finish.judge(builder)
            sign_ins.judge(builder)
            held_keys.judge(builder)
        identity_center.build(world)
    return world
