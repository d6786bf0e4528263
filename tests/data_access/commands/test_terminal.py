"""Notes on a stderr that is full, or a pipe that nobody reads; and what is said of customers."""

import os

import pytest

from data_access.commands import terminal
from data_access.commands.terminal import Notes
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
