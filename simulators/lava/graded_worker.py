"""The inside of a Lava run of graded neurons: reads a job, builds the processes, runs them.

Started by :class:`spinspike.simulators.lava.graded.LavaGraded` as ``python -m``; not meant to be
imported, since ``import lava`` changes the interpreter.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.source import RingBuffer
from lava.proc.sdn.process import Sigma

from spinspike.simulators.lava.parts import connection
from spinspike.simulators.lava.processes import GradedNeurons, MessageSink
from spinspike.simulators.lava.watchdog import fail_with, work

MESSAGE = 2**23  # the highest value that a message of 24 bits may have


def build(folder: Path) -> tuple[Any, int]:
    """All processes, connected; one of them, and the number of steps."""
    with np.load(folder / "network.npz", allow_pickle=False) as file:
        arrays = dict(file)
    head = json.loads(str(arrays["head"]))
    neurons, first = {}, 0
    for index, (name, size) in enumerate(head["populations"].items()):
        neurons[name] = GradedNeurons(shape=(size,), shift=int(arrays["shift"]), name=name)
        neurons[name].s_out.connect(_sink(folder, "messages", size, first, 1 + index).a_in)
        first += size
    (readout,) = head["readout"]
    scores = Sigma(shape=(1,))
    scores.s_out.connect(_sink(folder, "readout", 1, 0, 1 + len(neurons)).a_in)
    source = RingBuffer(data=arrays["changes"])
    for number, row in enumerate(head["projections"]):
        synapses = connection(arrays, row, number, MESSAGE)
        sender = source if row["source_model"] == "input" else neurons[row["source"]]
        target = scores if row["target"] == readout else neurons[row["target"]]
        sender.s_out.connect(synapses.s_in)
        synapses.a_out.connect(target.a_in)
    return next(iter(neurons.values())), arrays["changes"].shape[1]


def _sink(folder: Path, array: str, size: int, first: int, index: int) -> MessageSink:
    return MessageSink(
        size=size,
        path=str(folder / f"{array}.npy"),
        first=first,
        status=str(folder / "status.npy"),
        index=index,
        name=f"{array}{index}_sink",
    )


def run(folder: Path) -> None:
    """Build and run; ``status[0]`` counts what was reached."""
    status = np.load(folder / "status.npy", mmap_mode="r+")
    status[0] = 1
    process, steps = build(folder)
    process.create_runtime(run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    with fail_with(multiprocessing.active_children()):
        status[0] = 2
        process.run(condition=RunSteps(num_steps=steps))
    status[0] = 3
    process.stop()


if __name__ == "__main__":
    work(lambda: run(Path(sys.argv[1])), int(sys.argv[2]), Path(sys.argv[1]))
