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

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.lif.process import LIF
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from spinspike.simulators.lava_processes import BatchConnection, SpikeSink, SupervisorySource
from spinspike.simulators.lava_watchdog import fail_with, work

# Decay of current and voltage. The current forgets at once; the voltage keeps |v| >> 12.
DU = DV = 4095
# A bias counts in weight units with this exponent, since Lava shifts synaptic sums by 6 bits.
BIAS_EXPONENT = 6
# Slots of a channel between two processes. Lava's 64 would cost gigabytes of shared memory.
CHANNEL_SLOTS = 4


@dataclass(frozen=True)
class Job:
    """What the parent wrote: the network, the patterns and the protocol."""

    folder: Path
    populations: list[tuple[str, int, str]]  # name, size, neuron model
    projections: list[tuple[str, str, str, int]]  # source, target, role, exponent
    weights: list[csr_matrix]  # signed mantissas, (target size, source size)
    bias: NDArray[np.int64]  # (B, N)
    first_bias: NDArray[np.int64]  # (B, N)
    supervisor: NDArray[np.bool_]  # (B, C)
    window: tuple[int, int]  # steps in which supervisory neurons spike, stop excluded
    steps: int
    patterns_per_run: int


def read_job(folder: Path) -> Job:
    """Read ``job.npz``; nothing in it is executed."""
    with np.load(folder / "job.npz", allow_pickle=False) as file:
        arrays = dict(file)
    head = json.loads(str(arrays["head"]))
    size = {name: count for name, count, _ in head["populations"]}
    weights = [
        csr_matrix(
            (arrays[f"weight{p}"], arrays[f"indices{p}"], arrays[f"indptr{p}"]),
            shape=(size[target], size[source]),
        )
        for p, (source, target, _, _) in enumerate(head["projections"])
    ]
    return Job(
        folder=folder,
        populations=head["populations"],
        projections=head["projections"],
        weights=weights,
        bias=arrays["bias"],
        first_bias=arrays["first_bias"],
        supervisor=arrays["supervisor"],
        window=(head["start"], head["stop"]),
        steps=head["steps"],
        patterns_per_run=head["patterns_per_run"],
    )


def build(job: Job, start: int, done: int) -> Any:
    """Processes for one chunk of patterns, connected; returns one of them.

    Parameters
    ----------
    start
        First pattern of the chunk.
    done
        Steps that earlier chunks took.
    """
    rows = slice(start, start + job.patterns_per_run)
    bias, supervisor = job.bias[rows], job.supervisor[rows]
    change = (job.first_bias[rows] - bias).astype(np.int32)
    outputs: dict[str, Any] = {}
    neurons: dict[str, Any] = {}
    sinks: dict[str, Any] = {}
    starts: dict[str, NDArray[np.int32]] = {}
    position = 0
    for name, size, kind in job.populations:
        if kind == "source":
            first, last = job.window
            source = SupervisorySource(spikes=supervisor, start=first, stop=last, name=name)
            outputs[name] = source.s_out
            continue
        columns = slice(position, position + size)
        neurons[name] = LIF(
            shape=(len(bias), size),
            du=DU,
            dv=DV,
            vth=0,
            bias_mant=bias[:, columns],
            bias_exp=BIAS_EXPONENT,
            name=name,
        )
        outputs[name] = neurons[name].s_out
        starts[name] = change[:, columns]
        sinks[name] = SpikeSink(
            shape=(len(bias), size),
            folder=str(job.folder),
            index=len(sinks),
            pattern=start,
            neuron=position,
            done=done,
            name=f"{name}_sink",
        )
        outputs[name].connect(sinks[name].spikes_in)
        position += size
    connect(job, supervisor, outputs, neurons, sinks, starts)
    return next(iter(neurons.values()))


def connect(
    job: Job,
    supervisor: NDArray[np.bool_],
    outputs: dict[str, Any],
    neurons: dict[str, Any],
    sinks: dict[str, Any],
    starts: dict[str, NDArray[np.int32]],
) -> None:
    """One connection process per projection.

    The bias register holds the bias of steps 2, 3, … all along. In the first step nothing has
    spiked, so the current that the synapses deliver is free to carry the difference to the first
    bias: it fills the accumulator of one connection into each population. Thus the neurons are
    Lava's own and the run needs no pause.
    """
    kinds = {name: kind for name, _, kind in job.populations}
    empty = [(name, name, "start", 0) for name in neurons]
    weights = [*job.weights, *(csr_matrix((n.s_out.shape[1],) * 2) for n in neurons.values())]
    for (source, target, role, exponent), weight in zip(
        [*job.projections, *empty], weights, strict=True
    ):
        if role == "start" and target not in starts:
            continue  # a true connection carries it already
        first = np.zeros(neurons[target].a_in.shape, dtype=np.int32)
        if kinds[source] != "source":  # its output is recorded as the supervisory signal
            first = starts.pop(target, first)
        elif job.window[0] <= 0 < job.window[1]:
            # The clamped phase begins with the first step, before a spike could arrive.
            first = np.left_shift((weight @ supervisor.T).T.astype(np.int32), exponent)
        connection = BatchConnection(
            weights=weight, exponent=exponent, first=first, name=f"{source}_{target}_{role}"
        )
        outputs[source].connect(connection.s_in)
        connection.a_out.connect(neurons[target].a_in)
        if kinds[source] == "source":
            connection.a_out.connect(sinks[target].supervisory_in)


def run(job: Job, status: NDArray[np.int64]) -> None:
    """All chunks, one Lava network after the other; ``status[0]`` counts what was reached."""
    for chunk, start in enumerate(range(0, len(job.bias), job.patterns_per_run)):
        status[0] = 3 * chunk + 1
        process = build(job, start, chunk * job.steps)
        process.create_runtime(
            run_cfg=Loihi2SimCfg(select_tag="fixed_pt"),
            compile_config={"pypy_channel_size": CHANNEL_SLOTS},
        )
        with fail_with(multiprocessing.active_children()):
            status[0] = 3 * chunk + 2
            process.run(condition=RunSteps(num_steps=job.steps))
        status[0] = 3 * chunk + 3
        process.stop()


def main(folder: Path, caller: int) -> None:
    """Run the job in ``folder``."""
    status = np.load(folder / "status.npy", mmap_mode="r+")
    work(lambda: run(read_job(folder), status), caller)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
