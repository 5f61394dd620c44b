"""How much time each table may spend."""

from __future__ import annotations

from attrs import frozen

from benchmarks.timing import Effort

MILLISECOND_NS = 1_000_000


@frozen
class Plan:
    """The effort for each kind of measurement, and how far the growing charts grow."""

    steps: Effort
    creation: Effort
    growth: Effort
    imports: Effort
    walks: Effort
    held: int
    ring_sizes: tuple[int, ...] = (10, 100, 1_000, 10_000)
    depths: tuple[int, ...] = (1, 4, 16, 64)
    peers_ring: int = 1_000
    peers_depth: int = 16
    pairs: int = 50_000
    ring: int = 10_000
    regions: tuple[int, ...] = (32, 64, 128)
    durable_events: int = 2_000
    durable_sized: int = 200_000
    durable_runs: int = 10_000
    nodes_fan: int = 1_000
    nodes_chain: int = 200
    nodes_rounds: int = 5
    layout_every: int = 1
    layout_sizes: tuple[int, int] = (60, 500)


FULL = Plan(
    steps=Effort(rounds=61, batch_ns=10 * MILLISECOND_NS),
    creation=Effort(rounds=41, batch_ns=10 * MILLISECOND_NS),
    growth=Effort(rounds=15, batch_ns=10 * MILLISECOND_NS),
    imports=Effort(rounds=21, batch_ns=1),
    walks=Effort(rounds=5, batch_ns=1),
    held=10_000,
)

QUICK = Plan(
    steps=Effort(rounds=5, batch_ns=5 * MILLISECOND_NS),
    creation=Effort(rounds=3, batch_ns=5 * MILLISECOND_NS),
    growth=Effort(rounds=3, batch_ns=2 * MILLISECOND_NS),
    imports=Effort(rounds=3, batch_ns=1),
    walks=Effort(rounds=1, batch_ns=1),
    held=1_000,
    peers_ring=100,
    peers_depth=4,
    pairs=1_500,
    ring=300,
    regions=(4, 8),
    durable_events=200,
    durable_sized=2_000,
    durable_runs=200,
    nodes_fan=100,
    nodes_chain=20,
    nodes_rounds=1,
    layout_every=8,
)
