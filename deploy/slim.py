"""Leaves out of the image what the program never opens; each entry has its reason beside it.

An entry of the libraries that finds nothing ends the build: the next version of a library has moved what it was about.
"""

import shutil
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

#: Distributions that Streamlit brings along for elements that no page has. It loads each when such an element is drawn.
LIBRARIES = {
    "altair": "st.altair_chart and its relatives; our charts are plotly's",
    "jsonschema": "altair's",
    "jsonschema-specifications": "altair's",
    "referencing": "altair's",
    "rpds-py": "altair's",
    "pydeck": "maps",
    "pillow": "st.image",
}

_KINDS = (
    *("*3d", "cone", "isosurface", "streamtube", "surface", "volume", "choropleth*", "densitymap", "scattergeo"),
    *("scattermap", "*polar", "scatterpolargl", "scattersmith", "scatterternary", "carpet", "scattercarpet", "parcats"),
    *("parcoords", "splom", "sunburst", "treemap", "pie", "funnel*", "violin", "box", "ohlc"),
)

#: Below site-packages.
FILES = {
    "tests": ["**/tests", "pandas/conftest.py", "numpy/_core/_simd.*.so", "pyarrow/_pyarrow_cpp_tests.*.so"],
    "sources of extensions, and what compiles and types them": [
        *("**/*.pyx", "**/*.pxd", "**/*.pxi", "**/*.pyi", "**/*.h", "**/*.hpp", "**/*.cc", "**/*.a"),
        *("pyarrow/include", "pyarrow/src", "numpy/distutils"),
    ],
    "for notebooks": ["plotly/package_data/widgetbundle.js", "plotly/labextension"],
    "a script for all kinds of charts; ours is in dashboard/plotly": ["plotly/package_data/plotly.min.js"],
    "invented data": ["plotly/package_data/datasets", "plotly/data"],
    "charts of kinds that no page has: in space, on maps, in other coordinates; or made of whole tables": [
        *(f"plotly/graph_objs/{kind}" for kind in _KINDS),
        *(f"plotly/graph_objs/_{kind}.py" for kind in _KINDS),
        *(f"plotly/graph_objs/layout/{part}" for part in ("scene", "polar", "geo", "ternary", "smith", "map*")),
        *("plotly/express", "plotly/figure_factory", "plotly/matplotlylib", "plotly/graph_objs/_figurewidget.py"),
    ],
    "Arrow over a network": ["pyarrow/*flight*"],
    "the same library a second and third time; its name with the version alone is linked to": [
        "pyarrow/libarrow_python*.so",
        "pyarrow/libarrow_python*.so.*.*.*",
    ],
    "scripts of elements that no page has; the page loads each of them when such an element is drawn": [
        f"streamlit/static/static/js/{script}.*.js"
        for script in (
            *("PlotlyChart", "DeckGlJsonChart", "EChartsChart", "GraphVizChart", "ArrowVegaLiteChart", "embed"),
            *("MermaidChart", "mermaid", "elk-*", "cytoscape", "swimlanes-*", "cose-bilkent-*", "chunk-*"),
            *("*Diagram-*", "diagram-*", "*-definition-*"),
        )
    ],
    "fonts and pictures of such elements": [
        f"streamlit/static/static/media/{file}*" for file in ("SourceSerif", "balloon", "fireworks", "flake", "snow")
    ],
    "Streamlit's own demonstration, and texts for those who write pages": ["streamlit/hello", "streamlit/.agents"],
}

