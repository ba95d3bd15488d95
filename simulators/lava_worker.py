"""The inside of a Lava run: reads a job, builds the processes, runs them, chunk by chunk.

Started by :class:`spinspike.simulators.lava.Lava` as ``python -m``; not meant to be imported,
since ``import lava`` changes the interpreter (start method, handlers of the root logger).
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.lif.process import LIF
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from spinspike.simulators.lava_processes import BatchConnection, SpikeSink, SpikeSource
from spinspike.simulators.lava_watchdog import fail_with, work

# Decay of current and voltage. The current forgets at once; the voltage keeps |v| >> 12.
DU = DV = 4095
# A bias counts in weight units with this exponent, since Lava shifts synaptic sums by 6 bits.
BIAS_EXPONENT = 6
# Of the readout neurons: no sum that fits a 24-bit membrane reaches it.
NEVER = 2**17 - 1
# Slots of a channel between two processes. Lava's 64 would cost gigabytes of shared memory.
CHANNEL_SLOTS = 4


@dataclass(frozen=True)
class Sent:
    """What the source neurons of one model send, each (B, n)."""

    values: NDArray[np.int32]  # in the steps start … stop - 1
    before: NDArray[np.int32]  # before the first step, so that it acts in it
    start: int
    stop: int


@dataclass(frozen=True)
class Job:
    """What the parent wrote: the network, the patterns and the protocol."""

    folder: Path
    populations: list[tuple[str, int, str]]  # name, size, neuron model
    projections: list[tuple[str, str, str, int]]  # name, source, target, exponent
    weights: list[csr_matrix]  # signed mantissas, (target size, source size)
    bias: NDArray[np.int64]  # (B, N)
    first_bias: NDArray[np.int64]  # (B, N)
    readout_bias: NDArray[np.int64]  # (C,)
    sent: dict[str, Sent]  # by neuron model
    steps: int
    patterns_per_run: int


@dataclass(frozen=True)
class Parts:
    """The processes of one chunk of patterns, by population."""

    outputs: dict[str, Any]  # the out-port of each population that sends
    neurons: dict[str, Any]  # LIF processes
    sinks: dict[str, Any]  # of threshold populations
    change: dict[str, NDArray[np.int32]]  # (B, n) first bias less the bias of later steps
    readout: list[Any]  # the LIF process of the readout, if there is one


def read_job(folder: Path) -> Job:
    """Read ``job.npz``; nothing in it is executed."""
    with np.load(folder / "job.npz", allow_pickle=False) as file:
        arrays = dict(file)
    head = json.loads(str(arrays["head"]))
    size = {name: count for name, count, _ in head["populations"]}
    weights = [
        csr_matrix(
            (
                sign * arrays[f"mantissa{p}"].astype(np.int32),
                arrays[f"indices{p}"],
                arrays[f"indptr{p}"],
            ),
            shape=(size[target], size[source]),
        )
        for p, (_, source, target, _, sign) in enumerate(head["projections"])
    ]
    return Job(
        folder=folder,
        populations=head["populations"],
        projections=[tuple(row[:4]) for row in head["projections"]],
        weights=weights,
        bias=arrays["bias"],
        first_bias=arrays["first_bias"],
        readout_bias=arrays["readout_bias"],
        sent={
            model: Sent(arrays[model], arrays[f"{model}_before"], *window)
            for model, window in head["windows"].items()
        },
        steps=head["steps"],
        patterns_per_run=head["patterns_per_run"],
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
    bias = job.bias[rows]
    change = (job.first_bias[rows] - bias).astype(np.int32)
    parts = Parts({}, {}, {}, {}, [])
    position = 0
    for name, size, model in job.populations:
        if model in job.sent:
            sent = job.sent[model]
            source = SpikeSource(
                values=sent.values[rows], start=sent.start, stop=sent.stop, name=name
            )
            parts.outputs[name] = source.s_out
        elif model == "readout":
            parts.neurons[name] = lif(name, np.tile(job.readout_bias, (len(bias), 1)), NEVER)
            parts.readout.append(parts.neurons[name])
        else:
            columns = slice(position, position + size)
            parts.neurons[name] = lif(name, bias[:, columns], 0)
            parts.outputs[name] = parts.neurons[name].s_out
            parts.change[name] = change[:, columns]
            parts.sinks[name] = SpikeSink(
                shape=(len(bias), size),
                folder=str(job.folder),
                index=len(parts.sinks),
                pattern=start,
                neuron=position,
                done=done,
                name=f"{name}_sink",
            )
            parts.outputs[name].connect(parts.sinks[name].spikes_in)
            position += size
    connect(job, rows, parts)
    return parts


def lif(name: str, bias: NDArray[np.int64], threshold: int) -> LIF:
    """Lava's own neurons, one for each entry of the bias."""
    return LIF(
        shape=bias.shape,
        du=DU,
        dv=DV,
        vth=threshold,
        bias_mant=bias,
        bias_exp=BIAS_EXPONENT,
        name=name,
    )


