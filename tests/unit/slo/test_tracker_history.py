"""Cumulative counts at several resolutions."""

from __future__ import annotations

from array import array

import pytest

from exai_sre.slo.history import MARKS, RINGS, Frame, History, Point

KEY = "shop-a@1"
BOUND = sum(capacity for _, capacity in RINGS)


def frame(stamp: float, good: float = 0.0, total: float = 0.0) -> Frame:
    return Frame(stamp, array("d", (good, total, stamp)))


def total_at(history: History, stamp: float) -> float:
    before, after, share = history.at(stamp)
    return before[1] + (after[1] - before[1]) * share


def test_a_moment_between_two_frames_is_interpolated() -> None:
    history = History((KEY,), 0.0)
    history.append(frame(10, total=100))
    assert total_at(history, 4) == pytest.approx(40)


def test_a_moment_before_the_beginning_holds_the_oldest_frame() -> None:
    history = History((KEY,), 100.0)
    history.append(frame(110, total=5))
    assert total_at(history, -1000) == 0


def test_a_moment_after_the_newest_frame_holds_the_newest() -> None:
    history = History((KEY,), 0.0)
    history.append(frame(10, total=5))
    assert total_at(history, 99) == 5


def test_memory_is_bounded_and_far_windows_stay_answerable() -> None:
    history = History((KEY,), 0.0)
    for stamp in range(0, 200_000, 7):
        history.append(frame(float(stamp), total=float(stamp)))
    kept = {id(kept) for ring in history._rings for kept in ring._frames}
    assert len(kept) <= BOUND + 32 * len(RINGS)
    assert max(len(ring._frames) for ring in history._rings) <= 760 + 32
    newest = history.latest.stamp
    for window, step in ((300, 7), (3600, 60), (21600, 60), (86400, 600)):
        assert total_at(history, newest - window) == pytest.approx(newest - window, abs=step)


def test_points_are_handed_out_once_and_only_when_they_changed() -> None:
    history = History((KEY,), 1000.0)
    assert {point.resolution for point in history.points()} == {step for step, _ in RINGS}
    assert history.points() == []
    history.append(frame(1001, 1, 2))
    (point,) = history.points()
    assert point == Point(1, 1001 % RINGS[0][1], 1001.0, {KEY: (1.0, 2.0, 1001.0)})


def test_the_newest_frame_is_handed_out_even_where_no_ring_took_it() -> None:
    history = History((KEY,), 1000.0)
    history.points()
    history.append(frame(1000.5, 1, 2))
    (point,) = history.points()
    assert (point.resolution, point.slot, point.stamp) == (MARKS, 0, 1000.5)


def test_points_that_nobody_asked_for_do_not_pile_up() -> None:
    history = History((KEY,), 0.0)
    for stamp in range(5000):
        history.append(frame(float(stamp)))
    assert len(history.points()) <= BOUND


def test_a_slot_is_taken_again_after_one_round() -> None:
    history = History((KEY,), 0.0)
    slots: dict[tuple[int, int], float] = {}
    for stamp in range(3000):
        history.append(frame(float(stamp)))
        slots.update({(point.resolution, point.slot): point.stamp for point in history.points()})
    assert len([slot for slot in slots if slot[0] == 1]) == RINGS[0][1]


def test_a_history_continues_from_its_points() -> None:
    history = History((KEY,), 0.0)
    stored = {}
    for stamp in range(4000):
        history.append(frame(float(stamp), total=float(stamp)))
        stored.update({(point.resolution, point.slot): point for point in history.points()})
    again = History((KEY,), 4000.0, stored.values())
    assert again.latest.counts == history.latest.counts
    for stamp in (0, 400, 2000, 3500, 3900, 3999):
        assert total_at(again, stamp) == pytest.approx(total_at(history, stamp), abs=1)


def test_downtime_holds_no_events_however_far_back_it_lies() -> None:
    stored = [Point(1, 0, 100.0, {KEY: (0.0, 0.0, 100.0)}), Point(MARKS, 0, 100.9, {KEY: (5.0, 9.0, 100.9)})]
    history = History((KEY,), 5000.0, stored)
    history.append(frame(5001, 5, 10))
    assert [total_at(history, stamp) for stamp in (101, 2000, 4999, 5000)] == [9, 9, 9, 9]


def test_a_stale_newest_point_stands_in_its_place_in_time() -> None:
    stored = [Point(MARKS, 0, 50.0, {KEY: (1.0, 1.0, 50.0)}), Point(1, 60, 60.0, {KEY: (2.0, 2.0, 60.0)})]
    assert History((KEY,), 61.0, stored).latest.counts[1] == 2


def test_a_series_counts_from_the_point_that_first_knows_it() -> None:
    other = "shop-b@2"
    stored = [
        Point(1, 0, 10.0, {KEY: (1.0, 1.0, 10.0)}),
        Point(1, 1, 20.0, {KEY: (2.0, 2.0, 20.0), other: (7.0, 8.0, 9.0)}),
        Point(1, 2, 30.0, {other: (8.0, 9.0, 19.0)}),
    ]
    history = History((other, KEY, "shop-new@3"), 40.0, stored)
    assert list(history.at(10)[0]) == [7, 8, 9, 1, 1, 10, 0, 0, 0]
    assert list(history.latest.counts) == [8, 9, 19, 2, 2, 20, 0, 0, 0]
