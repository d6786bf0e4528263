"""Every page: its file, its name in the address, its title and icon, and who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from dashboard.security.roles import Role


@dataclass(frozen=True, slots=True)
class Place:
    """One page. `file` is relative to the script that Streamlit runs."""

    file: str
    title: str
    icon: str
    role: Role

    @property
    def address(self) -> str:
        """The path of its link; the first page has none."""
        return "" if self is PLACES[0] else PurePosixPath(self.file).stem


#: In the order of the navigation; the first is the one to begin with.
PLACES = (
    Place("screens/overview.py", "Overview", ":material/donut_small:", Role.READER),
    Place("screens/trends.py", "Trends", ":material/trending_up:", Role.READER),
    Place("screens/changes.py", "Changes", ":material/difference:", Role.READER),
    Place("screens/customers.py", "Customers", ":material/groups:", Role.MANAGER),
    Place("screens/usage.py", "Usage", ":material/monitoring:", Role.READER),
    Place("screens/health.py", "Data health", ":material/monitor_heart:", Role.MANAGER),
    Place("screens/status.py", "Status", ":material/health_and_safety:", Role.OPERATOR),
)


def at(address: str) -> Place:
    """The page at an address."""
    return next(place for place in PLACES if place.address == address)
