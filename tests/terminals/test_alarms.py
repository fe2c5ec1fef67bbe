from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.terminals.alarms import Alarms


def test_a_time_is_due_once_it_has_come_until_it_is_cleared() -> None:
    alarms = Alarms()
    alarms.set("look", 5.0)
    assert [alarms.due("look", now) for now in (4.9, 5.0, 9.0)] == [False, True, True]
    alarms.clear("look", "leave")
    assert not alarms.is_set("look")
    assert not alarms.due("look", 9.0)


def test_the_next_one_is_the_first_of_all() -> None:
    alarms = Alarms()
    assert alarms.next() == FOREVER
    alarms.set("look", 5.0)
    alarms.set("leave", 3.0)
    assert alarms.next() == 3.0
    alarms.set("leave", 7.0)
    assert alarms.next() == 5.0


def test_the_earlier_one_stays_where_the_first_counts() -> None:
    alarms = Alarms()
    alarms.set_first("leave", 3.0)
    alarms.set_first("leave", 4.0)
    assert alarms.next() == 3.0
    alarms.set_first("leave", 2.0)
    assert alarms.next() == 2.0
