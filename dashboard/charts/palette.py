"""The colours of the charts, for each of the two themes in `.streamlit/config.toml`."""

from __future__ import annotations

from dataclasses import dataclass

FONT = "Inter, sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme; parts of a bar differ in hatching too, for users who do not tell colours apart."""

    text: str
    muted: str
    grid: str
    background: str
    deployed: str
    below_target: str
    gap: str
    unused: str
    unused_hatching: str
    target: str


LIGHT = Palette(
    text="#0C1420",
    muted="#566173",
    grid="#E6EAF0",
    background="#FFFFFF",
    deployed="#0F5FC2",
    below_target="#B4530A",
    gap="#E8D5C0",
    unused="#EADCF4",
    unused_hatching="#7A2FA8",
    target="#0C1420",
)
DARK = Palette(
    text="#E8EDF4",
    muted="#A3AFBF",
    grid="#28323F",
    background="#10151D",
    deployed="#6CA8F7",
    below_target="#F0A35B",
    gap="#54412F",
    unused="#3B2A4A",
    unused_hatching="#C995F0",
    target="#E8EDF4",
)


def of(dark: bool) -> Palette:
    return DARK if dark else LIGHT
