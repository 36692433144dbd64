"""Which recipe is planted in which account: a decorator, so that a new recipe is a function and no list entry."""

from collections.abc import Callable

from collectors.lab.population.builder import Builder

Recipe = Callable[[Builder], None]
RECIPES: list[tuple[Recipe, Callable[[Builder], bool]]] = []


def planted(
    every: int = 1, offset: int = 0, *, ou: str | None = None, name: str | None = None, member: bool = False
) -> Callable[[Recipe], Recipe]:
    """In every n-th account of the plan, or those of an OU (with what lies under it), or the one of a name."""

    def applies(builder: Builder) -> bool:
        account = builder.account
        if name is not None and account.name != name:
            return False
        if ou is not None and account.ou.partition("/")[0] != ou:
            return False
        if member and account.index == 0:
            return False
        return account.index % every == offset

    def register(recipe: Recipe) -> Recipe:
        RECIPES.append((recipe, applies))
        return recipe

    return register
