"""What axe-core finds on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page


def violations(
    page: Page, include: Sequence[str] = (), exclude: Sequence[str] = (), options: Mapping[str, object] | None = None
) -> list[Any]:
    """What breaks a rule in the parts to `include`, or on the whole page; a page is given the script once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    context = {"exclude": [*exclude], **({"include": [*include]} if include else {})}
    asked = [context, {"resultTypes": ["violations"], **(options or {})}]
    found: list[Any] = page.evaluate("([context, options]) => axe.run(context, options)", asked)["violations"]
    return found
