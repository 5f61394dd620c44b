"""The cost of an event as the chart grows: a ring in width, a nest in depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from attrs import frozen

from benchmarks.contestant import Run
from benchmarks.results import Column, Row, Section, missing_rows
from benchmarks.sections.effort import Plan
from benchmarks.shapes.contestants import OURS, ShapeContestant, check, contestants
from benchmarks.shapes.outline import Node, nested, ring
from benchmarks.timing import Effort, Subject, measure

LEAST_TICKS: Final = 2
MOST_PEER_TICKS: Final = 100


@frozen
class Series:
    """Charts of one kind in growing sizes.

    Attributes:
        key: The name of the table in the JSON file and in the targets.
        title: What stands above the table.
        caption: What stands below it.
        outline: Outlines the chart of a size.
        sizes: The sizes, growing.
        peers_most: The greatest size that anyone but us is asked for.
    """

    key: str
    title: str
    caption: str
    outline: Callable[[int], Node]
    sizes: Sequence[int]
    peers_most: int

    def sizes_for(self, contestant: ShapeContestant) -> list[int]:
        """Return the sizes that a contestant is asked for."""
        ours = contestant.name == OURS
        return [size for size in self.sizes if ours or size <= self.peers_most]


def warmed(contestant: ShapeContestant, shape: Node) -> tuple[Run, int]:
    """Build a chart, lead it once through all its states, and return what times it.

    Returns:
        What to call, and how many events one call sends: a whole turn for ours, which remembers
        what it has met and so must meet it all; at most a hundred for the others.
    """
    turn = max(len(shape.children), LEAST_TICKS)
    ticks = turn if contestant.name == OURS else min(turn, MOST_PEER_TICKS)
    run = contestant.prepare(shape, ticks)
    for _ in range(-(-turn // ticks)):
        run()
    return run, ticks


def table(series: Series, effort: Effort) -> Section:
    """Time every contestant on charts of growing size, all sizes interleaved."""
    found, missing = contestants()
    smallest = series.outline(series.sizes[0])
    present = [each for each in found if each.supports(smallest)]
    subjects = []
    for each in present:
        check(each, smallest)
        for size in series.sizes_for(each):
            run, ticks = warmed(each, series.outline(size))
            subjects.append(Subject.ready(f"{each.name} {size}", run, ticks))
    samples = measure(subjects, effort)
    rows = []
    for each in present:
        mine = {size: samples[f"{each.name} {size}"] for size in series.sizes_for(each)}
        values = {f"at{size}": sample.median_us for size, sample in mine.items()}
        values["ratio"] = mine[max(mine)].ratio_to(mine[min(mine)])
        rows.append(Row(each.name, each.version, values))
    rows.extend(missing_rows(missing))
    columns = [Column(f"at{size}", f"{size:,} µs") for size in series.sizes]
    columns.append(Column("ratio", "largest to smallest", suffix=" ×"))
    return Section(series.key, series.title, tuple(columns), tuple(rows), series.caption)


def run(plan: Plan) -> list[Section]:
    """Time the ring and the nest."""
    width = Series(
        "growth",
        "Growth in width: a ring of so many states",
        f"Per event, after a whole turn; the others up to {plan.peers_ring:,} states.",
        ring,
        plan.ring_sizes,
        plan.peers_ring,
    )
    depth = Series(
        "depth",
        "Growth in depth: a toggle inside so many compound states",
        f"Per event, only the innermost state changes; the others up to {plan.peers_depth} deep.",
        nested,
        plan.depths,
        plan.peers_depth,
    )
    return [table(width, plan.growth), table(depth, plan.growth)]
