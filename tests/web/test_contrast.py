"""Text can be read by people with poor sight: contrast of the colours of the style sheet (WCAG 2.2, 1.4.3, 1.4.11)."""

import re

import pytest

from portability.adapters.workers.web.rendering import style_sheet

STYLE = style_sheet().decode()
COLOURS = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", STYLE))
WHITE = "#fff"

TEXT = [
    *((name, ground) for name in ("ink", "soft", "blue", "blue-dark", "late") for ground in ("ground", "tint")),
    ("late", "late-tint"),
    ("ink", "late-tint"),
]
LINES = [("line", "ground"), ("line", "tint"), ("blue", "tint")]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definition)."""
    plain = colour.lstrip("#")
    plain = "".join(character * 2 for character in plain) if len(plain) == 3 else plain
    parts = [int(plain[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    brighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_the_measure_is_right_at_its_ends() -> None:
    assert contrast("#000", WHITE) == pytest.approx(21)
    assert contrast(WHITE, WHITE) == 1


@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_stands_out_from_its_ground(text: str, ground: str) -> None:
    assert contrast(COLOURS[text], COLOURS[ground]) >= 4.5


@pytest.mark.parametrize("ground", ["blue", "blue-dark", "late"])
def test_white_text_stands_out_on_the_dark_grounds(ground: str) -> None:
    assert contrast(WHITE, COLOURS[ground]) >= 4.5


@pytest.mark.parametrize(("line", "ground"), LINES)
def test_lines_that_mean_something_can_be_seen(line: str, ground: str) -> None:
    assert contrast(COLOURS[line], COLOURS[ground]) >= 3


def test_focus_can_be_seen_on_light_and_dark() -> None:
    assert ":focus-visible{outline:3px solid #1b1b1b" in STYLE
    # The ring is two colours: one of them stands out on any ground.
    assert contrast("#1b1b1b", WHITE) >= 3
    assert contrast("#ffd33d", COLOURS["blue-dark"]) >= 3
    assert "outline:none" not in STYLE
