"""Fails where an SBOM (CycloneDX) is not what the lock installs, or a licence is not known: sbom.py SBOM LOCK."""

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Who says it in no form that the SBOM takes over; read in their own files.
LICENSES = {"protobuf": "BSD-3-Clause", "pydeck": "Apache-2.0"}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(sbom: str, lock: str) -> int:
    components = json.loads(Path(sbom).read_text(encoding="utf-8"))["components"]
    listed = {_plain(each["name"]): each["version"] for each in components}
    lines = re.findall(r"^([\w.-]+)==([\w.]+)( ;.*)? \\$", Path(lock).read_text(encoding="utf-8"), re.MULTILINE)
    locked = {_plain(name): version for name, version, _ in lines}
    everywhere = {_plain(name) for name, _, only_where in lines if not only_where}
    wrong = {name for name, version in listed.items() if locked.get(name) != version} | everywhere - listed.keys()
    licenses = Counter(
        next((str(given.get("id") or given.get("name")) for given in _given(each)), LICENSES.get(each["name"], ""))
        for each in components
    )
    for license_, number in sorted(licenses.items(), key=lambda found: (-found[1], found[0])):
        print(f"{number:3} {license_ or 'not known'}")
    if wrong or licenses[""]:
        print(f"not as locked: {sorted(wrong)}; without a licence: {licenses['']}", file=sys.stderr)
        return 1
    return 0


def _given(component: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [each.get("license") or {"name": each["expression"]} for each in component.get("licenses", [])]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
