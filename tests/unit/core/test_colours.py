"""The colours of states can be read: in light and dark, text to its tint at least 4.5 to 1."""

import re
from pathlib import Path

import pytest

_CSS = (Path(__file__).parents[3] / "core/static/core/admin.css").read_text()
_LOOKS = ("good", "bad", "active", "waiting", "late", "stopped", "missed")


def colours_of(selector: str) -> dict[str, str]:
    block = _CSS[_CSS.index(f"\n{selector} {{") :]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[: block.index("\n}")]))


def luminance(colour: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21_to_1() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21


@pytest.mark.parametrize("look", _LOOKS)
@pytest.mark.parametrize("selector", [":root", ".dark"])
def test_a_state_can_be_read(selector: str, look: str) -> None:
    colours = colours_of(selector)
    assert contrast(colours[look], colours[f"{look}-tint"]) >= 4.5
