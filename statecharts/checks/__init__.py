"""Definition checks: every fault of a chart, all at once.

Structural faults leave a chart without a meaning; quality faults leave it with one that nobody
meant (`codes`). Where there are structural faults, the nearest sound chart is
checked for the rest, so that one mistake does not hide another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from attrs import evolve

from statecharts.checks.codes import QUALITY, STRUCTURAL
from statecharts.checks.places import fault
from statecharts.checks.quality import quality_faults
from statecharts.checks.structure import repaired, structural_faults
from statecharts.checks.supplies import supply_faults
from statecharts.checks.trees import as_tree, tree_faults
from statecharts.model.chart import Chart
from statecharts.model.errors import DefinitionError, Fault
from statecharts.model.suggestions import did_you_mean
from statecharts.semantics.tree import Tree

__all__ = ["QUALITY", "STRUCTURAL", "accept", "as_tree", "faults", "shown_faults", "spare"]


def faults(chart: Chart) -> tuple[Fault, ...]:
    """Return every fault of a chart, by code and then in document order."""
    whole = as_tree(chart)
    structural = [*tree_faults(chart), *structural_faults(whole)]
    broken = any(found.structural for found in structural)
    tree = Tree.of(repaired(whole) if broken else whole)
    found = [*structural, *supply_faults(tree), *quality_faults(tree)]
    return tuple(sorted(found, key=lambda one: one.code))


def accept(
    chart: Chart,
    allow: Iterable[str] = (),
    found_before: Iterable[Fault] = (),
    follows: Collection[tuple[str, str]] = (),
) -> Chart:
    """Return a chart whose faults are all allowed, with these as its warnings.

    Args:
        chart: The chart to check.
        allow: Codes of the quality faults that are accepted knowingly, or ``*`` for all of them.
        found_before: Faults that were found before there was a chart.
        follows: Faults that follow from those, and are not told: each as its code and its state.

    Raises:
        DefinitionError: There are structural faults, or quality faults that are not allowed. It
            holds the chart as its ``definition``.
    """
    codes = tuple(allow)
    own = (one for one in faults(chart) if (one.code, one.state) not in follows)
    found = [*found_before, *_misused(chart, codes), *own]
    found.sort(key=lambda one: one.code)
    refused = [one for one in found if one.structural or not {"*", one.code} & set(codes)]
    if refused:
        raise DefinitionError(chart.name, refused, chart)
    accepted = evolve(chart, warnings=tuple(found)) if found else chart
    accepted._memo["accepted"] = True
    return accepted


def shown_faults(chart: Chart) -> tuple[Fault, ...]:
    """Return the faults that a picture of a chart shows: none of a chart that was accepted.

    Of another one they are the structural faults; what it means may be said elsewhere.
    """
    if chart._memo.get("accepted"):
        return ()
    return tuple(found for found in faults(chart) if found.structural)


def spare(chart: Chart, *versions: Chart) -> None:
    """Show no faults of a chart that is made of versions where none of these shows any."""
    chart._memo["accepted"] = not any(map(shown_faults, versions))


def _misused(chart: Chart, codes: tuple[str, ...]) -> Iterable[Fault]:
    for code in codes:
        if code in STRUCTURAL:
            found = f"allow= names {code}, a structural fault, which cannot be allowed"
            yield fault(chart, "SC119", found, "Fix the fault instead", chart.root)
        elif code != "*" and code not in QUALITY:
            remedy = did_you_mean(code, QUALITY, "Name the code of a quality fault, or '*'")
            found = f"allow= names {code!r}, and there is no such code"
            yield fault(chart, "SC119", found, remedy, chart.root)
