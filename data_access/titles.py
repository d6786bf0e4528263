"""Titles: the product's own, and those of services and channels by their codes, which get one spelling.

Services and channels are open sets: a code without a title here is shown as Microsoft spells it.
"""

from __future__ import annotations

import pandas as pd

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

#: The codes whose spelling Microsoft's pages show; every other one keeps the spelling in which it arrives.
DOCUMENTED = frozenset({"o365", "crm", "reseller", "direct"})


def service_title(code: str) -> str:
    return SERVICES.get(code.casefold(), code)


def channel_title(code: str) -> str:
    return CHANNELS.get(code.casefold(), code)


def one_spelling(codes: pd.Series) -> pd.Series:
    """The codes, in lower case where they are documented or come in several spellings; a lone spelling stays."""
    spellings: dict[str, set[str]] = {}
    for code in codes.unique():
        spellings.setdefault(code.casefold(), set()).add(code)
    chosen = {
        code: folded if folded in DOCUMENTED or len(variants) > 1 else code
        for folded, variants in spellings.items()
        for code in variants
    }
    changes = any(code != spelling for code, spelling in chosen.items())
    return codes.map(chosen) if changes else codes
