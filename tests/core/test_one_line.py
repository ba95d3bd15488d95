"""Public objects print as one line that names their sizes, in notebooks too."""

from __future__ import annotations

from spinspike.mapping import SynapseGraph
from spinspike.model import Dataset, NetworkFile
from spinspike.simulators import Emulator, validate


def test_networks_states_and_graphs(trained: NetworkFile, graph: SynapseGraph) -> None:
    network, learned = trained.network, trained.fixed_points["learned"]
    shown = [repr(thing) for thing in (network, learned, trained, graph, graph.io)]
    assert shown[0] == (
        "<Network: 100 units in 1 modules, 64 inputs, 10 classes, "
        f"{network.coupling.nnz:,} couplings>"
    )
    assert shown[1] == f"<FixedPoints: {len(learned)} states of 100 units>"
    assert "from digits>" in shown[2]
    assert shown[3].startswith("<SynapseGraph: dale, 8 bits, 100 units, 200 neurons, ")
    assert not any("\n" in line or len(line) > 200 for line in shown)
    assert graph._repr_html_().startswith("<b>SynapseGraph</b> dale, 8 bits")


def test_data_and_outcomes(handwritten: Dataset, graph: SynapseGraph) -> None:
    assert repr(handwritten).startswith("<Dataset: digits, ")
    assert repr(handwritten.test) == "<Split: 360 inputs of 64 numbers>"
    (outcome,) = validate(graph, Emulator(), patterns=5, runs=("cued",), nulls=False)
    assert repr(outcome) == (
        "<Outcome: emulator, step, cued: 5 of 5 held, 5 end exactly in their state>"
    )


def test_a_projection_names_its_ends(graph: SynapseGraph) -> None:
    assert repr(graph.projections[0]).startswith("<Projection: E>E:coupling+, ")
