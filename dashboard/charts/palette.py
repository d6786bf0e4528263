"""The colours of the charts, for each of the two themes in `.streamlit/config.toml`; each of them means one thing."""

from __future__ import annotations

from dataclasses import dataclass, fields

FONT = "Inter, sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme. Whatever a colour says, a place, a sign or a figure says too."""

    text: str
    muted: str
    grid: str
    background: str
    deployed: str  # the product's own: lines, and what is chosen
    bar: str  # licenses that are deployed and used, without a judgement
    distance: str  # the outline of what is missing up to the target
    undeployed: str  # licenses that are not deployed
    action: str  # what somebody should act on first: most to deploy, nobody has decided
    unused: str  # deployed and not used
    extended: str  # goes into the extended service term
    ended: str  # ends or expires; in both themes the lighter one of the two grays of what is settled
    otherwise: str  # something else becomes of it; the darker one
    unknown: str  # no figures: Microsoft sends none, or the next ones are still expected
    better: str  # a move towards the target
    worse: str  # a move away from it; later than usual
    target: str


LIGHT = Palette(
    text="#0C1420",
    muted="#566173",
    grid="#E6EAF0",
    background="#FFFFFF",
    deployed="#0F5FC2",
    bar="#5F83B3",
    distance="#8E9BAC",
    undeployed="#F3D3B0",
    action="#A8480A",
    unused="#A58CC9",
    extended="#3A9188",
    ended="#A3AFBE",
    otherwise="#5C687B",
    unknown="#C7CFDA",
    better="#18794E",
    worse="#C6362C",
    target="#0C1420",
)
DARK = Palette(
    text="#E8EDF4",
    muted="#A3AFBF",
    grid="#28323F",
    background="#10151D",
    deployed="#6CA8F7",
    bar="#7C9CC9",
    distance="#6F7E92",
    undeployed="#84592E",
    action="#F0A35B",
    unused="#8A6FB3",
    extended="#3D8F87",
    ended="#BAC4D0",
    otherwise="#53617A",
    unknown="#4A5767",
    better="#4CC38A",
    worse="#FF8B7E",
    target="#E8EDF4",
)


#: The light theme's colours by those of the dark one, for pictures of charts.
FOR_PRINT = {getattr(DARK, each.name): getattr(LIGHT, each.name) for each in fields(Palette)}


def of(dark: bool) -> Palette:
    return DARK if dark else LIGHT
