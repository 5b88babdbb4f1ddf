"""Names on the wire: camelCase there, snake_case here."""


def camel_case(name: str) -> str:
    """Return ``time_of_day`` as ``timeOfDay``."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