#: Debian packages of the base whose files the image does without.
PACKAGES = {
    "installing packages: to change an image is to build it anew": [
        *(
            "adduser",
            "apt",
            "bash",
            "debconf",
            "debian-archive-keyring",
            "dpkg",
            "gpgv",
            "libapt-pkg6.0",
            "libdebconfclient0",
        ),
        *("libgcrypt20", "libgnutls30", "libgpg-error0", "libhogweed6", "libidn2-0", "libnettle8", "libp11-kit0"),
        *("liblz4-1", "libseccomp2", "libtasn1-6", "libunistring2", "libxxhash0", "libzstd1", "openssl", "perl-base"),
    ],
    "logging in, changing who one is, disks: a container has one user and no devices": [
        *("bsdutils", "e2fsprogs", "init-system-helpers", "libaudit-common", "libaudit1", "libblkid1", "libcap-ng0"),
        *("libext2fs2", "libmount1", "libpam-modules", "libpam-modules-bin", "libpam-runtime", "libpam0g"),
        *("libsemanage-common", "libsemanage2", "libsepol2", "libsmartcols1", "libss2", "libsystemd0", "libudev1"),
        *("login", "logsave", "mount", "ncurses-bin", "passwd", "sysvinit-utils", "util-linux", "util-linux-extra"),
    ],
    "a second shell": ["bash"],
    "older Python": ["python3-distutils", "python3-lib2to3"],
    "Python's dbm and nis (see BASE)": [
        *("libdb5.3", "libgssapi-krb5-2", "libk5crypto3", "libkeyutils1", "libkrb5-3", "libkrb5support0", "libnsl2"),
        *("libtirpc-common", "libtirpc3"),
    ],
}

#: Of the base.
BASE = {
    "encodings for programs in C; Python has its own": ["usr/lib/*/gconv"],
    "to be read by people (licences stay)": ["usr/share/man", "usr/share/info", "usr/share/locale"],
    "of Python: its tests, its help, what installs packages": [
        f"usr/lib/python3*/{part}" for part in ("test", "pydoc_data", "ensurepip", "lib2to3", "turtle*", "idlelib")
    ],
    "of Python: directories and databases of another time": [
        f"usr/lib/python3*/lib-dynload/{module}.*.so" for module in ("_dbm", "nis")
    ],
    "what installing left behind": ["var/cache/*", "var/lib/apt", "var/log/*", "usr/share/debconf", "var/lib/pam"],
}


def libraries(site: Path) -> None:
    """Leave out of a folder of libraries what LIBRARIES and FILES name."""
    for name in LIBRARIES:
        found = next(iter(metadata.distributions(name=name, path=[str(site)])), None)
        if not found:
            sys.exit(f"{name} is not installed: has Streamlit stopped bringing it along?")
        _remove(site / part for part in {file.parts[0] for file in found.files or ()} - {".."})
    for reason, patterns in FILES.items():
        for pattern in patterns:
            if not _remove(site.glob(pattern)):
                sys.exit(f"nothing is called {pattern} any more: {reason}")


def base(root: Path) -> None:
    """Leave out of a Debian what PACKAGES and BASE name; its list says which packages stay."""
    left_out = {name for names in PACKAGES.values() for name in names}
    lists = {each: each.stem.partition(":")[0] in left_out for each in (root / "var/lib/dpkg/info").glob("*.list")}
    shared = {line for each, out in lists.items() if not out for line in each.read_text().splitlines()}
    for each in (each for each, out in lists.items() if out):
        files = [root / line.lstrip("/") for line in each.read_text().splitlines() if line not in shared]
        _remove(file for file in files if file.is_symlink() or not file.is_dir())
        _remove(each.parent.glob(f"{each.stem}.*"))
    status = root / "var/lib/dpkg/status"
    packages = status.read_text().strip().split("\n\n")
    kept = [one for one in packages if one.partition("\n")[0].removeprefix("Package: ") not in left_out]
    status.write_text("".join(f"{one}\n\n" for one in kept))
    for bytecode in root.glob("usr/lib/python3*/**/__pycache__/*.pyc"):  # as deploy/bytecode.py does with libraries
        source = bytecode.parent.with_name(f"{bytecode.name.partition('.')[0]}.py")
        if source.is_file() and not source.is_symlink():
            bytecode.replace(source.with_suffix(".pyc"))
            source.unlink()
    for pattern in (pattern for patterns in BASE.values() for pattern in patterns):
        _remove(root.glob(pattern))


def _remove(paths: Iterable[Path]) -> int:
    found = [path for path in paths if path.is_symlink() or path.exists()]
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return len(found)


if __name__ == "__main__":
    {"libraries": libraries, "base": base}[sys.argv[1]](Path(sys.argv[2]))
