"""What deploy/slim.py leaves out of the image: all that it names and nothing else, and no page needs any of it."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("slim", ROOT / "deploy" / "slim.py")
assert _SPEC
assert _SPEC.loader
slim = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(slim)

PAGES = "\n".join(file.read_text() for file in sorted((ROOT / "dashboard").rglob("*.py")))
STAYS = [
    "pandas/core/frame.py",
    "plotly/graph_objs/scatter/__init__.py",
    "plotly/graph_objs/_bar.py",
    "pyarrow/libarrow.so.2600",
    "pyarrow/libarrow_python.so.2600",
    "pyarrow/libarrow_s3.so.2600",
    "streamlit/static/static/js/BidiComponent.B0.js",
    "streamlit/static/static/js/StreamlitMarkdown.B0.js",
]


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def site(tmp_path):
    """A folder of libraries in which every entry finds something."""
    for name in slim.LIBRARIES:
        info = f"{name.replace('-', '_')}-1.0.dist-info"
        write(tmp_path / info / "METADATA", f"Name: {name}\nVersion: 1.0\n")
        own = f"{name.replace('-', '_')}_of/__init__.py"
        write(tmp_path / own)
        write(tmp_path / info / "RECORD", f"{own},,\n{info}/METADATA,,\n../../../bin/{name},,\n")
    for pattern in (pattern for patterns in slim.FILES.values() for pattern in patterns):
        write(tmp_path / pattern.replace("**", "somewhere").replace("*", "B0"))
    for name in STAYS:
        write(tmp_path / name)
    return tmp_path


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_named_is_left_out_and_nothing_else(site):
    slim.libraries(site)
    assert files(site) == sorted(STAYS)


def test_an_entry_that_finds_nothing_ends_the_build(site):
    (site / "plotly" / "labextension").unlink()
    with pytest.raises(SystemExit, match="nothing is called plotly/labextension any more"):
        slim.libraries(site)


def test_a_library_that_is_not_brought_along_any_more_ends_the_build(site):
    (site / "altair-1.0.dist-info" / "METADATA").unlink()
    (site / "altair-1.0.dist-info" / "RECORD").unlink()
    (site / "altair-1.0.dist-info").rmdir()
    with pytest.raises(SystemExit, match="altair is not installed"):
        slim.libraries(site)


def test_a_package_of_the_base_goes_with_its_entry_and_leaves_what_others_have_and_pythons_bytecode(tmp_path):
    dpkg = tmp_path / "var/lib/dpkg"
    write(dpkg / "info/apt.list", "/.\n/usr\n/usr/bin\n/usr/bin/apt\n/usr/share/shared\n")
    write(dpkg / "info/apt.md5sums")
    write(dpkg / "info/libpam0g:amd64.list", "/usr/lib/libpam.so\n")
    write(dpkg / "info/libc6:amd64.list", "/usr/bin\n/usr/share/shared\n/usr/lib/libc.so\n")
    write(dpkg / "status", "Package: apt\nStatus: x\n\nPackage: libpam0g\nStatus: x\n\nPackage: libc6\nStatus: x\n\n")
    for name in ("usr/bin/apt", "usr/share/shared", "usr/lib/libc.so", "usr/lib/libpam.so", "var/log/dpkg.log"):
        write(tmp_path / name)
    python = tmp_path / "usr/lib/python3.11/json"
    write(python / "decoder.py")
    write(python / "__pycache__/decoder.cpython-311.pyc")
    write(python / "never_compiled.py")
    slim.base(tmp_path)
    own = ("usr/lib/python3.11/json/decoder.pyc", "usr/lib/python3.11/json/never_compiled.py")
    assert files(tmp_path) == sorted(
        [*own, "usr/lib/libc.so", "usr/share/shared", "var/lib/dpkg/info/libc6:amd64.list", "var/lib/dpkg/status"]
    )
    assert (dpkg / "status").read_text() == "Package: libc6\nStatus: x\n\n"


def test_no_page_has_an_element_whose_script_or_library_is_left_out():
    drawn = set(re.findall(r"\.(\w+_chart|image|logo)\(|\bst\.(map)\(", PAGES))
    assert not drawn


def test_no_chart_is_of_a_kind_that_is_left_out():
    drawn = set(re.findall(r'"type": "(\w+)"|type="(\w+)"', PAGES))
    used = {name for pair in drawn for name in pair if name}
    assert {"bar", "scatter"} <= used
    assert not {name for name in used for kind in slim._KINDS if Path(name).match(kind)}
