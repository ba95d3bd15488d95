"""The validation protocol: it must pass the graph, and catch what is broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from spinspike.errors import BadInput
from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.mapping.graph.codec import reference_classes
from spinspike.mapping.graph.fields import weight_matrix
from spinspike.model import FixedPoints, NetworkFile
from spinspike.model.network.dynamics import run_free
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators import (
    Bounds,
    Emulator,
    Outcome,
    Phases,
    Recording,
    Stimulus,
    accuracy,
    claims,
    validate,
    verdict,
)
from spinspike.simulators.base import Regime
from spinspike.simulators.physics.calibration import weakest_fields
from spinspike.simulators.validation.answers import needed
from spinspike.simulators.validation.outcome import BY_PATTERN, joined
from spinspike.simulators.validation.protocol import (
    NULL_RUNS,
    NULLS,
    RECORDED,
    RUNS,
    Trial,
    blocks,
    default_phases,
    run_block,
    trials,
)
from spinspike.task import Progress


@pytest.fixture(scope="module")
def graph(larger: NetworkFile) -> SynapseGraph:
    """The Dale graph of the larger network."""
    return map_network(larger.network, larger.fixed_points)


@dataclass(frozen=True)
class Broken:
    """An emulator whose stimulus, protocol or recording is tampered with."""

    before: Callable[[Stimulus, Phases], tuple[Stimulus, Phases]] = lambda s, p: (s, p)
    after: Callable[[Recording], Recording] = lambda r: r
    name: str = "broken"
    regime: Regime = "step"

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        return self.after(Emulator().run(graph, *self.before(stimulus, phases)))


def outcomes(graph: SynapseGraph, simulator: Emulator | Broken, **options: object) -> list[Outcome]:
    return list(validate(graph, simulator, patterns=120, **options))  # type: ignore[arg-type]


def failed(found: list[Outcome]) -> list[str]:
    """Claims that fail, with bounds asked for on where runs end."""
    bounds = Bounds(reached=0.6, accuracy=0.05)
    return [claim.statement for claim in claims(found, bounds) if claim.verdict == "fails"]


def test_the_graph_passes_and_its_nulls_fail(graph: SynapseGraph) -> None:
    found = outcomes(graph, Emulator())
    assert [(o.run, o.null) for o in found] == [(t.run, t.null) for t in trials()]
    assert failed(found) == []
    by_run = {(o.run, o.null): o for o in found}
    assert by_run["learned", ""].exact.mean() > 0.8
    assert by_run["cued", ""].exact.mean() > 0.9
    for run in NULL_RUNS:
        for null in NULLS:
            assert by_run[run, null].exact.mean() < 0.3, (run, null)


def test_accuracy_and_references_are_those_of_the_trained_network(
    larger: NetworkFile, graph: SynapseGraph
) -> None:
    (free,) = validate(graph, Emulator(), patterns=1000, runs=["free"])
    reference = larger.provenance["accuracy"]["test"]
    assert accuracy(free) == pytest.approx(reference, abs=0.02)
    assert len(free.points) == len(larger.fixed_points["free"])


def test_labels_of_test_images_never_reach_a_simulator(graph: SynapseGraph) -> None:
    """With all test labels replaced, every stimulus and so every outcome stays the same."""
    points = graph.fixed_points["free"]
    lied = replace(points, labels=(points.labels + 3) % 10)
    other = replace(graph, fixed_points={**graph.fixed_points, "free": lied})
    runs = ["free", "cued", "release", "wrong"]
    for honest, blind in zip(
        outcomes(graph, Emulator(), runs=runs), outcomes(other, Emulator(), runs=runs), strict=True
    ):
        assert np.array_equal(honest.final, blind.final)


def test_wrong_means_another_class_than_predicted(graph: SynapseGraph) -> None:
    seen: list[Stimulus] = []

    def spy(stimulus: Stimulus, phases: Phases) -> tuple[Stimulus, Phases]:
        seen.append(stimulus)
        return stimulus, phases

    outcomes(graph, Broken(before=spy), runs=["wrong", "release"])
    predicted = reference_classes(graph, graph.fixed_points["free"].states[:120])
    wrong, right = (s.supervisor.argmax(axis=1) for s in seen)
    assert (wrong != predicted).all()
    assert np.array_equal(right, predicted)


# Mutations: each breaks one thing that the protocol must notice.


def test_caught_a_supervisory_signal_left_on(graph: SynapseGraph) -> None:
    left_on = Broken(before=lambda s, p: (s, replace(p, clamped=p.clamped + p.free, free=0)))
    found = failed(outcomes(graph, left_on, runs=["learned"], nulls=False))
    assert "label stayed on, or never came" in found


def test_caught_a_simulator_that_lags_by_one_step(graph: SynapseGraph) -> None:
    def lag(recording: Recording) -> Recording:
        assert recording.spikes is not None
        return replace(recording, spikes=np.roll(recording.spikes, 1, axis=0))

    found = failed(outcomes(graph, Broken(after=lag), runs=["free"]))
    assert found == ["spikes unlike the emulator's"]


def test_caught_a_release_one_step_late(graph: SynapseGraph) -> None:
    late = Broken(before=lambda s, p: (s, replace(p, clamped=p.clamped + 1, free=p.free - 1)))
    found = failed(outcomes(graph, late, runs=["learned"], nulls=False))
    assert "label stayed on, or never came" in found


def test_caught_a_coupling_with_swapped_sign(graph: SynapseGraph) -> None:
    """All positive couplings into E made negative: fixed points and trajectories are lost."""
    swapped = replace(
        graph,
        projections=tuple(
            replace(p, sign=-p.sign) if p.name == "E>E:coupling+" else p for p in graph.projections
        ),
    )
    assert (weight_matrix(swapped) != weight_matrix(graph)).nnz > 0
    seen = outcomes(swapped, Emulator(), runs=["free", "learned", "cued"])
    found = failed(seen)
    for run in ("free", "learned", "cued"):
        assert f"{run}: ends exactly in s*" in found
    assert verdict(claims(seen)) == "undecided"  # hardly a certified state that could be lost


def test_caught_a_mapping_that_forgets_the_first_step_bias(graph: SynapseGraph) -> None:
    forgotten = replace(graph, initial_bias=graph.bias)
    found = failed(outcomes(forgotten, Emulator(), runs=["free"]))
    assert "free: ends exactly in s*" in found


def test_caught_a_simulator_that_forgets_the_first_step_bias(graph: SynapseGraph) -> None:
    forgotten = Broken(before=lambda s, p: (replace(s, first_bias=s.bias), p))
    found = failed(outcomes(graph, forgotten, runs=["free"]))
    assert "spikes unlike the emulator's" in found
    assert "free: ends exactly in s*" in found


def test_caught_a_supervisory_signal_that_never_comes(graph: SynapseGraph) -> None:
    mute = Broken(before=lambda s, p: (replace(s, supervisor=np.zeros_like(s.supervisor)), p))
    found = failed(outcomes(graph, mute, runs=["learned"], nulls=False))
    assert "label stayed on, or never came" in found


def test_a_network_that_hears_no_label_is_not_blamed_for_it(graph: SynapseGraph) -> None:
    """Nor is one with a class that has no weights, where a block is of that class alone."""
    deaf = replace(
        graph, projections=tuple(p for p in graph.projections if p.role != "supervisory")
    )
    (learned,) = outcomes(deaf, Emulator(), runs=["learned"], nulls=False)
    assert not learned.saw_label
    assert "label stayed on, or never came" not in failed([learned])
    heard = replace(learned, saw_label=True, supervisory=learned.supervisory + 1)
    assert joined([learned, heard]).saw_label


def test_caught_too_few_bits(graph: SynapseGraph, larger: NetworkFile) -> None:
    """At 2 bits most states are gone, which no count of broken certificates would show."""
    rounding = Rounding(weight_bits=2, clip=False)
    coarse = map_network(larger.network, larger.fixed_points, rounding=rounding)
    found = failed(outcomes(coarse, Emulator(), runs=["learned"], nulls=False))
    assert "learned: ends exactly in s*" in found


def test_caught_a_latch_that_holds_whatever_it_was_cued_with(graph: SynapseGraph) -> None:
    """A simulator that freezes its first state keeps all, and so do the nulls: it tells nothing."""

    def freeze(recording: Recording) -> Recording:
        return replace(recording, states=np.repeat(recording.states[:1], len(recording.times), 0))

    found = outcomes(graph, Broken(after=freeze), runs=["cued"])
    assert failed(found) == []
    assert needed(found).answer == "not shown"
    assert needed(outcomes(graph, Emulator(), runs=["cued"])).answer == "yes"


def test_caught_a_readout_that_differs(graph: SynapseGraph) -> None:
    def loud(recording: Recording) -> Recording:
        assert recording.readout is not None
        return replace(recording, readout=recording.readout + 64)

    found = failed(outcomes(graph, Broken(after=loud), runs=["free"]))
    assert found == ["spikes unlike the emulator's"]


def test_classes_are_those_of_the_readout_neurons(graph: SynapseGraph) -> None:
    def seven(recording: Recording) -> Recording:
        assert recording.readout is not None
        membranes = np.zeros_like(recording.readout)
        membranes[:, 7] = 1
        return replace(recording, readout=membranes)

    (free,) = outcomes(graph, Broken(after=seven), runs=["free"])
    assert set(free.classes) == {7}


def test_the_cue_has_a_step_for_each_module() -> None:
    """Two linked modules, of which the second hears of the image in the second step alone."""
    network = from_arrays(
        J=np.zeros((2, 2)), Win=[[1.0], [0.0]], Wback=np.zeros((2, 2)), Wout=np.eye(2),
        J_D=0.5, input_range=(-1, 1), modules=[1, 1],
    )  # fmt: skip
    network = replace(network, link=csr_array(np.array([[0.0, 0.0], [1.0, 0.0]])))
    images, labels = np.array([[1.0], [-1.0]]), np.array([0, 1])
    points = FixedPoints(images, labels, run_free(network, images))
    graph = map_network(network, {"free": points})
    assert points.states.tolist() == [[1, 1], [-1, -1]]
    (free,) = validate(graph, Emulator(), runs=["free"], nulls=False)
    assert free.release == 2
    assert free.held.all()
    assert default_phases(graph, "step") == Phases(cue=2, clamped=5, free=40)
    assert default_phases(graph, "continuous") == Phases(cue=100, clamped=200, free=500)
    assert default_phases(graph, "step", hold=1000) == Phases(cue=2, clamped=5, free=1000)
    with pytest.raises(BadInput, match="hold is 0; allowed: 1 or more"):
        default_phases(graph, "step", hold=0)
    (short,) = validate(graph, Emulator(), runs=["free"], phases=Phases(cue=1, free=5))
    assert short.away[0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patterns": 0}, "patterns is 0; allowed: 1 or more"),
        (
            {"runs": ["fre"]},
            "unknown run 'fre'; allowed: free, learned, cued, recalled, release, wrong",
        ),
    ],
)
def test_bad_requests_are_refused(
    graph: SynapseGraph, options: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        list(validate(graph, Emulator(), **options))  # type: ignore[arg-type]


def test_a_graph_without_fixed_points_is_refused(graph: SynapseGraph) -> None:
    with pytest.raises(BadInput, match="carries no learned fixed points"):
        list(validate(replace(graph, fixed_points={}), Emulator(), runs=["learned"]))


def test_trials_are_the_runs_and_the_nulls_of_two() -> None:
    assert len(trials()) == len(RUNS) + len(NULL_RUNS) * len(NULLS)
    assert trials(["free"]) == [Trial("free")]
    assert trials(["cued"], nulls=False) == [Trial("cued")]


def test_blocks_hold_every_pattern_once_and_no_more_than_memory_allows(graph: SynapseGraph) -> None:
    long = Phases(cue=1, clamped=5, free=6_000)
    count = len(graph.fixed_points["free"])
    rows = blocks(graph, "free", 10_000, long, "step")
    assert [n for part in rows for n in range(part.start, part.stop)] == list(range(count))
    assert len(rows) > 2
    assert all((p.stop - p.start) * graph.neurons * long.total <= RECORDED for p in rows)
    assert blocks(graph, "free", 7, long, "step") == [slice(0, 7)]
    huge = Phases(cue=1, clamped=0, free=RECORDED)
    assert blocks(graph, "free", 2, huge, "step") == [slice(0, 1), slice(1, 2)]


@pytest.mark.parametrize("trial", trials(), ids=str)
def test_what_a_pattern_shows_does_not_depend_on_its_block(
    graph: SynapseGraph, trial: Trial
) -> None:
    phases = Phases(cue=1, clamped=3, free=10)
    simulator = Emulator()
    whole = run_block(graph, simulator, trial, slice(0, 9), phases, 3)
    parts = [
        run_block(graph, simulator, trial, rows, phases, 3)
        for rows in (slice(0, 2), slice(2, 8), slice(8, 9))
    ]
    together = joined(parts)
    for name in (*BY_PATTERN, "final", "supervisory"):
        np.testing.assert_allclose(getattr(together, name), getattr(whole, name))
    assert (together.since, together.saw_label) == (whole.since, whole.saw_label)
    assert np.array_equal(together.points.inputs, whole.points.inputs)


def test_blocks_of_a_simulator_with_a_seed_have_noise_of_their_own(graph: SynapseGraph) -> None:
    """A pattern that is in two blocks: with the same noise both would flip the same units."""
    points = graph.fixed_points["free"]
    points = points.select(np.array([0, 0]))
    points.inputs[1, 0] += 1e-12  # another pattern, which comes in as the same integers
    twice = replace(graph, fixed_points={"free": points})
    noisy = Emulator(noise=60.0)
    phases = Phases(cue=1, clamped=0, free=10)
    one, other = (
        run_block(twice, noisy, Trial("free"), rows, phases, 0)
        for rows in (slice(0, 1), slice(1, 2))
    )
    assert not np.array_equal(one.final, other.final)


def test_a_null_runs_with_the_parameters_of_the_graph(graph: SynapseGraph) -> None:
    @dataclass(frozen=True)
    class Calibrated(Broken):
        made_for: tuple[SynapseGraph, ...] = ()

        def calibrated(self, graph: SynapseGraph) -> Calibrated:
            return replace(self, made_for=(graph,))

        def run(
            self,
            graph: SynapseGraph,
            stimulus: Stimulus,
            phases: Phases,
            *,
            progress: Progress | None = None,
        ) -> Recording:
            seen.append((self.made_for[0], graph))
            return super().run(graph, stimulus, phases, progress=progress)

    seen: list[tuple[SynapseGraph, SynapseGraph]] = []
    outcomes(graph, Calibrated(), runs=["cued"])
    assert len(seen) == 4
    assert all(made_for is graph for made_for, _ in seen)
    assert [ran is graph for _, ran in seen] == [True, False, False, True]


def test_recalled_are_the_learned_states_of_smallest_margin(graph: SynapseGraph) -> None:
    (found,) = validate(graph, Emulator(), patterns=50, runs=["recalled"], nulls=False)
    assert not found.saw_label
    assert found.held.tolist() == (found.margin >= 1).tolist()
    weakest = np.sort(weakest_fields(graph, graph.fixed_points["learned"].select(slice(500))))
    assert found.field.tolist() == weakest[:50].tolist()
