"""The parameters of an execution, as people write them behind a command."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser


def add_parameter_options(parser: CommandParser) -> None:
    """Add ``--param``, which may be repeated, and ``--parameters``, which gives all at once."""
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter; the value is read as JSON if it is JSON, else as text",
    )
    parser.add_argument(
        "--parameters", metavar="JSON", help='all parameters as one object, such as {"days": 3}'
    )


def read_parameters(options: dict[str, Any], *, given: dict[str, Any]) -> dict[str, Any]:
    """Return ``--parameters``, or else ``given``, with each ``--param`` set in it."""
    parameters = given if options["parameters"] is None else _read_object(options["parameters"])
    return {**parameters, **dict(map(_read_pair, options["param"]))}


def _read_object(text: str) -> dict[str, Any]:
    try:
        parameters = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--parameters is not JSON: {error}.") from None
    if not isinstance(parameters, dict):
        raise CommandError('--parameters is not a JSON object, such as {"days": 3}.')
    return parameters


def _read_pair(pair: str) -> tuple[str, Any]:
    name, sign, value = pair.partition("=")
    if not name or not sign:
        raise CommandError(f"--param {pair!r} is not of the form name=value.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
