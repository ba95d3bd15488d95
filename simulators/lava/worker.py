"""The inside of a Lava run: reads a job, builds the processes, runs them, chunk by chunk.

Started by :class:`spinspike.simulators.lava.backend.Lava` as ``python -m``; not meant to be imported,
since ``import lava`` changes the interpreter (start method, handlers of the root logger).
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from spinspike.simulators.lava.parts import NEVER, lif
from spinspike.simulators.lava.processes import BatchConnection, SpikeSink, SpikeSource
from spinspike.simulators.lava.watchdog import fail_with, work

# Slots of a channel between two processes. Lava's 64 would cost gigabytes of shared memory.
CHANNEL_SLOTS = 4


@dataclass(frozen=True)
class Sent:
    """What the source neurons of one model send, each (n, B)."""

    values: NDArray[np.int32]  # in the steps start … stop - 1
    before: NDArray[np.int32]  # before the first step, so that it acts in it
    start: int
    stop: int


@dataclass(frozen=True)
class Synapses:
    """One projection."""

    name: str
    source: str
    target: str
    exponent: int
    sign: int
    delay: int
    weights: csr_matrix  # signed mantissas, (target size, source size)


@dataclass(frozen=True)
class Job:
    """What the parent wrote: the network, the patterns and the protocol."""

    folder: Path
    populations: list[tuple[str, int, str]]  # name, size, neuron model
    projections: list[Synapses]
    bias: NDArray[np.int64]  # (N, B)
    first_bias: NDArray[np.int64]  # (N, B)
    readout_bias: NDArray[np.int64]  # (C,)
    sent: dict[str, Sent]  # by neuron model
    steps: int
    patterns_per_run: int

    @property
    def model(self) -> dict[str, str]:
        """Neuron model of each population."""
        return {name: model for name, _, model in self.populations}

    @property
    def patterns(self) -> int:
        """B."""
        return len(self.bias.T)


@dataclass(frozen=True)
class Bundle:
    """Projections of one sign from one population; every target receives the same."""

    source: str
    sign: int
    targets: list[str]  # one population, or twins
    weights: dict[int, csr_matrix]  # 2**e m by delay


@dataclass(frozen=True)
class Parts:
    """The processes of one chunk of patterns, by population."""

    outputs: dict[str, Any]  # the out-port of each population that sends
    neurons: dict[str, Any]  # LIF processes
    sinks: dict[str, Any]  # of threshold populations
    change: dict[str, NDArray[np.int32]]  # (n, B) first bias less the bias of later steps
    readout: list[Any]  # the LIF process of the readout, if there is one


def read_job(folder: Path) -> Job:
    """Read ``job.npz``; nothing in it is executed."""
    with np.load(folder / "job.npz", allow_pickle=False) as file:
        arrays = dict(file)
    head = json.loads(str(arrays["head"]))
    size = {name: count for name, count, _ in head["populations"]}
    projections = []
    for p, (name, source, target, exponent, sign, delay) in enumerate(head["projections"]):
        signed = sign * arrays[f"mantissa{p}"].astype(np.int32)
        parts = (signed, arrays[f"indices{p}"], arrays[f"indptr{p}"])
        weights = csr_matrix(parts, shape=(size[target], size[source]))
        projections.append(Synapses(name, source, target, exponent, sign, delay, weights))
    return Job(
        folder=folder,
        populations=head["populations"],
        projections=projections,
        bias=arrays["bias"].T,
        first_bias=arrays["first_bias"].T,
        readout_bias=arrays["readout_bias"],
        sent={
            model: Sent(arrays[model].T, arrays[f"{model}_before"].T, *window)
            for model, window in head["windows"].items()
        },
        steps=head["steps"],
        patterns_per_run=head["patterns_per_run"],
    )


def bundles(projections: list[Synapses]) -> list[Bundle]:
    """What may share a connection: all from one population, of one sign, to one or to twins."""
    found: dict[tuple[str, int, str], Bundle] = {}
    for p in projections:
        key = (p.source, p.sign, p.target)
        bundle = found.setdefault(key, Bundle(p.source, p.sign, [p.target], {}))
        more = p.weights * 2**p.exponent
        before = bundle.weights.get(p.delay)
        bundle.weights[p.delay] = more if before is None else before + more
    shared: list[Bundle] = []
    for bundle in found.values():
        twin = next((other for other in shared if twins(bundle, other)), None)
        if twin is None:
            shared.append(bundle)
        else:
            twin.targets.extend(bundle.targets)
    return shared


def twins(one: Bundle, other: Bundle) -> bool:
    """Whether ``other`` has one target yet and the same synapses onto it."""
    if (one.source, one.sign, 1) != (other.source, other.sign, len(other.targets)):
        return False
    return one.weights.keys() == other.weights.keys() and all(
        w.shape == other.weights[d].shape and (w != other.weights[d]).nnz == 0
        for d, w in one.weights.items()
    )


def build(job: Job, start: int, done: int) -> Parts:
    """Processes for one chunk of patterns, connected.

    Parameters
    ----------
    start
        First pattern of the chunk.
    done
        Steps that earlier chunks took.
    """
    rows = slice(start, start + job.patterns_per_run)
    bias = job.bias[:, rows]
    change = (job.first_bias[:, rows] - bias).astype(np.int32)
    patterns = bias.shape[1]
    parts = Parts({}, {}, {}, {}, [])
    position = 0
    for name, size, model in job.populations:
        if model in job.sent:
            sent = job.sent[model]
            source = SpikeSource(
                values=sent.values[:, rows], start=sent.start, stop=sent.stop, name=name
            )
            parts.outputs[name] = source.s_out
        elif model == "readout":
            parts.neurons[name] = lif(name, np.tile(job.readout_bias, (patterns, 1)).T, NEVER)
            parts.readout.append(parts.neurons[name])
        else:
            neurons = slice(position, position + size)
            parts.neurons[name] = lif(name, bias[neurons], 0)
            parts.outputs[name] = parts.neurons[name].s_out
            parts.change[name] = change[neurons]
            parts.sinks[name] = SpikeSink(
                shape=(size, patterns),
                folder=str(job.folder),
                index=len(parts.sinks),
                pattern=start,
                neuron=position,
                steps=job.steps,
                done=done,
                name=f"{name}_sink",
            )
            parts.outputs[name].connect(parts.sinks[name].spikes_in)
            position += size
    connect(job, rows, parts)
    return parts


def connect(job: Job, rows: slice, parts: Parts) -> None:
    """One connection process per bundle.

    The bias register holds the bias of steps 2, 3, … all along. In the first step nothing has
    spiked, so the current that the synapses deliver is free to carry the difference to the first
    bias: one connection into each population sends it. Thus the neurons are Lava's own and the
    run needs no pause. Connections from source neurons likewise send what these sent before the
    first step.
    """
    waiting = dict(parts.change)
    for bundle in bundles(job.projections):
        model = job.model[bundle.source]
        if model in job.sent:
            before = job.sent[model].before[:, rows]
            first: dict[str, NDArray[np.int32]] = dict.fromkeys(
                bundle.targets, bundle.weights[0] @ before
            )
        else:
            first = {t: waiting.pop(t) for t in bundle.targets if t in waiting}
        synapses = join(parts, bundle, first)
        if model == "supervisory":
            for target, port in zip(bundle.targets, outputs(synapses), strict=False):
                port.connect(parts.sinks[target].supervisory_in)


def join(parts: Parts, bundle: Bundle, first: dict[str, NDArray[np.int32]]) -> BatchConnection:
    """Connect populations; ``first`` is what arrives in the first step, by default nothing."""
    into = [parts.neurons[target].a_in for target in bundle.targets]
    nothing = np.zeros(into[0].shape, dtype=np.int32)
    synapses = BatchConnection(
        weights=bundle.weights,
        first=[first.get(target, nothing) for target in bundle.targets],
        name=f"{bundle.source}>{','.join(bundle.targets)}:{bundle.sign:+}",
    )
    parts.outputs[bundle.source].connect(synapses.s_in)
    for port, neurons in zip(outputs(synapses), into, strict=False):
        port.connect(neurons)
    return synapses


def outputs(synapses: BatchConnection) -> tuple[Any, Any]:
    """Out-ports, one for each target."""
    return synapses.a_out, synapses.twin_out


def run(job: Job, status: NDArray[np.int64]) -> None:
    """All chunks, one Lava network after the other; ``status[0]`` counts what was reached."""
    readout = np.load(job.folder / "readout.npy", mmap_mode="r+")
    for chunk, start in enumerate(range(0, job.patterns, job.patterns_per_run)):
        status[0] = 3 * chunk + 1
        parts = build(job, start, chunk * job.steps)
        process = next(iter(parts.neurons.values()))
        process.create_runtime(
            run_cfg=Loihi2SimCfg(select_tag="fixed_pt"),
            compile_config={"pypy_channel_size": CHANNEL_SLOTS},
        )
        with fail_with(multiprocessing.active_children()):
            status[0] = 3 * chunk + 2
            process.run(condition=RunSteps(num_steps=job.steps))
            for neurons in parts.readout:
                readout[start : start + job.patterns_per_run] = neurons.v.get().T
        status[0] = 3 * chunk + 3
        process.stop()


def main(folder: Path, caller: int) -> None:
    """Run the job in ``folder``."""
    status = np.load(folder / "status.npy", mmap_mode="r+")
    work(lambda: run(read_job(folder), status), caller, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
