"""Compiles what the first page and the commands load, so that the image starts quickly with a root that is only read.

The bytecode is taken as it is, without a look at the sources, which no longer change. Of libraries it takes the place
of the sources, which would be as large again: a traceback then names file and line without showing the line. From the
program's folder.
"""

import py_compile
import sys
from pathlib import Path

from streamlit.testing.v1 import AppTest

import data_access.__main__  # noqa: F401 - and so what the commands load

own = Path.cwd()
page = AppTest.from_file(str(own / "streamlit_app.py"), default_timeout=600).run()
if page.exception:
    sys.exit(f"The first page cannot be drawn: {page.exception[0].message}")
loaded = {Path(module.__file__) for module in [*sys.modules.values()] if getattr(module, "__file__", None)}
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
for source in own.rglob("*.py"):
    py_compile.compile(str(source), doraise=True, invalidation_mode=unchecked)
for source in sorted(loaded):
    if source.suffix == ".py" and source.is_relative_to(sys.prefix):
        py_compile.compile(str(source), str(source.with_suffix(".pyc")), doraise=True, invalidation_mode=unchecked)
        source.unlink()
