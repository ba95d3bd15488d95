"""Files of virtual processes: put together by hand, by two ranks at once, and by NEST's threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from spinspike.errors import BadInput, SimulationFailed
from spinspike.mapping import SynapseGraph
from spinspike.simulators import NestBinary, Phases
from spinspike.simulators.nest.lif import NestLIF
from spinspike.simulators.nest.recorder import Recorders, merged
from spinspike.simulators.stimulus import encode_stimulus

HEAD = "# NEST version: 3.10.0\n# RecordingBackendASCII version: 2\n"
SPIKES = HEAD + "sender\ttime_ms\n"
FIELDS = HEAD + "sender\ttime_ms\tI_syn_2\n"


def leave(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="ascii")
    return path


def test_the_rows_of_two_processes_in_two_phases_are_one_table(tmp_path: Path) -> None:
    """Four files as two ranks would leave them; the second rank saw nothing in the first phase."""
    paths = [
        leave(tmp_path, "nest-0-spikes-13-0.dat", SPIKES + "3\t0.500\n1\t2.000\n"),
        leave(tmp_path, "nest-0-spikes-13-1.dat", SPIKES),
        leave(tmp_path, "nest-60-spikes-13-0.dat", SPIKES + "1\t61.000\n"),
        leave(tmp_path, "nest-60-spikes-13-1.dat", SPIKES + "2\t60.500\n4\t62.000\n"),
    ]
    rows = sorted(merged(paths, 2).tolist())
    assert rows == [[1, 2], [1, 61], [2, 60.5], [3, 0.5], [4, 62]]


@pytest.mark.parametrize("missing", [0, 1])
def test_a_file_that_did_not_arrive_is_missed(tmp_path: Path, missing: int) -> None:
    paths = [leave(tmp_path, f"nest-0-spikes-7-{k}.dat", SPIKES + "1\t1.0\n") for k in range(2)]
    del paths[missing]
    with pytest.raises(SimulationFailed, match=rf"{missing}: 0.*as many of each of 2, in an empty"):
        merged(paths, 2)


def test_a_file_of_an_earlier_run_with_more_processes_is_noticed(tmp_path: Path) -> None:
    paths = [leave(tmp_path, f"nest-0-spikes-7-{k}.dat", SPIKES) for k in range(3)]
    with pytest.raises(SimulationFailed, match=r"2: 1}; needed: as many of each of 2"):
        merged(paths, 2)


def test_a_row_cut_off_is_named_with_its_file(tmp_path: Path) -> None:
    path = leave(tmp_path, "nest-0-signal-9-0.dat", FIELDS + "1\t10.000\t0.5\n2\t10.000")
    with pytest.raises(SimulationFailed, match=r"nest-0-signal-9-0.dat ends within a row of 3"):
        merged([path], 1)


def rank(number: int, barrier: Barrier) -> ModuleType:
    """What of NEST's interface one of two MPI processes needs to gather a recording."""
    kernel = SimpleNamespace(
        num_processes=2,
        total_num_virtual_procs=2,
        set=lambda **_: None,
        SyncProcesses=barrier.wait,
        GetLocalVPs=lambda: range(number, 2, 2),
    )
    return cast("ModuleType", kernel)


def test_both_of_two_processes_hold_the_whole_recording_and_clear_the_folder(
    tmp_path: Path,
) -> None:
    barrier = Barrier(2, timeout=20)

    def process(number: int) -> Any:
        recorders = Recorders(rank(number, barrier), tmp_path)
        text = ["4\t10.0\t-1.5\n2\t20.0\t0.25\n", "3\t10.0\t2.0\n"][number]
        leave(tmp_path, f"nest-0-signal-5-{number}.dat", FIELDS + text)
        leave(tmp_path, f"nest-0-spikes-6-{number}.dat", SPIKES)
        return recorders.events(None, "signal", 2)

    with ThreadPoolExecutor(2) as pool:
        for seen in pool.map(process, range(2)):
            assert seen.senders.tolist() == [1, 2, 0]
            assert seen.times.tolist() == [10, 10, 20]
            assert seen.values.tolist() == [2.0, -1.5, 0.25]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["nest-0-spikes-6-0.dat", "nest-0-spikes-6-1.dat"]


def test_several_processes_need_a_folder() -> None:
    with pytest.raises(BadInput, match="folder is None with 2 processes; allowed under mpirun"):
        Recorders(rank(0, Barrier(2)), None)


@pytest.mark.nest
@pytest.mark.parametrize("kind", [NestLIF, NestBinary])
def test_files_of_two_threads_say_what_memory_says(
    kind: type[NestLIF | NestBinary], graph: SynapseGraph, tmp_path: Path
) -> None:
    """Two virtual processes write a file each in every phase, as two MPI processes would."""
    points = graph.fixed_points["learned"].select(slice(3))
    given = encode_stimulus(graph, points.inputs, labels=points.labels)
    phases = Phases(cue=20, clamped=20, free=20)
    at_once = 2 * graph.synapses
    in_memory, in_files = (
        kind(threads=2, folder=folder, synapses_at_once=at_once).run(graph, given, phases)
        for folder in (None, tmp_path / "of all machines")
    )
    np.testing.assert_array_equal(in_files.states, in_memory.states)
    assert len(np.unique(in_memory.states[-1])) == 2
    assert in_files.supervisory == pytest.approx(in_memory.supervisory, rel=1e-9)
    assert in_memory.supervisory.any()
    if in_memory.spikes is not None:
        assert in_files.spikes is not None
        np.testing.assert_array_equal(in_files.spikes, in_memory.spikes)
    if in_memory.raster is not None:
        assert in_files.raster is not None
        np.testing.assert_array_equal(in_files.raster[0], in_memory.raster[0])
        np.testing.assert_array_equal(in_files.raster[1], in_memory.raster[1])
    assert not list((tmp_path / "of all machines").iterdir())
