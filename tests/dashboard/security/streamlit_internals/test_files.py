"""A file that a click made waits for its browser, whatever others do in between."""

import pytest
from starlette.middleware import Middleware
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from dashboard.security import streamlit_internals
from dashboard.security.exposure import SignIn
from dashboard.security.middleware import Gate
from dashboard.security.roles import Ended
from dashboard.security.streamlit_internals import explain_files, keep_made_files
from tests.dashboard.security.streamlit_internals.pages import CONTENT, SCRIPT, opened, wait_for_scripts

SECONDS, BUDGET = 300, 1000


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def drop(monkeypatch, clock):
    """Have files kept for the length of a test; what drops those whose time is over."""
    for name, method in (
        ("load_and_get_id", streamlit_internals._load_file),
        ("delete_file", streamlit_internals._delete_file),
    ):
        monkeypatch.setattr(MemoryMediaFileStorage, name, method)  # put back after the test
    return keep_made_files(SECONDS, BUDGET, clock)


@pytest.mark.parametrize("runs_of_others", [0, 1, 2, 5])
def test_keep_made_files(streamlit, drop, clock, runs_of_others):
    with streamlit() as browser, opened(browser) as page, opened(browser) as other:
        address = page.file()
        for _ in range(runs_of_others):
            other.run()
            wait_for_scripts()
        clock.now = SECONDS - 1
        drop()
        assert browser.get(address).content == CONTENT
        assert page.file() == address, "taken again, it stays for its whole time"
        clock.now += SECONDS - 1
        drop()
        assert browser.get(address).content == CONTENT
        clock.now += 1
        drop()
        assert browser.get(address).status_code == 404
        assert browser.get(page.file()).content == CONTENT


def test_of_many_files_the_newest_stay_and_one_that_is_larger_than_all_may_be(drop):
    storage = MemoryMediaFileStorage("/media")

    def make(size):
        made = storage.load_and_get_id(bytes(size), "text/csv", MediaFileKind.DOWNLOADABLE, f"{size}.csv")
        storage.delete_file(made)  # as Streamlit does when a run or two have ended
        return made

    first, second, third = make(400), make(500), make(300)
    assert storage._files_by_id.keys() == {second, third}
    make(500)
    assert storage._files_by_id.keys() == {second, third}, "the same file is no further one"
    huge = make(5000)
    assert storage._files_by_id.keys() == {huge}
    drop()
    assert storage._files_by_id.keys() == {huge}
    assert first not in storage._files_by_id


@pytest.mark.usefixtures("drop")
def test_what_a_page_shows_goes_as_streamlit_says():
    storage = MemoryMediaFileStorage("/media")
    shown = storage.load_and_get_id(b"a picture", "image/png", MediaFileKind.MEDIA)
    storage.delete_file(shown)
    assert not storage._files_by_id


OF_ANOTHER_PROCESS = "0" * 32


@pytest.fixture
def click(streamlit, monkeypatch, tmp_path):
    """Click on the button of a file that this code makes, behind the middleware or not; returns what comes back."""
    monkeypatch.setattr(DeferredFileHandler, "handle", DeferredFileHandler.handle)  # what is set holds for this test

    def click(make, file, *middleware, before=""):
        with streamlit(*middleware) as browser:
            (tmp_path / "page.py").write_text(before + SCRIPT.replace(f"lambda: {CONTENT!r}", make), encoding="utf-8")
            with opened(browser) as page:
                button = page.elements["download_button"]
                button.deferred_file_id = file or button.deferred_file_id
                return page.answer()

    return click


@pytest.mark.parametrize(
    ("make", "file", "said"),
    [
        ("lambda: 1 / 0", "", "not made: ZeroDivisionError"),
        (f"lambda: {CONTENT!r}", OF_ANOTHER_PROCESS, "not made: NoneType"),
        (f"lambda: {CONTENT!r}", "", ""),
    ],
)
def test_explain_files(click, caplog, make, file, said):
    explain_files(lambda error: f"not made: {type(error).__name__}")
    answer = click(make, file)
    assert answer.error_msg == said
    assert bool(answer.deferred_file.url) is not bool(said)
    assert not caplog.records, "what is explained is no traceback in the log"


def test_the_button_of_another_session_is_not_known(streamlit, monkeypatch, tmp_path):
    monkeypatch.setattr(DeferredFileHandler, "handle", DeferredFileHandler.handle)  # what is set holds for this test
    explain_files(lambda error: f"not made: {type(error).__name__}")
    with streamlit() as browser:
        made = tmp_path / "made"
        make = f"lambda: [__import__('os').mkdir({str(made)!r}), {CONTENT!r}][1]"
        (tmp_path / "page.py").write_text(SCRIPT.replace(f"lambda: {CONTENT!r}", make), encoding="utf-8")
        with opened(browser) as page, opened(browser) as other:
            own = other.elements["download_button"].deferred_file_id
            other.elements["download_button"].deferred_file_id = page.elements["download_button"].deferred_file_id
            assert other.answer().error_msg == "not made: NoneType"
            assert not made.exists()
            other.elements["download_button"].deferred_file_id = own
            assert browser.get(other.file()).content == CONTENT
            assert made.exists()


RAISING = """
from dashboard.security.roles import Denied
from data_access import EngineError

def fail():
    raise {}

"""


@pytest.mark.parametrize(
    ("error", "said", "logged"),
    [
        ('Denied("You have signed out.", "Sign in again.")', "You have signed out. Reload the page.", ""),
        (
            'EngineError("The history query failed.", "Try again.")',
            "The history query failed. Try again.",
            "A file could not be made: EngineError",
        ),
        ("", "The dashboard has started anew since this page was drawn. Reload the page.", "does not have"),
        (
            'RuntimeError("Strangers GmbH")',
            "This file could not be made. The log tells the operator why.",
            "unexpected error",
        ),
    ],
    ids=["who may not", "known", "of another process", "unforeseen"],
)
def test_the_gate_says_why_a_file_is_not_made_and_what_to_do(click, caplog, error, said, logged):
    gate = Middleware(Gate, pages=[""], sign_in=SignIn(secrets_files=list), ended=Ended())
    file = "" if error else OF_ANOTHER_PROCESS
    assert click("fail", file, gate, before=RAISING.format(error or "OSError")).error_msg == said
    assert len(caplog.records) == bool(logged)
    assert logged in caplog.text
