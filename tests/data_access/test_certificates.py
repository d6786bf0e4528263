"""Files of certificates that the environment names: one that cannot be used is named, with its variable."""

import os
import sys
from pathlib import Path

import certifi
import pytest

from data_access import certificates
from data_access.errors import SettingsError
from data_access.settings import load

NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@pytest.fixture
def not_a_certificate(tmp_path):
    file = tmp_path / "ca.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nhello\n")
    return str(file)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("/nowhere/ca.pem", "/nowhere/ca.pem, which is not there."),
        ("/dev/null/ca.pem", "/dev/null/ca.pem, which cannot be read (Not a directory)."),
        ("/" + "a" * 999, "a, which cannot be read (File name too long)."),
        ("/caf\udce9", "/caf?, which is not there."),
        ("/dev/null", "/dev/null, which is no file."),
    ],
)
def test_a_file_that_cannot_be_used_is_named(name, file, said, tmp_path):
    with pytest.raises(SettingsError) as raised:
        load({name: file}, tmp_path / "none.toml")
    assert raised.value.message.startswith(f"{name} names /")
    assert raised.value.message.endswith(said)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("name", NAMES)
def test_so_is_one_that_holds_something_else(name, not_a_certificate):
    with pytest.raises(SettingsError, match=f"{name} names {not_a_certificate}, which holds no certificates"):
        certificates.check({name: not_a_certificate})
    Path(not_a_certificate).write_bytes(Path(certifi.where()).read_bytes())
    os.utime(not_a_certificate, (1, 1))
    certificates.check({name: not_a_certificate})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_is_not_waited_for(name, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError, match=f"{name} names .*pipe, which is no file"):
        certificates.check({name: str(tmp_path / "pipe")})


def test_one_that_this_account_may_not_read(monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # the tests may run as root, who may read everything
    with pytest.raises(SettingsError, match=r"which cannot be read \(Permission denied\)"):
        certificates.check({"SSL_CERT_FILE": certifi.where()})


def test_a_folder_is_a_bundle_for_requests_alone(tmp_path):
    certificates.check({"REQUESTS_CA_BUNDLE": str(tmp_path)})
    with pytest.raises(SettingsError, match=r"SSL_CERT_FILE names .*, which is a folder"):
        certificates.check({"SSL_CERT_FILE": str(tmp_path)})


def test_what_is_not_read_may_name_anything():
    certificates.check({"REQUESTS_CA_BUNDLE": certifi.where(), "CURL_CA_BUNDLE": "/nowhere", "SSL_CERT_FILE": ""})
