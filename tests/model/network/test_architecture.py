"""Architectures: which module drives which, who has which role, and what is no architecture."""

from __future__ import annotations

from typing import Any

import pytest

from spinspike.errors import BadInput
from spinspike.model.network.architecture import Architecture

SIZES: dict[str, Any] = {"units": 10, "inputs": 6, "classes": 3}


@pytest.mark.parametrize(
    ("modules", "connections"),
    [
        (1, ()),
        (2, ((0, 1), (1, 0))),
        (4, ((0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2))),
    ],
)
def test_modules_form_a_chain_in_both_directions(
    modules: int, connections: tuple[tuple[int, int], ...]
) -> None:
    assert Architecture(**SIZES, modules=modules).connections == connections


def test_a_graph_of_ones_own_takes_the_place_of_the_chain() -> None:
    ring = ((0, 1), (1, 2), (2, 0))
    assert Architecture(**SIZES, modules=3, graph=ring).connections == ring
    assert Architecture(**SIZES, modules=3, graph=()).connections == ()


def test_every_module_has_its_self_coupling() -> None:
    assert Architecture(**SIZES, modules=3, self_coupling=0.25).self_couplings == (0.25,) * 3
    of_each = (0.5, 0.0, 1.0)
    assert Architecture(**SIZES, modules=3, self_coupling=of_each).self_couplings == of_each


@pytest.mark.parametrize("role", ["input", "supervisory", "readout"])
def test_every_module_has_a_role_unless_some_are_named(role: str) -> None:
    assert Architecture(**SIZES, modules=3).chosen(role) == (0, 1, 2)
    named: dict[str, Any] = {f"{role}_modules": (2, 0)}
    chosen = Architecture(**SIZES, modules=3, **named)
    for each in ("input", "supervisory", "readout"):
        assert set(chosen.chosen(each)) == ({0, 2} if each == role else {0, 1, 2})


@pytest.mark.parametrize(
    "changes",
    [
        {"units": 2},
        {"inputs": 1},
        {"classes": 2},
        {"sparsity": 1.0, "input_sparsity": 1.0, "between_sparsity": 0.0},
        {"sparsity": 0.0, "self_coupling": 0.0, "coupling_scale": 0.0, "link": 0.0},
        {"input_scale": 0.0, "supervisory_scale": 0.0},
        {"receptive_field": 2, "image_shape": (3, 2)},
        {"receptive_field": 1, "image_shape": (6, 1)},
    ],
    ids=str,
)
def test_bounds_themselves_are_allowed(changes: dict[str, Any]) -> None:
    Architecture(**SIZES | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"units": 1}, r"units is 1; allowed: 2 or more"),
        ({"inputs": 0}, r"inputs is 0; allowed: 1 or more"),
        ({"classes": 1}, r"classes is 1; allowed: 2 or more"),
        ({"modules": 0}, r"modules is 0; allowed: 1 or more"),
        ({"receptive_field": -1}, r"receptive_field is -1; allowed: 0 or more"),
        ({"sparsity": 1.01}, r"sparsity is 1\.01; allowed: 0 <= sparsity <= 1"),
        ({"sparsity": -0.1}, r"sparsity is -0\.1"),
        ({"input_sparsity": float("nan")}, r"input_sparsity is nan; allowed: 0 <= input_sparsity"),
        ({"between_sparsity": 2.0}, r"between_sparsity is 2\.0; allowed: 0 <= between_sparsity"),
        ({"self_coupling": float("inf")}, r"self_coupling is inf; allowed: a finite number >= 0"),
        ({"self_coupling": -0.5}, r"self_coupling is -0\.5; allowed: a finite number >= 0"),
        ({"input_scale": float("nan")}, r"input_scale is nan"),
        ({"supervisory_scale": -2.0}, r"supervisory_scale is -2\.0"),
        ({"coupling_scale": -1.0}, r"coupling_scale is -1\.0"),
        ({"link": -1.5}, r"link is -1\.5; allowed: a finite number >= 0"),
        ({"link": float("inf")}, r"link is inf"),
        ({"modules": 2, "self_coupling": (0.5, -1.0)}, r"self_coupling is \(0\.5, -1\.0\)"),
        ({"modules": 3, "self_coupling": (0.5, 1.0)}, r"is \(0\.5, 1\.0\); allowed: one, or 3"),
        ({"self_coupling": ()}, r"self_coupling is \(\); allowed: one, or 1"),
    ],
)
def test_senseless_numbers_are_refused_with_the_value(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        Architecture(**SIZES | changes)


@pytest.mark.parametrize("role", ["input", "supervisory", "readout"])
@pytest.mark.parametrize("modules", [(), (2,), (0, -1)])
def test_roles_of_modules_that_do_not_exist_are_refused(
    role: str, modules: tuple[int, ...]
) -> None:
    named: dict[str, Any] = {f"{role}_modules": modules}
    shown = str(modules).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(BadInput, match=rf"{role}_modules is {shown}; allowed: some of 0 to 1"):
        Architecture(**SIZES, modules=2, **named)


@pytest.mark.parametrize("pair", [(0, 2), (-1, 0), (1, 1), (0,), (0, 1, 0)])
def test_connections_of_modules_that_do_not_exist_are_refused(pair: Any) -> None:
    shown = str(pair).replace("(", r"\(").replace(")", r"\)")
    message = rf"graph has {shown}; allowed: pairs of different modules below 2"
    with pytest.raises(BadInput, match=message):
        Architecture(**SIZES, modules=2, graph=((0, 1), pair))


@pytest.mark.parametrize(
    ("side", "shape"), [(2, None), (2, (2, 2)), (3, (3, 2)), (3, (2, 3)), (7, (6, 1))]
)
def test_receptive_fields_that_fit_no_image_are_refused(
    side: int, shape: tuple[int, int] | None
) -> None:
    shown = str(shape).replace("(", r"\(").replace(")", r"\)")
    message = rf"receptive_field is {side} for images of shape {shown} and 6 inputs; allowed: 0, or"
    with pytest.raises(BadInput, match=message):
        Architecture(**SIZES, receptive_field=side, image_shape=shape)
