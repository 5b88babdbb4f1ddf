"""Why one field of a cron expression is refused."""


class BadField(ValueError):
    """One field's text is refused; the message names the token, the allowed range and the fix."""
