"""Hold a graph's states in NEST, on as many machines as MPI gives: the same script everywhere.

    spinspike map network.h5 -o graph.h5
    python examples/nest_many_machines.py graph.h5 --patterns 20
    mpirun -np 8 python examples/nest_many_machines.py graph.h5 --patterns 1000 --folder /shared/run

Under mpirun every process builds its share of the neurons, and all of them spike together. Each
virtual process (a thread of a process) writes what its neurons did into files in --folder, which
must be one folder that all machines see; then every process reads them all and holds the whole
recording. So nothing below asks which process it is in, but for printing: process 0 alone prints
the table, the same that one process prints. Only the noise and the update times are drawn in other
streams, one for each virtual process; the same seed gives the same spikes with the same number of
them.

NEST as pip installs it was built without MPI: mpirun would start as many copies that know nothing
of each other, which is refused here. Build it yourself, with an MPI library (its development
package too), GSL, Boost, CMake and Cython installed and spinspike's virtual environment active:

    pip uninstall nest-simulator
    git clone https://github.com/nest/nest-simulator
    cmake -S nest-simulator -B nest-build -Dwith-mpi=ON
    cmake --build nest-build --parallel --target install
    python -c "import nest; print(nest.build_info['have_mpi'])"

NEST's pages "CMake options" and "Guide to parallel computing" say more.

This script has been run in one process, with one and with two threads; several processes have been
tried only as far as the reading of their files goes. Threads and processes are worth their while
for large networks: on a small one they wait for each other.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from spinspike.mapping import load
from spinspike.simulators import NestBinary, Simulator, validate
from spinspike.simulators.nest.kernel import nest_module
from spinspike.simulators.nest.lif import NestLIF

STARTED = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")  # how many processes mpirun of Open MPI, MPICH began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("graph", type=Path, help="a graph file, from spinspike map")
    parser.add_argument("--regime", choices=("continuous", "asynchronous"), default="continuous")
    parser.add_argument("--patterns", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1, help="in each process")
    parser.add_argument("--folder", type=Path, help="that all machines see; needed under mpirun")
    arguments = parser.parse_args()

    nest = nest_module()
    wanted = max(int(os.environ.get(name, "1")) for name in STARTED)
    processes = nest.num_processes
    if wanted > processes:
        sys.exit(
            f"mpirun started {wanted} processes, NEST knows of {processes}: "
            "it was built without MPI, see --help"
        )
    kind = NestLIF if arguments.regime == "continuous" else NestBinary
    simulator: Simulator = kind(threads=arguments.threads, folder=arguments.folder)
    speaks = nest.Rank() == 0
    if speaks:
        print(f"{processes} process(es) of {arguments.threads} thread(s), {arguments.regime}")
    graph = load(arguments.graph)
    for outcome in validate(graph, simulator, patterns=arguments.patterns, runs=["cued"]):
        if speaks:
            print(
                f"{outcome.null or 'the graph':13s} ends exactly in s*: {outcome.exact.mean():6.1%}"
                f"   overlap with s*: {outcome.overlap[-1].mean():.4f}"
            )


if __name__ == "__main__":
    main()
