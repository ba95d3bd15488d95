"""One pair of verbs for every file, and what a file holds in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import spinspike
from spinspike.cli.main import app
from spinspike.errors import BadFile, BadInput
from spinspike.hdf5 import write
from spinspike.mapping import SynapseGraph
from spinspike.mapping.nir.export import to_nir
from spinspike.mapping.nir.file import write as write_nir
from spinspike.model import NetworkFile


def test_what_is_saved_is_loaded_again_whatever_it_is(
    trained: NetworkFile, graph: SynapseGraph, tmp_path: Path
) -> None:
    spinspike.save(tmp_path / "network.h5", trained)
    spinspike.save(tmp_path / "bare.h5", trained.network)
    spinspike.save(tmp_path / "graph.h5", graph)
    network, bare, same = (
        spinspike.load(tmp_path / f"{name}.h5") for name in ("network", "bare", "graph")
    )
    assert isinstance(network, NetworkFile)
    assert isinstance(bare, NetworkFile)
    assert isinstance(same, SynapseGraph)
    assert (network.network.coupling != trained.network.coupling).nnz == 0
    assert (bare.network.coupling != trained.network.coupling).nnz == 0
    assert not bare.fixed_points
    np.testing.assert_array_equal(same.bias, graph.bias)
    with pytest.raises(BadInput, match=r"graph\.h5 exists; choose another name"):
        spinspike.save(tmp_path / "graph.h5", graph)


def test_other_things_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="3 cannot be saved; allowed: a Network, NetworkFile, Syn"):
        spinspike.save(tmp_path / "three.h5", 3)  # type: ignore[arg-type]
    with pytest.raises(BadFile, match=r"none\.h5 is not a file"):
        spinspike.load(tmp_path / "none.h5")
    write(tmp_path / "c.h5", "checkpoint", {}, {})
    with pytest.raises(BadFile, match=r"c\.h5 holds a checkpoint; allowed: a network or a graph"):
        spinspike.load(tmp_path / "c.h5")
    (tmp_path / "text.h5").write_text("text")
    with pytest.raises(BadFile, match=r"text\.h5 is not a readable HDF5 file"):
        spinspike.load(tmp_path / "text.h5")


def test_what_a_file_holds(trained: NetworkFile, graph: SynapseGraph, tmp_path: Path) -> None:
    spinspike.save(tmp_path / "network.h5", trained)
    spinspike.save(tmp_path / "graph.h5", graph)
    write_nir(tmp_path / "graph.nir", to_nir(graph))
    np.savez(tmp_path / "mine.npz", J=np.zeros((3, 3), dtype=np.float32))
    network, mapped, nir, arrays = (
        spinspike.info(tmp_path / name)
        for name in ("network.h5", "graph.h5", "graph.nir", "mine.npz")
    )
    assert (network["kind"], network["data"]) == ("network", "digits")
    assert network["accuracy, test"] == f"{trained.provenance['accuracy']['test']:.4g}"
    assert mapped["graph"] == graph.summary()
    assert mapped["populations"].startswith("E 100, I 100, ")
    assert nir["kind"] == "NIR graph"
    assert "LIF" in nir["nodes"]
    assert arrays["J"] == "float32 (3, 3)"
    done = CliRunner().invoke(app, ["info", str(tmp_path / "mine.npz"), "--json"])
    assert json.loads(done.stdout) == arrays


def test_what_cannot_be_told_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_text("text")
    with pytest.raises(BadFile, match=r"bad\.npz is not a readable archive of arrays"):
        spinspike.info(tmp_path / "bad.npz")
    with pytest.raises(BadInput, match=r"a\.txt ends in \.txt; allowed: \.h5, \.nir, \.npz"):
        spinspike.info(tmp_path / "a.txt")
    with pytest.raises(BadFile, match=r"a\.h5 is not a file"):
        spinspike.info(tmp_path / "a.h5")
