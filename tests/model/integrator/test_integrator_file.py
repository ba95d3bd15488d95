"""Integrator files: what goes in comes out, and damage is refused."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from spinspike.errors import BadFile, BadInput
from spinspike.model.integrator.integrator_file import (
    IntegratorFile,
    load_integrator,
    save_integrator,
)
from spinspike.model.integrator.linear_network import Filter, draw


def content() -> IntegratorFile:
    network = draw(7, np.random.default_rng(0), spread=0.3)
    return IntegratorFile(network, Filter(0.2, 0.7), {"seed": 3})


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    save_integrator(tmp_path / "a.h5", content())
    found, given = load_integrator(tmp_path / "a.h5"), content()
    assert (found.network.coupling == given.network.coupling).all()
    assert (found.network.input_weight == given.network.input_weight).all()
    assert (found.network.readout == given.network.readout).all()
    assert (found.target, found.provenance) == (given.target, {"seed": 3})


def test_a_file_is_not_overwritten_unasked(tmp_path: Path) -> None:
    save_integrator(tmp_path / "a.h5", content())
    with pytest.raises(BadInput, match="exists"):
        save_integrator(tmp_path / "a.h5", content())
    save_integrator(tmp_path / "a.h5", content(), force=True)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rate", -1.0, r"rate is -1\.0; allowed: above 0"),
        ("frequency", np.nan, "frequency is nan; allowed: a finite number"),
        ("kind", np.bytes_("spinspike network"), "is a 'spinspike network' file"),
        ("format", 99, "has format 99"),
        ("provenance", np.bytes_("[]"), "provenance is"),
    ],
)
def test_wrong_attributes_are_refused(
    tmp_path: Path, name: str, value: object, message: str
) -> None:
    save_integrator(tmp_path / "a.h5", content())
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file.attrs[name] = value
    with pytest.raises(BadFile, match=message):
        load_integrator(tmp_path / "a.h5")


@pytest.mark.parametrize("shape", [(7, 6), (0,), (7,)])
def test_couplings_of_another_shape_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    save_integrator(tmp_path / "a.h5", content())
    with h5py.File(tmp_path / "a.h5", "a") as file:
        del file["coupling"]
        file["coupling"] = np.zeros(shape)
    with pytest.raises(BadFile, match="coupling has shape"):
        load_integrator(tmp_path / "a.h5")


def test_a_network_without_units_is_refused(tmp_path: Path) -> None:
    save_integrator(tmp_path / "a.h5", content())
    with h5py.File(tmp_path / "a.h5", "a") as file:
        for name, shape in (("coupling", (0, 0)), ("input_weight", (0,)), ("readout", (0,))):
            del file[name]
            file[name] = np.zeros(shape)
    with pytest.raises(BadFile, match="shapes of W, u, v"):
        load_integrator(tmp_path / "a.h5")
