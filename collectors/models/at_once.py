"""A migration operation that makes an app's tables at once (used by the initial migrations)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


class AtOnce(Operation):
    """CreateModels, with their indexes and constraints, in one step.

    Django renders all models anew after each operation on a model that others refer to, and nearly every table of ours refers to
    Account: one by one, 110 tables took 30 s of a first start. Here the models are rendered once, when all are known, and each is
    created with what its Meta then says. Only operations that add tables, indexes and constraints may stand inside.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, operations: Sequence[Operation]) -> None:
        allowed = (migrations.CreateModel, migrations.AddIndex, migrations.AddConstraint)
        if wrong := [one for one in operations if not isinstance(one, allowed)]:
            raise TypeError(f"{wrong[0].describe()}: only new tables, indexes and constraints are made at once.")
        self.operations = operations

    def describe(self) -> str:
        return f"Create {len(self._tables())} tables"

    def _tables(self) -> list[migrations.CreateModel]:
        return [one for one in self.operations if isinstance(one, migrations.CreateModel)]

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)
        for one in self.operations:
            one.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for table in self._tables():
            table.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for table in reversed(self._tables()):
            table.database_backwards(app_label, schema_editor, from_state, to_state)
