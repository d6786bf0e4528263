"""The pages of the dashboard: file, address, title and icon of each, and the role that may see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from dashboard.security.roles import Role


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `file` is relative to the script that Streamlit runs.

    `about`: whether the page shows figures, as those of a book or of the company; or customers, as those that may be
    named; or the data, as those of the company with findings about the customers that may be named; or the program,
    whatever book is on screen. `has_past`: whether the history has what it shows.
    """

    file: str
    title: str
    icon: str
    role: Role
    about: Literal["figures", "customers", "data", "program"] = "figures"
    has_past: bool = True

    @property
    def can_be_pinned(self) -> bool:
        """Whether the page can show what was known on a day."""
        return self.has_past and self.about in ("figures", "customers")

    @property
    def name(self) -> str:
        """The name of its file, by which programs know it."""
        return PurePosixPath(self.file).stem

    @property
    def address(self) -> str:
        """The path in its link; empty for the first page."""
        return "" if self is PAGES[0] else self.name


#: The pages in the order of the navigation; the first has the root address.
PAGES = (
    Page("screens/overview.py", "Overview", ":material/donut_small:", Role.READER),
    Page("screens/trends.py", "Trends", ":material/trending_up:", Role.READER),
    Page("screens/changes.py", "Changes", ":material/difference:", Role.READER),
    Page("screens/customers.py", "Customers", ":material/groups:", Role.MANAGER, "customers"),
    Page("screens/renewals.py", "Renewals", ":material/event_repeat:", Role.MANAGER, "customers", has_past=False),
    Page("screens/usage.py", "Usage", ":material/monitoring:", Role.READER),
    Page("screens/health.py", "Data health", ":material/monitor_heart:", Role.MANAGER, "data"),
    Page("screens/status.py", "Status", ":material/health_and_safety:", Role.OPERATOR, "program"),
    Page("screens/audit.py", "Audit", ":material/policy:", Role.OPERATOR, "program"),
)


def at(address: str) -> Page:
    """The page at an address."""
    return next(page for page in PAGES if page.address == address)


def named(name: str) -> Page | None:
    """The page with this name, if there is one."""
    return next((page for page in PAGES if page.name == name), None)
