"""Runs tests with a Python of which only what the image needs is there: `python within.py LIBRARIES LOCK ARGUMENTS…`.

LIBRARIES is a folder with what tests need besides. What the LOCK names is not taken from there, so that whatever was
left out of the image is missing here too.
"""

import os
import re
import sys
import tempfile
from importlib import metadata
from pathlib import Path


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


libraries, lock, *arguments = sys.argv[1:]
in_the_image = {_plain(name) for name in re.findall(r"^([\w.-]+)==", Path(lock).read_text(), re.MULTILINE)}
beside = Path(tempfile.mkdtemp())
for distribution in metadata.distributions(path=[libraries]):
    if _plain(distribution.name) in in_the_image:
        continue
    for part in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
        if not (beside / part).exists():
            (beside / part).symlink_to(Path(libraries) / part)
sys.path.append(str(beside))
os.environ["PYTHONPATH"] = str(beside)  # for the programs that tests start

import pytest  # noqa: E402 - from there

sys.exit(pytest.main(arguments))
