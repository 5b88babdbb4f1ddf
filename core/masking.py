"""Hiding secrets in what an attempt says."""

import json
from typing import Any

SHORTEST_HIDDEN = 4
"""Characters: a shorter secret would blot out what has nothing to do with it."""
HIDDEN = "[secret]"


class Hider:
    """The secrets that one attempt has read, and their hiding in whatever it says."""

    def __init__(self) -> None:
        self._hidden: list[str] = []

    def add(self, secret: str) -> None:
        """Hide the secret, each of its lines, and how JSON writes it, be it all ASCII or not."""
        forms = {secret, *secret.splitlines()}
        forms |= {
            json.dumps(form, ensure_ascii=is_ascii)[1:-1]
            for form in forms
            for is_ascii in (True, False)
        }
        known = forms | set(self._hidden)
        # The longest first: a shorter one may be part of it.
        self._hidden = sorted((f for f in known if len(f) >= SHORTEST_HIDDEN), key=len)[::-1]

    def hide(self, text: str) -> str:
        """Return the text without the secrets."""
        for secret in self._hidden:
            text = text.replace(secret, HIDDEN)
        return text

    def hide_in_json(self, text: str) -> str:
        """Return the JSON text without the secrets; it stays JSON."""
        if self.hide(text) == text:
            return text
        hidden = self._hide_in(json.loads(text))
        return json.dumps(hidden, ensure_ascii=False, separators=(",", ":"))

    def _hide_in(self, value: Any) -> Any:
        match value:
            case dict():
                return {self.hide(name): self._hide_in(inner) for name, inner in value.items()}
            case list():
                return [self._hide_in(inner) for inner in value]
            case str():
                return self.hide(value)
            case int() | float() if self.hide(str(value)) != str(value):
                return HIDDEN
        return value
