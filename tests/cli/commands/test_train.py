"""`spinspike train` as a user types it: presets, data of one's own, interruption and resumption."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.data.dataset import Dataset
from spinspike.model.network import network_file
from spinspike.model.network.network import Network
from spinspike.model.training.preset import default, published
from spinspike.studies.training import Job, overridden, train_network

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = str(Path(sys.executable).with_name("spinspike"))
SMALL = ("--units", "40", "--epochs", "3")


@pytest.fixture(scope="module")
def run(program: Run) -> Run:
    """The program."""
    return program


def weights(path: Path) -> dict[str, Any]:
    network: Network = network_file.load(path).network
    return {
        "coupling": network.coupling.toarray(),
        "input_weight": network.input_weight.toarray(),
        "readout": network.readout,
        "bias": network.bias,
    }


def test_killed_at_any_moment_it_loses_one_epoch_at_most_and_resumes_bit_by_bit(
    run: Run,
    tmp_path: Path,
) -> None:
    whole, torn = tmp_path / "whole.h5", tmp_path / "torn.h5"
    options = ("--units", "60", "--epochs", "40")
    assert run("train", "digits", "-o", whole, *options).returncode == 0
    process = subprocess.Popen(
        [COMMAND, "train", "digits", "-o", str(torn), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    checkpoint, history = tmp_path / "torn.h5.checkpoint", tmp_path / "torn.h5.csv"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (history.exists() and len(rows(history)) >= 3):
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert checkpoint.exists()
    assert not torn.exists(), "it finished before it was killed"
    before = rows(history)
    refused = run("train", "digits", "-o", torn, *options)
    assert refused.returncode == 2
    assert "torn.h5.checkpoint is of an interrupted run; go on with --resume" in refused.stderr
    other = run("train", "digits", "-o", torn, *options, "--resume", "--seed", "5")
    assert other.returncode == 2
    assert "was started with seed 0, not 5" in other.stderr
    resumed = run("train", "digits", "-o", torn, *options, "--resume", "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["epochs"] == 40
    assert len(rows(history)) == 40
    assert rows(history)[: len(before)] == before
    assert not checkpoint.exists()
    one, two = weights(whole), weights(torn)
    assert all(np.array_equal(one[name], two[name]) for name in one)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_history_has_a_row_for_each_epoch(run: Run, tmp_path: Path) -> None:
    assert run("train", "prototypes", "-o", tmp_path / "n.h5", *SMALL).returncode == 0
    found = rows(tmp_path / "n.h5.csv")
    assert [row["epoch"] for row in found] == ["1", "2", "3"]
    assert 0.9 < float(found[-1]["validation_accuracy"]) <= 1
    assert float(found[-1]["images_per_second"]) > 0
    assert sorted(os.listdir(tmp_path)) == ["n.h5", "n.h5.csv"]


def test_data_of_one_s_own(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    inputs = rng.integers(0, 2, (120, 3, 4)).astype(np.uint8) * 50 + 200 * labels[:, None, None]
    inputs = inputs.astype(np.uint8)
    np.savez(
        tmp_path / "own.npz",
        train_inputs=inputs[:80],
        train_labels=labels[:80],
        test_inputs=inputs[80:],
        test_labels=labels[80:],
    )
    done = run("train", tmp_path / "own.npz", "-o", tmp_path / "n.h5", *SMALL, "--json", "--probe")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["accuracy"]["test"] == 1
    assert found["probe"] == 1
    content = network_file.load(tmp_path / "n.h5")
    assert content.fixed_points["free"].inputs.dtype == np.uint8
    assert content.network.input_range == (0.0, 250.0)


def test_every_option_reaches_the_network(run: Run, tmp_path: Path) -> None:
    done = run(
        *("train", "digits", "-o", tmp_path / "n.h5", "--json", "--preset", "published"),
        *("--units", "30", "--modules", "2", "--link", "1.5", "--self-coupling", "0.25"),
        *("--input-scale", "3", "--supervisory-scale", "2", "--sparsity", "0.5"),
        *("--input-sparsity", "0.2", "--receptive-field", "5", "--margin", "0.75"),
        *("--readout-margin", "4", "--rate", "0.01", "--input-rate", "0.02"),
        *("--readout-rate", "0.03", "--epochs", "2", "--batch", "50", "--patience", "1"),
        *("--clamped", "3", "--free", "4", "--signal", "annealed", "--update-probability", "0.9"),
        *("--device", "numpy", "--seed", "7"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    a, r, s = found["architecture"], found["rule"], found["schedule"]
    assert (a["units"], a["modules"], a["link"], a["self_coupling"]) == (30, 2, 1.5, 0.25)
    assert (a["input_scale"], a["supervisory_scale"], a["sparsity"]) == (3, 2, 0.5)
    assert (a["input_sparsity"], a["receptive_field"], a["image_shape"]) == (0.2, 5, [8, 8])
    assert (r["margin"], r["readout_margin"], r["rate"]) == (0.75, 4, 0.01)
    assert (r["input_rate"], r["readout_rate"], s["batch"]) == (0.02, 0.03, 50)
    assert (s["epochs"], s["patience"], s["readout_states"]) == (2, 1, "clamped")
    assert s["sweeps"] == {
        "clamped": 3, "free": 4, "signal": "annealed", "update_probability": 0.9,
    }  # fmt: skip
    assert (found["seed"], found["device"]) == (7, "numpy")
    network = network_file.load(tmp_path / "n.h5").network
    assert network.modules == (30, 30)
    assert np.unique(network.link.data).tolist() == [1.5]


def test_margin_moves_that_of_the_input_too(handwritten: Dataset) -> None:
    preset = published(handwritten)
    assert preset.rule.margin_of_input == 1.78
    assert overridden(preset, handwritten, {"margin": 0.5}).rule.margin_of_input == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("digits", "--preset", "great"), "preset is 'great'; allowed: default, best, published"),
        (("digits", "--device", "tpu"), "device is 'tpu'; allowed: auto, cpu, gpu, numpy"),
        (("mnist",), "no folder was given; give the folder with --data DIR"),
        (("mnist", "--download"), "--download has no folder to fetch into; give it with --data"),
        (("mnist", "--data", "nowhere"), "nowhere"),
        (("digits", "--resume"), "is not a file"),
        (("digits", "--signal", "loud"), "signal is 'loud'; allowed: abrupt, annealed"),
        (("prototypes", "--receptive-field", "3"), "receptive_field is 3 for images of shape None"),
    ],
)
def test_bad_options_leave_nothing_behind(
    run: Run, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    done = run("train", *options, "-o", tmp_path / "n.h5", *SMALL)
    assert done.returncode == 2, done.stdout + done.stderr
    assert message in done.stderr.replace("\n", " ")
    assert os.listdir(tmp_path) == []


@pytest.mark.jax
def test_a_gpu_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    import jax

    if any(device.platform == "gpu" for device in jax.devices()):
        return  # there is one: nothing to name
    done = run("train", "digits", "--device", "gpu", "-o", tmp_path / "n.h5", *SMALL)
    assert done.returncode == 2
    assert "JAX sees only CPUs" in done.stderr
    assert "--device cpu" in done.stderr
    assert os.listdir(tmp_path) == []


def test_without_numba_it_says_what_to_install_and_what_trained(tmp_path: Path) -> None:
    words = ["train", "prototypes", "-o", str(tmp_path / "n.h5"), *SMALL, "--json"]
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from spinspike.cli.main import main\n"
        f"sys.argv = ['spinspike', *{words!r}]\n"
        "main()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["device"] == "numpy"
    assert done.stderr.count("numba is not installed") == 1
    assert "pip install 'spinspike[fast]'" in done.stderr


@pytest.mark.numba
def test_what_one_engine_began_another_does_not_go_on_with(
    tmp_path: Path, clusters: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their roundings differ, and so would the network from one that was not interrupted."""
    preset = default(clusters)
    preset = replace(preset, schedule=replace(preset.schedule, epochs=1))
    job = Job(clusters, preset, checkpoint=tmp_path / "n.h5.checkpoint")
    train_network(job)
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(BadInput, match="was started with device 'cpu', not 'numpy'"):
        train_network(job, resume=True)
