"""Long proofs: what part of them is run."""

from __future__ import annotations

import pytest

from tests import proof


@pytest.mark.parametrize(
    ("fraction", "ids"),
    [
        (0.0, ["0-7"]),
        (0.005, ["0-7"]),
        (0.011, ["0-7", "8-15"]),
        (0.03, ["0-7", "8-29"]),
        (0.1, ["0-7", "8-57", "58-99"]),
        (1.0, ["0-7", *(f"{at}-{min(at + 49, 999)}" for at in range(8, 1000, 50))]),
    ],
)
def test_shards_end_where_the_fraction_does(
    fraction: float, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of the proof is the first tenth of the seeds; the sample is always there."""
    monkeypatch.setattr(proof, "fraction", fraction)
    made = proof.shards(1000, 50, sample=8)
    assert [one.id for one in made] == ids
    assert [bool(one.marks) for one in made] == [False, *[True] * (len(ids) - 1)]
