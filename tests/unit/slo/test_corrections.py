"""Dated corrections of a budget: read with every fault named, applied to counts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.slo.corrections import Correction, Counts, corrected, corrections_of, read_corrections
from exai_sre.slo.documents import Faults

GOOD = """\
corrections:
  - slo: shop-availability
    start: 2026-01-03T10:00:00Z
    end: "2026-01-03T12:30:00+01:00"
    reason: the load test of the sales team
    author: ada
    share: 0.25
  - {slo: pay-availability, start: 2026-01-01T00:00:00Z, end: 2026-01-01T01:00:00Z, reason: x, author: y}
"""


def reading(text):
    faults = Faults()
    return read_corrections(text, "corrections.yaml", faults), [str(fault) for fault in faults.errors]


def test_corrections_are_read_in_the_order_of_their_slos():
    found, faults = reading(GOOD)
    assert faults == []
    assert [each.slo for each in found] == ["pay-availability", "shop-availability"]
    shop = found[1]
    assert (shop.end - shop.start, shop.share, shop.reason, shop.author) == (
        5400, Decimal("0.25"), "the load test of the sales team", "ada",
    )  # fmt: skip
    assert (shop.source.file, shop.source.line) == ("corrections.yaml", 2)
    assert found[0].share == 1


def entry(**changes):
    values = {
        "slo": "a-b",
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-01T01:00:00Z",
        "reason": "r",
        "author": "x",
    } | changes
    return "corrections:\n  - {" + ", ".join(f"{key}: {value}" for key, value in values.items() if value) + "}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry(start="2026-01-01T00:00:00"), "corrections.yaml:2: corrections[0].start: has no zone"),
        (entry(start="tomorrow"), "is no moment: 'tomorrow'; write 2026-01-31T14:30:00Z"),
        (entry(start="[1]"), "must be a single value, not a list"),
        (entry(end="0001-01-01T00:00:00+23:00"), "is no moment"),
        (entry(end="2026-01-01T00:00:00Z"), "corrections[0].end: is not after the start"),
        (entry(reason=""), "the field 'reason' is missing"),
        (entry(author="''"), "must not be empty"),
        (entry(share="0"), "must lie above 0 and at most at 1"),
        (entry(share="1.01"), "must lie above 0 and at most at 1"),
        (entry(share="half"), "must be a number"),
        (entry(weight="1"), "unknown key 'weight'"),
        ("corrections: [text]\n", "must be a mapping"),
        ("correction: []\n", "unknown key 'correction'; did you mean 'corrections'?"),
        ("text\n", "must be a mapping"),
        ("corrections: [", "is not readable as YAML"),
    ],
)
def test_a_faulty_correction_is_refused_with_its_place(text, said):
    found, faults = reading(text)
    assert found == []
    assert said in "\n".join(faults)
    assert all(fault.startswith("corrections.yaml:") and "; " in fault for fault in faults)


def test_corrections_of_one_slo_must_not_overlap():
    item = "  - {{slo: {}, start: 2026-01-0{}T00:00:00Z, end: 2026-01-0{}T00:00:00Z, reason: r, author: x}}\n"
    rows = [("a", 1, 5), ("a", 2, 3), ("b", 1, 5), ("a", 4, 6), ("a", 6, 7)]
    _, faults = reading("corrections:\n" + "".join(item.format(*row) for row in rows))
    assert len(faults) == 2
    assert faults[0].startswith(
        "corrections.yaml:3: correction of a: overlaps the one in line 2, which ends at 2026-01-05T00:00:00Z; join"
    )
    assert faults[1].startswith("corrections.yaml:5: ")


def correction(start=0.0, end=1.0, share="1", slo="a"):
    return Correction(slo, start, end, "r", "x", Decimal(share))


def test_a_correction_is_cut_to_the_window():
    found = [correction(0, 10), correction(20, 30), correction(40, 50), correction(0, 100, slo="b")]
    assert [(each.start, each.end) for each in corrections_of(found, "a", 5, 40)] == [(5, 10), (20, 30)]


def test_the_corrected_share_leaves_bad_and_good_events_out():
    whole = Counts(bad=110, total=1000)
    parts = [(correction(), Counts(100, 200)), (correction(share="0.5"), Counts(10, 40))]
    assert corrected(whole, parts) == Counts(5, 780)
    assert corrected(whole, parts).error_ratio == pytest.approx(5 / 780)
    assert corrected(Counts(1, 10), [(correction(), Counts(2, 20))]) == Counts(0, 0)
    assert Counts(0, 0).error_ratio is None


count = st.floats(0, 1e9)


@given(st.lists(st.tuples(count, count, st.decimals("0.01", 1, places=2)), max_size=5), count, count)
def test_what_is_left_out_leaves_the_rest_as_it_was(periods, bad, good):
    parts = [(correction(share=str(share)), Counts(b, b + g)) for b, g, share in periods]
    whole = Counts(bad + sum(b for b, _, _ in periods), bad + good + sum(b + g for b, g, _ in periods))
    left = corrected(whole, parts)
    kept = [(float(1 - share), part) for (_, _, share), (_, part) in zip(periods, parts, strict=True)]
    assert left.bad == pytest.approx(bad + sum(rest * part.bad for rest, part in kept), rel=1e-6, abs=1e-3)
    assert left.total == pytest.approx(bad + good + sum(rest * part.total for rest, part in kept), rel=1e-6, abs=1e-3)
    assert left.error_ratio is None or 0 <= left.error_ratio <= 1
