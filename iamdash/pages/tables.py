"""django-tables2 tables whose rows the database has already ordered."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import django_tables2 as tables
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_tables2 import A
from django_tables2.columns import BoundColumn
from django_tables2.data import TableListData

from iamdash.access.models import Operator, Role
from iamdash.pages import show
from iamdash.pages.columns import Columns
from iamdash.pages.filters import Asked
from iamdash.pages.html import format_html, format_html_join

NUMBER = {"td": {"class": "number"}, "th": {"class": "number"}}  # attributes of a column of numbers
SELECT = format_html('<span class="hidden">{}</span>', "Select")  # the heading of a column of boxes
CHANGE = format_html(
    '<span class="hidden">{}</span>', "Change"
)  # of a column `act`, of buttons and links that change a row


def picker(value: object, name: str) -> SafeString:
    """The box of a row, for the form `work` of its list."""
    told = f"Select {show.hidden(name)}"
    return format_html('<input type="checkbox" name="pick" value="{}" form="work" aria-label="{}">', value, told)


def act(address: str, word: str, what: str) -> SafeString:
    """A button that changes a row: it sends the form `acts` of its list to its own address. what: for who hears it alone."""
    return format_html(
        '<button class="quiet" form="acts" formaction="{}" aria-label="{}">{}</button>',
        address,
        f"{word} {show.hidden(what)}",
        word,
    )


class Ordered(TableListData):
    """django-tables2 draws the rows and leaves their order alone."""

    def order_by(self, aliases: Any) -> None:
        pass


@cache
def taken(render: Callable[..., Any]) -> frozenset[str]:
    """The arguments that a function of a table's class takes."""
    return frozenset(inspect.signature(render).parameters)


@dataclass(frozen=True)
class Cells:
    """What is alike in a column's cells. form: of one, around its content. arguments: those of value and record that render
    takes."""

    form: str
    accessor: A
    render: Callable[..., Any]
    arguments: Collection[str]
    empty: Collection[Any]
    default: Any

    @classmethod
    def of(cls, column: BoundColumn, *, lead: bool) -> Cells:
        style = column.attrs["td"]["class"]
        tag, scope = ("th", ' scope="row"') if lead else ("td", "")
        form = f'<{tag}{scope} class="{style}">{{}}</{tag}>' if style else f"<{tag}{scope}>{{}}</{tag}>"
        takes = taken(column.render.__func__) & {"value", "record"}
        return cls(form, A(column.accessor), column.render, takes, column.column.empty_values, column.default)

    def draw(self, record: Any) -> SafeString:
        value = self.accessor.resolve(record, quiet=True)
        if value in self.empty:
            return format_html(self.form, self.default)
        given = {"value": value, "record": record}
        return format_html(self.form, self.render(**{name: given[name] for name in self.arguments}))


@dataclass(frozen=True)
class Head:
    """A column's heading. url: the list sorted by it, "" if it cannot be. aria: the value of aria-sort, "" if not sorted."""

    column: BoundColumn
    url: str
    aria: str


class ListTable(tables.Table):
    """Columns whose names are sorts of the list's filters get sort links. Meta.caption is for screen readers.

    `lead` names the column that is each row's heading and holds the link to its page. It always shows, and so do those of
    `fixed`; the others may be chosen, and those of `spare` show only then. tells: column -> fields of the list's export that
    tell the same. A column `act`, one of `fixed`, is there for who may change rows.
    """

    lead: str
    caption: str
    fixed: ClassVar[tuple[str, ...]] = ()
    spare: ClassVar[tuple[str, ...]] = ()
    tells: ClassVar[Mapping[str, Sequence[str]]] = {}

    class Meta:
        template_name = "components/table.html"
        orderable = False
        attrs = {"class": "table"}

    def __init__(self, data: Ordered, *, asked: Asked, request: HttpRequest) -> None:
        super().__init__(data)  # without the request: how it is sorted, `asked` has understood
        self.request = request
        self.asked = asked
        for name in self.offered().hidden(asked.cols):
            self.columns.hide(name)
        if "act" in self.base_columns and not self.acts:
            self.columns.hide("act")

    @property
    def acts(self) -> bool:
        """Whether rows have buttons of their own (`act`) for this operator."""
        return "act" in self.base_columns and self.may_act(self.request.user)

    def may_act(self, operator: Operator) -> bool:
        return operator.may(Role.ADMIN)

    @classmethod
    def offered(cls) -> Columns:
        found = {
            name: str(column.verbose_name or name.replace("_", " ").capitalize())
            for name, column in cls.base_columns.items()
            if name != cls.lead and name not in cls.fixed
        }
        return Columns(found, tuple(name for name in found if name not in cls.spare))

    def heads(self) -> Iterator[Head]:
        sorts = self.asked.filters.sorts
        now = self.asked.sort.removeprefix("-")
        for column in self.columns:
            sort = sorts.get(column.name)
            if sort is None:
                yield Head(column, "", "")
            elif column.name == now:
                other = now if self.asked.descending else f"-{now}"
                yield Head(column, self.asked.url(sort=other), "descending" if self.asked.descending else "ascending")
            else:
                yield Head(column, self.asked.url(sort=f"-{column.name}" if sort.descending else column.name), "")

    def body(self) -> Iterator[SafeString]:
        """The cells of each row. django-tables2 asks for each cell anew what its column's attributes are and render takes."""
        columns = [Cells.of(column, lead=column.name == self.lead) for column in self.columns]
        for record in self.data:
            yield format_html_join("", "{}", ((one.draw(record),) for one in columns))
