"""Cells that read the same on every admin page."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from core.times import show_time

NOTHING = mark_safe('<span class="nothing">-</span>')


def badge(word: str, *, look: str, sign: str) -> SafeString:
    """Return a state as sign, word and colour.

    ``sign`` names a Material Symbol, ``look`` a colour of ``admin.css``.
    """
    return format_html('<span class="badge badge-{}">{} {}</span>', look, icon(sign), word)


def icon(name: str) -> SafeString:
    """Return a Material Symbol, as decoration: nobody hears it read out."""
    return format_html('<span class="material-symbols-outlined" aria-hidden="true">{}</span>', name)


def moment(at: datetime | None) -> SafeString:
    """Return a time in UTC with seconds, in one piece."""
    if at is None:
        return NOTHING
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), show_time(at))


def short_moment(at: datetime | None) -> SafeString:
    """Return the same without "UTC", for columns whose head says it."""
    if at is None:
        return NOTHING
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), show_time(at)[:-4])


def pretty_json(value: Any) -> SafeString:
    """Return a JSON value as people read it."""
    if value is None:
        return NOTHING
    return block(json.dumps(value, indent=2, ensure_ascii=False))


def block(text: str | None) -> SafeString:
    """Return text as it was written, in letters of equal width."""
    return format_html('<pre class="block">{}</pre>', text) if text else NOTHING


def changes(
    before: dict[str, Any],
    after: dict[str, Any],
    show: Callable[[str, Any], str] = lambda name, value: value_text(value),
) -> SafeString:
    """Return what differs between two sets of fields, each with its value before and after.

    Where there was nothing before, only what has a value is told.
    """
    sides = [("before", before), ("after", after)] if before else [("value", after)]
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    shown = {
        name: [show(name, side[name]) if name in side else "" for _, side in sides]
        for name in names
    }
    rows = [
        (name.removesuffix("_id").replace("_", " "), *(_side(text) for text in texts))
        for name, texts in shown.items()
        if any(texts)
    ]
    return table(["field", *(title for title, _ in sides)], rows, empty="Nothing differs.")


def value_text(value: Any) -> str:
    """Return one value as people read it: text as it is, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _side(text: str) -> SafeString:
    return format_html('<span class="value">{}</span>', text) if text else NOTHING


def link(obj: Any, text: Any = None) -> SafeString:
    """Return a link to an object's page."""
    return link_to(obj._meta.model, obj.pk, obj if text is None else text)


def link_to(model: Any, key: Any, text: Any) -> SafeString:
    """Return a link to the page of the object with this key."""
    options = model._meta
    url = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[key])
    return format_html('<a href="{}">{}</a>', url, text)


def table(columns: Iterable[str], rows: Iterable[Iterable[Any]], *, empty: str) -> SafeString:
    """Return a table, or ``empty`` when it would have no rows."""
    cells = [
        format_html("<tr>{}</tr>", format_html_join("", "<td>{}</td>", ((cell,) for cell in row)))
        for row in rows
    ]
    if not cells:
        return format_html('<p class="quiet">{}</p>', empty)
    return format_html(
        '<div class="scroller" tabindex="0"><table class="rows">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        format_html_join("", '<th scope="col">{}</th>', ((column,) for column in columns)),
        format_html_join("", "{}", ((row,) for row in cells)),
    )
