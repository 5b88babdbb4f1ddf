"""Lists of tables too long to count: they know whether a next page exists, and no more."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.http import HttpRequest

from core.admin_page import PlatformAdmin

_LAST_PAGE = 200  # further back, a filter or a search is faster than leafing


class NextPagePaginator(Paginator):  # type: ignore[type-arg]
    """Reads one row more than its page shows. No statement of it reads more than 200 pages."""

    def __init__(self, rows: Any, per_page: int, *, page: int) -> None:
        super().__init__(rows, per_page)
        self._rows = rows
        self._page = min(max(page, 1), _LAST_PAGE)

    @cached_property
    def count(self) -> int:
        """How many rows there are up to the end of this page, and one more if there are more."""
        start = (self._page - 1) * self.per_page
        more = 1 if self._page < _LAST_PAGE else 0
        rows = self._rows.values_list("pk", flat=True)[start : start + self.per_page + more]
        return start + len(rows)

    def get_elided_page_range(self, number: Any = 1, **_: Any) -> Iterator[int | str]:
        """The first page, then the one before, this one and the next."""
        first = max(int(number) - 1, 1)
        if first > 1:
            yield 1
        if first > 2:
            yield str(self.ELLIPSIS)
        yield from range(first, min(int(number) + 1, self.num_pages) + 1)


class HistoryList(ChangeList):
    """Says nothing about how many there are, so nothing has to count."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page; "all" is what it shows, also for what may be selected."""
        super().get_results(request)
        self.result_count = self.full_result_count = len(self.result_list)


class HistoryAdmin(PlatformAdmin):
    """A list of rows that only grow: newest first, read-only, never counted."""

    show_full_result_count = False
    list_max_show_all = 0
    ordering = ("-pk",)
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return HistoryList

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any
    ) -> NextPagePaginator:
        page = request.GET.get(PAGE_VAR, "1")
        return NextPagePaginator(queryset, per_page, page=int(page) if page.isdigit() else 1)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
