"""How often a line is written that anybody can bring about."""

from dashboard.seldom import Seldom


def test_a_line_is_written_once_in_a_while_and_does_not_hold_up_another():
    now = 0.0
    seldom = Seldom(60, lambda: now)
    assert [seldom.may_write("a") for _ in range(3)] == [True, False, False]
    assert seldom.may_write("b")
    now = 59.9
    assert not seldom.may_write("a")
    now = 60.0
    assert [seldom.may_write("a") for _ in range(2)] == [True, False]
