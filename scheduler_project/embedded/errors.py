"""The one exception of this package."""


class EmbeddedServerError(Exception):
    """An embedded server cannot be used; the message is one line that says what to do."""
