"""The inside of a Lava run by lava-nc's own processes: one pattern after the other.

Started by :class:`spinspike.simulators.lava.backend.Lava` with ``stock=True``. One network serves all
patterns: it pauses after each, and bias, current, voltage and the connections' accumulators are
set to what the next one starts from. Only the sinks are this project's, since Lava's own hand back
one number at a time.
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
from lava.proc.io.source import RingBuffer
from numpy.typing import NDArray

from spinspike.simulators.lava.parts import NEVER, accumulator, arrives_first, connection, lif
from spinspike.simulators.lava.processes import SpikeSink
from spinspike.simulators.lava.watchdog import fail_with, work
from spinspike.simulators.lava.worker import Job, read_job


@dataclass(frozen=True)
class Network:
    """The processes, and what they are made of."""

    job: Job
    arrays: dict[str, Any]
    rows: list[dict[str, Any]]  # one for each connection
    neurons: dict[str, Any]
    synapses: list[Any]
    sources: dict[str, Any]  # by neuron model

    def values(self, pattern: int) -> list[tuple[Any, NDArray[Any]]]:
        """Each register, and what a pattern finds in it when it starts."""
        job = self.job
        bias, first = job.bias[:, pattern], job.first_bias[:, pattern]
        before = {model: sent.before[:, pattern] for model, sent in job.sent.items()}
        change: dict[str, NDArray[Any]] = {}
        found: list[tuple[Any, NDArray[Any]]] = []
        position = 0
        for name, size, model in job.populations:
            if model == "threshold":
                neurons = slice(position, position + size)
                change[name] = first[neurons] - bias[neurons]
                found.append((self.neurons[name].bias_mant, bias[neurons]))
                position += size
            if name in self.neurons:
                zeros = np.zeros(size, dtype=np.int32)
                found += [(self.neurons[name].u, zeros), (self.neurons[name].v, zeros)]
        arriving = arrives_first(self.arrays, self.rows, change, before)
        for synapses, first in zip(self.synapses, arriving, strict=True):
            found.append((synapses.a_buff, accumulator(synapses, first)))
        for model, source in self.sources.items():
            found.append((source.data, window(job, model, pattern)))
        return found


def window(job: Job, model: str, pattern: int) -> NDArray[np.int32]:
    """What source neurons send in each step of a pattern, (n, steps)."""
    sent = job.sent[model]
    steps = np.arange(1, job.steps + 1)
    on = (sent.start <= steps) & (steps < sent.stop)
    return sent.values[:, pattern, None] * on


def build(job: Job) -> Network:
    """Processes for one pattern, connected and loaded with the first."""
    with np.load(job.folder / "network.npz", allow_pickle=False) as file:
        arrays = dict(file)
    head = json.loads(str(arrays["head"]))
    network = Network(job, arrays, head["projections"], {}, [], {})
    sinks: dict[str, SpikeSink] = {}
    position = 0
    for name, size, model in job.populations:
        if model == "readout":
            network.neurons[name] = lif(name, job.readout_bias, NEVER)
        elif model == "threshold":
            network.neurons[name] = lif(name, np.zeros(size, dtype=np.int64), 0)
            sinks[name] = SpikeSink(
                shape=(size, 1),
                folder=str(job.folder),
                index=len(sinks),
                pattern=0,
                neuron=position,
                steps=job.steps,
                done=0,
                name=f"{name}_sink",
            )
            network.neurons[name].s_out.reshape((size, 1)).connect(sinks[name].spikes_in)
            position += size
        elif model not in network.sources:
            network.sources[model] = RingBuffer(data=window(job, model, 0))
    for number, row in enumerate(network.rows):
        synapses = connection(arrays, row, number, head["levels"])
        source = network.sources.get(row["source_model"]) or network.neurons[row["source"]]
        source.s_out.connect(synapses.s_in)
        synapses.a_out.connect(network.neurons[row["target"]].a_in)
        if row["source_model"] == "supervisory":
            port = sinks[row["target"]].supervisory_in
            synapses.a_out.reshape(port.shape).connect(port)
        network.synapses.append(synapses)
    for register, value in network.values(0):
        register.init = value
    return network


def run(job: Job, status: NDArray[np.int64]) -> None:
    """All patterns in one Lava network; ``status[0]`` counts what was reached."""
    readout = np.load(job.folder / "readout.npy", mmap_mode="r+")
    status[0] = 1
    network = build(job)
    process = next(iter(network.neurons.values()))
    process.create_runtime(run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    scores = [network.neurons[name] for name, _, model in job.populations if model == "readout"]
    with fail_with(multiprocessing.active_children()):
        for pattern in range(job.patterns):
            status[0] = 3 * pattern + 2
            if pattern:
                for register, value in network.values(pattern):
                    register.set(value)
            process.run(condition=RunSteps(num_steps=job.steps))
            for neurons in scores:
                readout[pattern] = neurons.v.get()
    status[0] += 1
    process.stop()


def main(folder: Path, caller: int) -> None:
    """Run the job in ``folder``."""
    status = np.load(folder / "status.npy", mmap_mode="r+")
    work(lambda: run(read_job(folder), status), caller, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
