"""Which simulators there are, which there cannot be, and how they are chosen."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from itertools import product
from types import ModuleType

import pytest

from spinspike.errors import BadInput, MissingPart
from spinspike.simulators import registry
from spinspike.simulators.base import Regime
from spinspike.simulators.registry import (
    BACKENDS,
    DEFAULT,
    IMPOSSIBLE,
    NAMES,
    REGIMES,
    Backend,
    choose,
    find,
    label,
    require,
)


def test_every_name_has_every_regime_or_a_reason_why_not() -> None:
    there = [(b.name, b.regime) for b in BACKENDS]
    assert len(there) == len(set(there))
    assert {*there, *IMPOSSIBLE} == set(product(NAMES, REGIMES))
    assert not set(there) & set(IMPOSSIBLE)
    assert set(DEFAULT.items()) <= set(there)


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: b.label)
def test_each_is_made_and_is_what_it_is_called(backend: Backend) -> None:
    made = backend.make()
    assert (made.name, made.regime) == (backend.name, backend.regime)


def test_making_one_loads_no_package_before_it_runs() -> None:
    import subprocess

    code = (
        "import sys\n"
        "from spinspike.simulators.registry import BACKENDS\n"
        "[b.make() for b in BACKENDS]\n"
        "print(*{'brian2', 'nest', 'lava'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_regime_is_named_only_where_there_are_several() -> None:
    assert label("lava", "step") == "lava"
    assert label("nest", "continuous") == "nest (continuous)"
    assert label("mine", "step") == "mine"
    assert len({b.label for b in BACKENDS}) == len(BACKENDS)


@pytest.mark.parametrize(
    ("names", "regimes", "chosen"),
    [
        (["emulator", "lava", "brian2", "nest"], [], "step step continuous asynchronous"),
        (["emulator", "nest"], ["asynchronous"], "asynchronous asynchronous"),
        (["brian2"], ["step", "continuous", "step"], "step continuous"),
        (["emulator", "nest"], ["step", "asynchronous"], "step asynchronous asynchronous"),
        (["lava", "lava"], [], "step"),
    ],
)
def test_names_are_run_in_each_regime_they_have(
    names: list[str], regimes: list[Regime], chosen: str
) -> None:
    assert [b.regime for b in choose(names, regimes)] == chosen.split()


@pytest.mark.parametrize(
    ("names", "regimes", "message"),
    [
        (["x"], [], "unknown simulator 'x'; allowed: emulator, lava, brian2, nest"),
        (["lava"], ["sometimes"], "unknown regime 'sometimes'; allowed: step, asynchronous, cont"),
        (["lava"], ["step", "sometimes"], "unknown regime 'sometimes'"),
        (["nest"], ["step"], "nest has no step regime: its binary neurons update at random"),
        (["emulator", "lava"], ["asynchronous"], "lava has no asynchronous regime: all neurons"),
        (["emulator"], ["step", "continuous"], "emulator has no continuous regime: its arithm"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_reason(
    names: list[str], regimes: list[Regime], message: str
) -> None:
    with pytest.raises(BadInput, match=re.escape(message)):
        choose(names, regimes)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require([find("emulator")])

    def hide(name: str) -> object:
        return None if name == "nest" else find_spec(name)

    monkeypatch.setattr(registry, "find_spec", hide)
    with pytest.raises(MissingPart, match=r"nest is not installed: pip install 'spinspike\[nest"):
        require([find("emulator"), find("nest")])


def test_a_module_that_is_not_there_matters_only_to_who_asks_for_it() -> None:
    assert isinstance(sys.modules["spinspike.simulators.registry"], ModuleType)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        Backend("mine", "step", "no_such_module", "Mine").make()
