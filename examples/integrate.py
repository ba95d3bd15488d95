"""Teach a network to remember for a while, map it to spiking neurons, and see how long it does.

    python examples/integrate.py -o memory.png
    python examples/integrate.py --rate 0.1 --frequency 0.5 -o oscillation.png

A linear recurrent network learns by gradient descent; one eigenvalue of its couplings, or a pair,
leaves the others and becomes the memory. With fewer bits in every weight it hardly moves. Lava and
Brian2 run the same with `LavaGraded` and `Brian2Graded` in place of the emulator.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spinspike.mapping.integrator.integrator_graph import map_integrator, outlier_after
from spinspike.model.integrator.learning import descend
from spinspike.model.integrator.linear_network import Filter, draw, impulse_response, outlier
from spinspike.simulators.emulator.graded import GradedEmulator
from spinspike.simulators.integrator.impulse import Pulse, fit_response


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=0.1, help="1 / how long to remember")
    parser.add_argument("--frequency", type=float, default=0.0, help="of an oscillation")
    parser.add_argument("--units", type=int, default=20)
    parser.add_argument("-o", "--output", type=Path, default=Path("memory.png"))
    arguments = parser.parse_args()

    target = Filter(arguments.rate, arguments.frequency)
    turning = target.frequency > 0
    blank = draw(
        arguments.units,
        np.random.default_rng(0),
        spread=0.05,
        strength=0.1,
        alignment=0.0 if turning else 0.5,
    )
    network = descend(blank, target).network
    print(f"learned: outlier {outlier(network):.4f}, asked for {1 - target.rate:g}")
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axis = figure.subplots()
    times = np.linspace(0, 5 / target.rate, 300)
    axis.plot(
        times, impulse_response(network, times), color="lightgrey", linewidth=4, label="network"
    )
    for bits in (8, 4):
        graph = map_integrator(network, bits=bits)
        step = graph.graded.step if graph.graded else 1.0
        pulse = Pulse.impulse(step, 5 / target.rate)
        heard = GradedEmulator().run(graph, pulse.samples(step))
        fit = fit_response(heard.times, heard.readout, oscillates=turning)
        print(
            f"{graph.neurons} neurons of {bits} bits: outlier {outlier_after(graph):.4f}, "
            f"remembers for {fit.time_scale:.2f} +- {fit.time_scale_error:.2f} (asked for "
            f"{1 / target.rate:g}), frequency {fit.frequency:.3f}"
        )
        axis.plot(heard.times, heard.readout, label=f"{bits} bits")
    axis.set(xlabel="time after an impulse, in leaks", ylabel="output")
    axis.legend()
    figure.savefig(arguments.output)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
