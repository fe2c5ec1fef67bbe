"""The loop: outlets that never wait, flows between descriptors, signals as bytes."""

import os
import select
import signal
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kuke_ctr.terminals.relay import Flow, Outlet, ReaderGone, Relay, Signals, unread
from tests.support.scripts import close

MANY = os.urandom(1 << 20)


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay that notes the signals that come."""
    with Signals([signal.SIGUSR1, signal.SIGHUP]) as signals:
        relay = Relay(signals, lambda number: None)
        yield relay
        relay.close()


def soon() -> float:
    """A time for `step` that a working test never waits for."""
    return time.monotonic() + 20


def test_what_a_reader_does_not_take_is_kept_and_written_later() -> None:
    reader, writer = os.pipe()
    outlet = Outlet.own(writer)
    outlet.put(MANY)
    outlet.put(b"end")
    got = b""
    while not got.endswith(b"end"):
        got += os.read(reader, 65536)
        outlet.attend(select.POLLOUT)
    assert got == MANY + b"end"
    assert not outlet.kept
    outlet.close()
    os.close(reader)


def test_an_outlet_that_ends_closes_once_all_is_written() -> None:
    reader, writer = os.pipe()
    outlet = Outlet.own(writer)
    outlet.put(MANY)
    outlet.end()
    assert outlet.open
    got = b""
    while outlet.open:
        got += os.read(reader, 65536)
        outlet.attend(select.POLLOUT)
    while piece := os.read(reader, 65536):
        got += piece
    assert got == MANY
    os.close(reader)


def test_a_shared_descriptor_stays_as_it_was_for_the_others() -> None:
    reader, writer = os.pipe()
    outlet = Outlet.shared(writer)
    assert os.get_blocking(writer)
    assert not os.get_blocking(outlet.descriptor)
    outlet.close()
    os.write(writer, b"still open")
    close(reader, writer)


def test_a_shared_file_goes_on_where_it_is(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb", buffering=0) as file:
        file.write(b"before ")
        outlet = Outlet.shared(file.fileno())
        outlet.put(b"now ")
        file.write(b"after")
        outlet.close()
    assert (tmp_path / "file").read_bytes() == b"before now after"


def test_a_pipe_that_may_not_be_opened_again_gets_small_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    monkeypatch.setattr(os, "open", _refuse)
    outlet = Outlet.shared(writer)
    outlet.put(MANY[:10000])
    assert len(outlet.kept) == 10000
    for _ in range(3):
        outlet.attend(select.POLLOUT)
    assert os.read(reader, 20000) == MANY[:10000]
    outlet.close()
    close(reader, writer)


def _refuse(*_: object) -> int:
    raise PermissionError(13, "Permission denied")


def test_a_vital_outlet_without_a_reader_is_an_end_and_another_is_not() -> None:
    reader, writer = os.pipe()
    vital, other = Outlet.shared(writer), Outlet.own(writer)
    os.close(reader)
    with pytest.raises(ReaderGone):
        vital.put(b"x")
    other.put(b"x")
    assert not other.open
    other.put(b"y")
    vital.close()


def test_a_full_disk_is_an_error() -> None:
    outlet = Outlet.shared(os.open("/dev/full", os.O_WRONLY))
    with pytest.raises(OSError, match="No space left"):
        outlet.put(b"x")
    outlet.close()


def test_a_quiet_reader_that_goes_is_noticed(relay: Relay) -> None:
    reader, writer = os.pipe()
    relay.outlet(Outlet.shared(writer))
    os.close(reader)
    with pytest.raises(ReaderGone):
        relay.step(soon())
    os.close(writer)


def test_a_flow_carries_every_byte_through_to_all_its_sinks(relay: Relay, tmp_path: Path) -> None:
    source, feed = os.pipe()
    file = os.open(tmp_path / "saved", os.O_WRONLY | os.O_CREAT)
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    sinks = (relay.outlet(Outlet.own(writer)), relay.outlet(Outlet(file, vital=False)))
    relay.flows.append(Flow(source, sinks, bytes.upper, output=True))
    got = b""
    for start in range(0, len(MANY), 50000):
        os.write(feed, MANY[start : start + 50000])
        while unread(source, termios.FIONREAD) or sinks[0].kept:
            relay.step(soon())
            got += os.read(reader, 1 << 20)
    os.close(feed)
    while not relay.finished():
        relay.step(soon())
    assert got == MANY.upper() == (tmp_path / "saved").read_bytes()
    close(source, reader)


def test_a_source_is_not_read_while_its_sink_is_full(relay: Relay) -> None:
    source, feed = os.pipe()
    reader, writer = os.pipe()
    sink = relay.outlet(Outlet.own(writer))
    relay.flows.append(Flow(source, (sink,)))
    sink.put(MANY)
    os.write(feed, b"later")
    relay.step(time.monotonic() + 0.05)
    assert unread(source, termios.FIONREAD) == len(b"later")
    close(source, feed, reader)


def test_a_flow_that_is_not_enabled_waits(relay: Relay) -> None:
    source, feed = os.pipe()
    relay.flows.append(Flow(source, (), enabled=False))
    os.write(feed, b"x")
    relay.step(time.monotonic())
    assert unread(source, termios.FIONREAD) == 1
    close(source, feed)


def test_the_end_of_a_source_is_told_once(relay: Relay) -> None:
    source, feed = os.pipe()
    ends: list[int] = []
    relay.flows.append(Flow(source, (), at_end=lambda: ends.append(1)))
    os.close(feed)
    relay.step(soon())
    relay.step(time.monotonic())
    assert ends == [1]
    assert relay.flows == []
    os.close(source)


def test_signals_come_in_their_order_as_often_as_they_were_sent() -> None:
    seen: list[int] = []
    with Signals([signal.SIGUSR1, signal.SIGHUP]) as signals:
        relay = Relay(signals, seen.append)
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR1):
            os.kill(os.getpid(), number)
        while len(seen) < 3:
            relay.step(soon())
    assert seen == [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR1]
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals([signal.SIGHUP]) as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signals.taken() == []
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_bytes_that_nobody_has_read_are_counted() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"12345")
    assert unread(writer, termios.FIONREAD) == 5
    close(reader, writer)
    assert unread(writer, termios.FIONREAD) == 0
