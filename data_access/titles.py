"""Titles: the product's own, and those of services and channels by their codes, which get one spelling.

Services and channels are open sets: a code without a title here is shown as Microsoft spells it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import pandas as pd

from data_access import texts

#: What the product is called, on pages and to Microsoft.
PRODUCT = "Partner License Insights"
#: `o365` and `crm` are the service codes that Microsoft's pages show; the others are widely used short names.
SERVICES = {
    "o365": "Microsoft 365",
    "crm": "Dynamics 365",
    "aadp": "Entra ID",
    "copilot": "Microsoft 365 Copilot",
    "defender": "Defender",
    "ems": "Enterprise Mobility + Security",
    "exo": "Exchange Online",
    "flow": "Power Automate",
    "intune": "Intune",
    "mip": "Purview Information Protection",
    "odb": "OneDrive",
    "pbi": "Power BI",
    "powerapps": "Power Apps",
    "project": "Project",
    "sfb": "Skype for Business",
    "spo": "SharePoint",
    "teams": "Teams",
    "visio": "Visio",
    "win365": "Windows 365",
    "yammer": "Viva Engage",
}
#: `reseller` is the channel in every published answer; the .NET reference adds "Direct".
CHANNELS = {"reseller": "Reseller", "direct": "Direct", "indirect": "Indirect", "advisor": "Advisor"}

_SMALL = frozenset({"AND", "FOR", "OF", "WITH", "IN", "TO", "ON", "THE", "OR", "PER"})
_ACRONYMS = frozenset({"CRM", "ERP", "EMS", "SMB", "VDA", "DLP", "MDM", "GCC", "EOP", "ATP", "CAL", "USL", "RMS"})

#: The codes whose spelling Microsoft's pages show; every other one keeps a spelling in which it arrives.
DOCUMENTED = frozenset({"o365", "crm", "reseller", "direct"})


def service_title(code: str) -> str:
    return SERVICES.get(texts.key(code), code)


def channel_title(code: str) -> str:
    return CHANNELS.get(texts.key(code), code)


def through(title: str, channel: str) -> str:
    """What is sold under this title in one channel alone."""
    return f"{title} through {channel_title(channel)}"


@lru_cache(maxsize=4096)
def product_title(name: str) -> str:
    """A product's name as people write it: Microsoft sends many of them in capitals. Others stay as they are."""
    if name.upper() != name:
        return name
    return " ".join(_word(word, place) for place, word in enumerate(name.split(" ")))


def _word(word: str, place: int) -> str:
    """One word of a name in capitals; what has a figure in it, or no more than two letters, is no word."""
    bare = word.strip("()")
    if bare in _SMALL and place:
        return word.lower()
    if bare in _ACRONYMS or len(bare) < 3 or any(sign.isdigit() for sign in bare):
        return word
    return word.replace(bare, bare.capitalize())


def as_sorted(column: pd.Series) -> pd.Series:
    """What to sort a column by, for people where it is the `title`; the key of `sort_values`."""
    return column.map(texts.order) if column.name == "title" else column


def spellings(codes: Iterable[str]) -> dict[str, str]:
    """For each code the spelling that stands for all that are the same: the documented one, else one of theirs."""
    return texts.spellings(codes, DOCUMENTED)


def one_spelling(codes: pd.Series) -> pd.Series:
    """The same codes (`str`), where those that are the same have one spelling; see `spellings`."""
    return codes.astype("str").map(spellings(codes.dropna().unique())).astype("str")
