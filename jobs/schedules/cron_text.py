"""The text of a cron expression: checked, and cut into its fields."""

from jobs.schedules.errors import InvalidRule
from jobs.schedules.quartz import quartz_to_standard

LONGEST_EXPRESSION = 256

_ORDER = "minute hour day-of-month month day-of-week"
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def read_expression(expression: str | None) -> str:
    """The expression without blanks around it; raise ``InvalidRule`` if it is none at all."""
    text = (expression or "").strip()
    if not expression or not text:
        raise refusal(f"write five fields: {_ORDER}; for example 0 6 * * 1-5", "required")
    if len(expression) > LONGEST_EXPRESSION:
        raise refusal(f"{len(expression)} characters; at most {LONGEST_EXPRESSION} are allowed")
    if not expression.isascii():
        detail = f"{expression!r} holds characters outside ASCII; use plain letters and digits"
        raise refusal(detail)
    return text


def split_fields(text: str, *, is_quartz: bool) -> list[str]:
    """The texts of the seven fields in capitals, seconds first; macros are the same everywhere."""
    if text.startswith("@"):
        text = _expand(text)
    elif is_quartz:
        text = quartz_to_standard(text)
    texts = text.upper().split()
    match len(texts):
        case 5:
            return ["0", *texts, "*"]
        case 6:
            return [*texts, "*"]
        case 7:
            return texts
    detail = f"{len(texts)} fields; write five, {_ORDER}, six with seconds first"
    raise refusal(f"{detail}, or seven with a year last")


def _expand(macro: str) -> str:
    if macro.lower() == "@reboot":
        detail = "@reboot is not supported; a schedule knows no machine to start"
        raise refusal(detail, "not_supported")
    if macro.lower() not in _MACROS:
        raise refusal(f"{macro!r} is not known; use one of {', '.join(_MACROS)}, @every")
    return _MACROS[macro.lower()]


def refusal(detail: str, code: str = "invalid_cron") -> InvalidRule:
    """A whole expression refused."""
    return InvalidRule.single("cron_expression", code, detail)
