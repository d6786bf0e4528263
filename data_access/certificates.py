"""The files of certificates that the environment names: whether they are there, and hold any.

`requests`, for Partner Center and for the sign-in to it, reads REQUESTS_CA_BUNDLE, or else CURL_CA_BUNDLE: a file or a
folder. OpenSSL, for people's sign-in, reads SSL_CERT_FILE: a file. Each says of one that is missing no more than that
the connection failed, or nothing.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from data_access.errors import SettingsError
from data_access.file_kinds import is_no_file

#: What is said of a server whose certificate comes from an authority that this machine does not know, and what helps.
DISTRUSTED = "its certificate is not trusted by this machine"
TRUST_IT = (
    "If a proxy of your company reads along, set REQUESTS_CA_BUNDLE and SSL_CERT_FILE to the file of its certificate."
)


def check(environ: Mapping[str, str]) -> None:
    """Raise SettingsError, which names variable and file, where one of them cannot be used."""
    bundle = next((name for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if environ.get(name)), None)
    for name in filter(environ.get, (bundle, "SSL_CERT_FILE") if bundle else ("SSL_CERT_FILE",)):
        file = Path(environ[name])
        problem = _problem(file, may_be_folder=name == bundle)
        if problem:
            shown = str(file).encode("utf-8", "replace").decode()  # a path may hold bytes that are no text
            raise SettingsError(
                f"{name} names {shown}, {problem}.",
                f"Let it name the file of your company's certificates, or take {name} away.",
            )


def _problem(file: Path, *, may_be_folder: bool) -> str:
    try:
        if file.is_dir():
            next(file.iterdir(), None)
            return "" if may_be_folder else "which is a folder and not a file"
        if is_no_file(file):
            return "which is no file"
        return _content_problem(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        return "which is not there"
    except (OSError, ValueError) as error:
        return f"which cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})"


@lru_cache(maxsize=8)
def _content_problem(file: Path, _changed: int) -> str:
    """What is wrong with a file's content; remembered, as each view of a page asks. Raises OSError."""
    with file.open("rb"):  # OpenSSL would not tell a file that it may not read from one that holds nothing
        pass
    try:
        ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        return "which holds no certificates that can be read (PEM)"
    return ""
