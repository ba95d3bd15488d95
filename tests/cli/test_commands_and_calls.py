"""A command and the call of the same name, with the same defaults, come to the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import spinspike
from spinspike.cli.main import app
from spinspike.mapping import Rounding
from spinspike.mapping.graph import graph_file
from spinspike.model.network import network_file
from spinspike.model.network.network_file import NetworkFile
from spinspike.studies.certificates.run import certificate_summary
from spinspike.studies.contents import info
from spinspike.studies.mapping import mapping_summary
from spinspike.studies.training import SETTINGS
from spinspike.studies.validation.report import validation_summary

SMALL = {"units": 40, "epochs": 2, "input_margin": 1.0, "coupling_scale": 0.5, "decay": 1e-4}


def command(*words: object) -> dict[str, Any]:
    """What it prints with --json."""
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code in (0, 3), done.output
    return dict(json.loads(done.stdout))


def as_json(value: object) -> Any:
    return json.loads(json.dumps(value))


def arrays(path: Path) -> dict[str, Any]:
    """Every data set of an HDF5 file, and the attributes of the file."""
    found: dict[str, Any] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]}) if hasattr(item, "shape") else None
        )
        return found | dict(file.attrs)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With network.h5 and graph.h5, made by commands."""
    place = tmp_path_factory.mktemp("pairs")
    options = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    command("train", "digits", "-o", place / "network.h5", *options, "--json")
    command("map", place / "network.h5", "-o", place / "graph.h5", "--bits", 4, "--json")
    return place


def test_train(folder: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = SMALL
    found = spinspike.train("digits", **settings)
    spinspike.save(tmp_path / "network.h5", found)
    one, other = arrays(folder / "network.h5"), arrays(tmp_path / "network.h5")
    provenances = [json.loads(file.pop("provenance")) for file in (one, other)]
    for provenance in provenances:
        provenance.pop("seconds")
    assert provenances[0] == provenances[1]
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


def test_what_sets_a_training_is_an_option_of_the_command() -> None:
    """Fields of the dataclasses, but those that hold one value for each module or pair of them."""
    done = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "200"})
    by_module = {"graph", "input_modules", "supervisory_modules", "readout_modules"}
    for name in set(SETTINGS) - by_module:
        assert f"--{name.replace('_', '-')} " in done.stdout, name


def test_map(folder: Path, tmp_path: Path) -> None:
    graph = spinspike.map_network(network(folder), rounding=Rounding(weight_bits=4))
    spinspike.save(tmp_path / "graph.h5", graph)
    one, other = arrays(folder / "graph.h5"), arrays(tmp_path / "graph.h5")
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)
    alone = spinspike.map_network(
        network(folder), rounding=Rounding(weight_bits=4), consolidation=None
    )
    medians = [
        mapping_summary(g)["certificates"]["learned"]["median_smallest_margin"]
        for g in (graph, alone)
    ]
    assert medians[0] != medians[1]


def test_certify(folder: Path) -> None:
    printed = command("certify", folder / "graph.h5", "--patterns", 5, "--attack", "--json")
    found = spinspike.certify(graph_of(folder), patterns=5, attacked=True)
    assert as_json(certificate_summary(found)) == printed


def test_check(folder: Path) -> None:
    words = ["check", folder / "graph.h5", "--target", "loihi1", "--json"]
    found = spinspike.check(graph_of(folder))
    printed = command(*words)
    assert found.fits is printed["fits"] is True
    assert [str(finding) for finding in found.findings] == [
        limit["sentence"] for limit in printed["limits"]
    ]
    assert "fits 1 cores" in repr(found)


def test_energy(folder: Path) -> None:
    printed = command("energy", folder / "graph.h5", "--patterns", 3, "--json")
    assert as_json(spinspike.energy(graph_of(folder), patterns=3)) == printed


def test_export(folder: Path, tmp_path: Path) -> None:
    command("export", folder / "graph.h5", "-o", tmp_path / "one", "--json")
    spinspike.export(graph_of(folder), tmp_path / "other")
    files = [p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()]
    assert len(files) > 5
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_info(folder: Path) -> None:
    printed = command("info", folder / "graph.h5", "--json")
    assert as_json(info(folder / "graph.h5")) == printed


def test_validate(folder: Path) -> None:
    words = ["--patterns", 40, "--run", "free", "--run", "learned", "--on", "emulator"]
    printed = command("validate", folder / "graph.h5", *words, "--json")
    found = spinspike.validate(graph_of(folder), "emulator", patterns=40, runs=["free", "learned"])
    summary = as_json(validation_summary(found.outcomes, found.claims, found.not_asked))
    assert summary["outcomes"]
    assert printed == summary
    assert repr(found) == f"<Validation: {summary['sentence']}>"


def test_stress(folder: Path, tmp_path: Path) -> None:
    words = ["--kind", "flips", "--patterns", 4, "--draws", 1]
    printed = command("stress", folder / "graph.h5", "-o", tmp_path / "s", *words, "--json")
    (found,) = spinspike.stress(graph_of(folder), ["flips"], patterns=4, draws=1)
    assert as_json(asdict(found)) == printed["curves"][0]
    assert repr(found).startswith("<StressCurve: flips on emulator: 4 patterns, held 100% at 0")


def network(folder: Path) -> NetworkFile:
    return network_file.load(folder / "network.h5")


def graph_of(folder: Path) -> spinspike.SynapseGraph:
    return graph_file.load(folder / "graph.h5")


def test_every_command_that_works_on_a_graph_has_its_call(folder: Path) -> None:
    """The others (import, nir, convert, view, explore, integrate, demo, reproduce) write pages."""
    named: dict[str, Callable[..., Any]] = {"map": spinspike.map_network}
    for name in ("train", "certify", "check", "energy", "export", "info", "validate", "stress"):
        named[name] = getattr(spinspike, name)
    for name, call in named.items():
        assert f"``spinspike {name}``" in str(call.__doc__) or name in ("certify", "export", "info")
