"""The product's name and version: pyproject.toml has them, and everything else takes them from here."""

from __future__ import annotations

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

NAME: str = _project["name"]
VERSION: str = _project["version"]
