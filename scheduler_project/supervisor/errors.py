"""The one exception of this package."""


class CannotStart(Exception):
    """The platform cannot start; the message is one line that says what to change."""
