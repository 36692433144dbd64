"""All tables of an app in one migration, for new databases."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

from collectors.models.partitions import CreatePartitioned, Partition, partitioned


class AtOnce(Operation):
    """Make the tables of an app as its migrations `names` leave them, each table once.

    Django renders all models anew after each operation on a model that others refer to, and nearly every table of ours refers to
    Account: 60 migrations took 25 s of a first start. Here the operations only say what the models are in the end, which are
    rendered once. What a migration does by SQL is not done: the one that uses this names what a new database needs of it.
    """

    reduces_to_sql = True
    reversible = False

    def __init__(self, package: str, names: Sequence[str]) -> None:
        modules = [import_module(f"{package}.{name}") for name in names]
        self.operations: list[Operation] = [one for module in modules for one in module.Migration.operations]

    def describe(self) -> str:
        return "Make all tables at once"

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)  # else it would be rendered after each of them
        for one in self.operations:
            one.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        by = {one.name: one.by for one in self.operations if isinstance(one, CreatePartitioned | Partition)}
        names = [one.name for one in self.operations if isinstance(one, migrations.CreateModel)]
        models = [to_state.apps.get_model(app_label, name) for name in names]
        if {model._meta.model_name for model in models} != {name for app, name in to_state.models if app == app_label}:
            raise NotImplementedError("A model that was renamed or deleted cannot be made at once.")
        for model in models:
            column = by.get(model.__name__)
            with partitioned(schema_editor, column) if column else nullcontext():
                schema_editor.create_model(model)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        raise NotImplementedError("A new database has nothing to go back to.")
