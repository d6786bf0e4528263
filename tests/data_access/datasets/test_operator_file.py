"""A file that an operator keeps, which many pages look at and which may not answer."""

import os
import threading

from data_access.datasets.operator_file import Failure, OperatorFile
from tests.hanging import hanging

SECONDS = 0.05  # stands in for the product's five


def following(file, parse=bytes, **more):
    return OperatorFile(str(file), parse, lambda before, why: (before, why), None, seconds=SECONDS, **more)


def test_while_one_page_looks_the_others_go_by_the_last_look(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"one")
    looking, go_on = threading.Event(), threading.Event()

    def parse(content):
        if content == b"two":
            looking.set()
            go_on.wait(10)
        return content

    followed = following(file, parse)
    assert followed.now() == b"one"
    file.write_bytes(b"two")
    one = threading.Thread(target=followed.now)
    one.start()
    assert looking.wait(10)
    assert followed.now() == b"one"
    go_on.set()
    one.join()
    assert followed.now() == b"two"


def test_a_file_that_does_not_answer_is_given_up_and_read_again_once_it_does(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"one")
    followed = following(file)
    followed.now()
    with hanging(file):
        assert followed.now() == (b"one", Failure("does not answer", unanswered=True))
    file.write_bytes(b"two")
    assert followed.now() == b"two"


def test_what_is_no_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refused = Failure("is no file that can be read")
    assert following(tmp_path / "pipe").now() == (None, refused)
    assert following(tmp_path).now() == (None, refused)


def test_what_is_too_large_is_not_read(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(bytes(2**20 + 1))
    said = "is larger than 1 MB, the most that is read: it has 1,048,577 bytes"
    assert following(file, largest=2**20).now() == (None, Failure(said, too_large=True))