def connect(job: Job, rows: slice, parts: Parts) -> None:
    """One connection process per projection, and empty ones where something is still unconnected.

    The bias register holds the bias of steps 2, 3, … all along. In the first step nothing has
    spiked, so the current that the synapses deliver is free to carry the difference to the first
    bias: it fills the accumulator of one connection into each population. Thus the neurons are
    Lava's own and the run needs no pause. The accumulators of connections from source neurons
    likewise hold what these sent before the first step.
    """
    model = {name: model for name, _, model in job.populations}
    waiting = dict(parts.change)
    for (name, source, target, exponent), weights in zip(job.projections, job.weights, strict=True):
        if model[source] in job.sent:
            before = job.sent[model[source]].before[rows]
            first = np.left_shift((weights @ before.T).T, exponent)
        else:
            first = waiting.pop(target, None)
        synapses = join(parts, source, target, weights, exponent, first, name)
        if model[source] == "supervisory":
            synapses.a_out.connect(parts.sinks[target].supervisory_in)
    hub = next(iter(parts.sinks))
    for target in {**waiting, **dict.fromkeys(apart(job, hub))}:
        shape = (parts.neurons[target].a_in.shape[1], parts.outputs[hub].shape[1])
        join(parts, hub, target, csr_matrix(shape), 0, waiting.get(target), f"{hub}>{target}")


def join(
    parts: Parts,
    source: str,
    target: str,
    weights: csr_matrix,
    exponent: int,
    first: NDArray[np.int32] | None,
    name: str,
) -> BatchConnection:
    """Connect two populations; ``first`` is what arrives in the first step."""
    into = parts.neurons[target].a_in
    first = np.zeros(into.shape, dtype=np.int32) if first is None else first
    synapses = BatchConnection(weights=weights, exponent=exponent, first=first, name=name)
    parts.outputs[source].connect(synapses.s_in)
    synapses.a_out.connect(into)
    return synapses


def apart(job: Job, hub: str) -> list[str]:
    """Populations that no chain of projections joins to the hub; Lava runs only what is joined."""
    neurons = [name for name, _, model in job.populations if model not in job.sent]
    joined = nx.Graph([(source, target) for _, source, target, _ in job.projections])
    joined.add_nodes_from(neurons)
    reached = nx.node_connected_component(joined, hub)
    return [name for name in neurons if name not in reached]


def run(job: Job, status: NDArray[np.int64]) -> None:
    """All chunks, one Lava network after the other; ``status[0]`` counts what was reached."""
    readout = np.load(job.folder / "readout.npy", mmap_mode="r+")
    for chunk, start in enumerate(range(0, len(job.bias), job.patterns_per_run)):
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
                readout[start : start + job.patterns_per_run] = neurons.v.get()
        status[0] = 3 * chunk + 3
        process.stop()


def main(folder: Path, caller: int) -> None:
    """Run the job in ``folder``."""
    status = np.load(folder / "status.npy", mmap_mode="r+")
    work(lambda: run(read_job(folder), status), caller)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
