"""Which messages of a run a browser needs, by what it shows already."""

import pytest

from dashboard.unchanged import Element, Screen

PART = "part of the page"


def element(number, content="as it was", identity="metric", part=PART, *, acts=False):
    return Element((0, number), identity, content, part, acts)


def frame(part=PART):
    """The container around all elements."""
    return Element((0,), "flex_container", "a frame", part)


def run(screen, elements, parts=(PART,), *, done=True):
    """What is sent of a run's elements, by place and content, and whether the browser is told to keep the others."""
    screen.begin(parts)
    sent = [said for each in elements for said in screen.take(each, (each.place, each.content))]
    last, keeps = screen.end(done=done)
    return sent + last, keeps


@pytest.fixture
def screen():
    """A screen with three elements, after a run of the whole page."""
    screen: Screen[object] = Screen()
    sent, keeps = run(screen, [frame(), element(0), element(1), element(2)], parts=())
    assert len(sent) == 4
    assert not keeps
    return screen


def test_only_what_changed_is_sent(screen):
    elements = [frame(), element(0), element(1, "another figure"), element(2)]
    assert run(screen, elements) == ([((0, 1), "another figure")], True)
    assert run(screen, elements) == ([], True)
    assert run(screen, [frame(), element(0), element(1), element(2)]) == ([((0, 1), "as it was")], True)


def test_what_comes_to_the_end_is_sent_alone(screen):
    elements = [frame(), element(0), element(1), element(2), element(3, "a button")]
    assert run(screen, elements) == ([((0, 3), "a button")], True)


def test_what_goes_has_the_browser_clear_its_screen(screen):
    sent, keeps = run(screen, [frame(), element(0, "another figure"), element(1)])
    assert sent == [((0, 0), "another figure"), ((0,), "a frame"), ((0, 1), "as it was")]
    assert not keeps
    assert run(screen, [frame(), element(0, "another figure"), element(1)]) == ([], True)


def test_another_element_in_the_same_place_has_all_sent(screen):
    elements = [frame(), element(0), element(1, "a note", "markdown"), element(2)]
    sent, keeps = run(screen, elements)
    assert sent == [(each.place, each.content) for each in elements]
    assert not keeps
    assert run(screen, elements) == ([], True)


def test_what_does_something_by_coming_is_sent_each_time(screen):
    elements = [frame(), element(0, acts=True), element(1), element(2)]
    for _ in range(2):
        assert run(screen, elements) == ([((0, 0), "as it was")], True)


def test_an_element_that_comes_twice_is_sent_as_it_came_last(screen):
    elements = [frame(), element(0), element(0, "another figure"), element(1)]
    sent, _ = run(screen, elements)
    assert sent[0] == ((0, 0), "another figure")
    assert ((0, 0), "as it was") not in sent


def test_after_a_run_that_was_cut_short_all_is_sent(screen):
    elements = [frame(), element(0, "another figure"), element(1), element(2)]
    assert run(screen, elements[:2], done=False) == ([((0, 0), "another figure")], False)
    assert run(screen, elements) == ([(each.place, each.content) for each in elements], False)
    assert run(screen, elements) == ([], True)


def test_nothing_is_held_back_before_the_whole_page_has_come_once():
    screen: Screen[object] = Screen()
    elements = [frame(), element(0)]
    assert run(screen, elements, parts=(), done=False) == ([((0,), "a frame"), ((0, 0), "as it was")], False)
    for _ in range(2):
        assert run(screen, elements) == ([((0,), "a frame"), ((0, 0), "as it was")], False)


def test_a_run_of_the_whole_page_is_sent_as_a_whole(screen):
    elements = [frame(), element(0), element(1)]
    assert run(screen, elements, parts=()) == ([(each.place, each.content) for each in elements], False)
    assert run(screen, elements) == ([], True)


def test_a_part_within_a_part(screen):
    inner = Element((0, 3), "flex_container", "a frame", "watch"), Element((0, 3, 0), "markdown", "wait", "watch")
    around = [frame(), element(0), element(1), element(2)]
    run(screen, [*around, *inner], parts=())
    assert run(screen, inner, parts=("watch",)) == ([], True)
    assert run(screen, inner[:1], parts=("watch",)) == ([((0, 3), "a frame")], False)
    assert run(screen, [*around, *inner]) == ([((0, 3, 0), "wait")], True)
    sent, keeps = run(screen, around)
    assert len(sent) == 4, "what the inner part has drawn is gone"
    assert not keeps


def test_a_run_of_which_all_is_needed_after_all(screen):
    screen.begin((PART,))
    assert screen.take(frame(), "the frame") == []
    assert screen.all_of_it() == ["the frame"]
    assert screen.take(element(0), "a figure") == ["a figure"]
    for place in (1, 2):
        screen.take(element(place), "a figure")
    assert screen.end(done=True) == ([], False)
