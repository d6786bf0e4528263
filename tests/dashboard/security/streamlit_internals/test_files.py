"""A file that a click made waits for its browser, whatever others do in between."""

import pytest
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from dashboard.security import streamlit_internals
from dashboard.security.streamlit_internals import keep_made_files
from tests.dashboard.security.streamlit_internals.pages import CONTENT, opened, wait_for_scripts

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
        monkeypatch.setattr(MemoryMediaFileStorage, name, method)
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
