"""`spinspike import`: networks trained elsewhere become files that can be mapped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinspike.model.data.dataset import Dataset
from spinspike.model.network import network_file
from spinspike.model.network.network_file import NetworkFile

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = str(Path(sys.executable).with_name("spinspike"))


@pytest.fixture(scope="module")
def run(program: Run) -> Run:
    """The program."""
    return program


def matrices(trained: NetworkFile) -> dict[str, Any]:
    n = trained.network
    return {
        "J": n.coupling.toarray(),
        "J_D": n.self_coupling,
        "Win": n.input_weight.toarray(),
        "Wback": n.supervisory,
        "Wout": n.readout,
        "centre": n.centre,
        "gain": n.gain,
    }


def test_a_network_comes_back_with_its_fixed_points_and_can_be_mapped(
    run: Run, trained: NetworkFile, handwritten: Dataset, tmp_path: Path
) -> None:
    np.savez(tmp_path / "m.npz", **matrices(trained))
    done = run(
        "import", "arrays", tmp_path / "m.npz", "-o", tmp_path / "n.h5", "--on", "digits", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accuracy"] == pytest.approx(trained.provenance["accuracy"])
    content = network_file.load(tmp_path / "n.h5")
    for kind in ("learned", "free"):
        one, other = content.fixed_points[kind], trained.fixed_points[kind]
        assert np.array_equal(one.states, other.states)
    mapped = run("map", tmp_path / "n.h5", "-o", tmp_path / "g.h5", "--json")
    assert mapped.returncode == 0, mapped.stderr
    certificates = json.loads(mapped.stdout)["certificates"]
    assert certificates["learned"]["fixed_points"] == len(trained.fixed_points["learned"])


def test_darnax_matrices_are_turned(run: Run, trained: NetworkFile, tmp_path: Path) -> None:
    m = matrices(trained)
    J = m["J"] + np.diag(m["J_D"])
    np.savez(tmp_path / "d.npz", W=m["Win"].T, J=J.T, V=m["Wout"].T, B=m["Wback"].T)
    done = run("import", "darnax", tmp_path / "d.npz", "-o", tmp_path / "n.h5", "--gain", 2.5)
    assert done.returncode == 0, done.stderr
    found, wanted = network_file.load(tmp_path / "n.h5").network, trained.network
    assert np.array_equal(found.coupling.toarray(), wanted.coupling.toarray())
    assert np.array_equal(found.self_coupling, wanted.self_coupling)
    assert np.array_equal(found.input_weight.toarray(), wanted.input_weight.toarray())
    assert np.array_equal(found.supervisory, wanted.supervisory)
    assert np.array_equal(found.readout, wanted.readout)
    assert found.gain == 2.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"J": None}, "has no array J; "),
        ({"J": np.ones((3, 4))}, "J has shape (3, 4); allowed: (3, 3)"),
        ({"J_d": np.ones(3)}, "no array is called 'J_d'; allowed: J"),
        ({"J_d": np.ones(3)}, "; did you mean 'J_D'?"),
        ({"Wout": np.array([["a"]])}, "Wout.npy has type <U1; allowed: numbers"),
        ({"J_D": np.nan}, "J_D contains nan or infinity"),
    ],
)
def test_bad_arrays_give_one_line_and_exit_code_2(
    run: Run, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    arrays: dict[str, Any] = {
        "J": np.ones((3, 3)) - np.eye(3),
        "Win": np.ones((3, 2)),
        "Wback": np.ones((3, 2)),
        "Wout": np.ones((2, 3)),
    } | change
    np.savez(tmp_path / "m.npz", **{k: v for k, v in arrays.items() if v is not None})
    done = run("import", "arrays", tmp_path / "m.npz", "-o", tmp_path / "n.h5")
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "n.h5").exists()


def test_a_data_set_of_another_size_is_refused(run: Run, tmp_path: Path) -> None:
    small: dict[str, Any] = {
        "J": np.zeros((3, 3)),
        "Win": np.ones((3, 2)),
        "Wback": np.ones((3, 2)),
    }
    np.savez(tmp_path / "m.npz", **small, Wout=np.ones((2, 3)))
    done = run("import", "arrays", tmp_path / "m.npz", "-o", tmp_path / "n.h5", "--on", "digits")
    assert done.returncode == 2
    assert "has 2 inputs and 2 classes; allowed for digits: 64 and 10" in done.stderr


@pytest.mark.parametrize("source", ["arrays", "darnax"])
def test_help_names_every_array(run: Run, source: str) -> None:
    done = run("import", source, "--help")
    wanted = {"arrays": "J Win Wback Wout J_D bias centre gain", "darnax": "W J V B"}[source]
    assert done.returncode == 0
    assert all(name in done.stdout for name in wanted.split())
    assert f"spinspike import {source}" in done.stdout
