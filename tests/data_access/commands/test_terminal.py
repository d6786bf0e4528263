"""Notes on a stderr that is full, or a pipe that nobody reads; and what is said of customers."""

import os

import pytest

from data_access.commands import terminal
from data_access.commands.terminal import Notes
from data_access.errors import BadRequest, Details
from data_access.partner_center.answers import OfCustomers


def test_notes_are_read():
    reader, writer = os.pipe()
    print("Grüße", file=Notes(writer))
    assert os.read(reader, 100) == "Grüße\n".encode()
    for descriptor in (reader, writer):
        os.close(descriptor)


def full():
    return os.open("/dev/full", os.O_WRONLY)


def left():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize("stream", [full, left])
def test_notes_that_cannot_be_written_are_dropped(stream):
    descriptor = stream()
    notes = Notes(descriptor)
    for text in ("first\n", "second\n", "half a line"):
        assert notes.write(text) == len(text)
        notes.flush()
    notes.close()
    os.close(descriptor)


def test_what_was_sent_as_a_customers_id_is_one_line_and_cut():
    (line,) = terminal.unread(OfCustomers(gone=("A" * 100_000, "B\nC\x1b[31m")))
    expected = f"2 customers left: Partner Center does not know them any more: {'A' * 63}…, B C [31m"
    assert line == expected


@pytest.mark.parametrize("sits_there", [True, False])
def test_what_microsoft_said_is_for_a_terminal_and_for_no_log(capsys, monkeypatch, sits_there):
    monkeypatch.setattr("sys.stderr.isatty", lambda: sits_there)  # tests have no terminal
    details = Details(400, "2000", "Customer Nordwind has no relationship.", "r-1", "c-1")
    terminal.complain(BadRequest("It was not accepted.", "Check it.", details))
    said = capsys.readouterr().err
    for fact in ("HTTP status: 400", "Code: 2000", "MS-RequestId: r-1", "MS-CorrelationId: c-1"):
        assert fact in said
    assert ("Nordwind" in said) is sits_there
