"""Targets read from YAML: each number has a source, and a slip is named with what is allowed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

import spinspike.mapping.chips.target
from spinspike.errors import BadFile, BadInput
from spinspike.mapping.chips.target import BUILT_IN, KINDS, Target, load_target

GOOD = """
title: My chip
limits:
  neurons_per_core: {value: 100, source: page 3}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_targets_are_the_files_that_come_along() -> None:
    folder = Path(spinspike.mapping.chips.target.__file__ or "").with_name("targets")
    assert sorted(BUILT_IN) == sorted(file.stem for file in folder.glob("*.yaml"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_number_of_a_built_in_target_has_its_source(name: str) -> None:
    target = load_target(name)
    assert target.limits
    assert set(target.sources) == set(target.limits)
    assert all(len(source) > 10 for source in target.sources.values())
    assert target.unknown


def test_loihi_1_as_nengo_loihi_has_it() -> None:
    """Its constants, read in its source: words of 64 bits, 16384 of them, and so on."""
    target = load_target("loihi1")
    assert (target.neurons_per_core, target.axons_in_per_core, target.axons_out_per_core) == (
        1024,
        4096,
        4096,
    )
    assert target.synapse_bits_per_core == 16384 * 64
    assert (target.word_bits, target.header_bits, target.block_weights) == (64, 4 + 6, 64)
    assert target.weight_bits == (1, 2, 3, 4, 5, 6, 8)
    assert target.index_bits == (0, 6, 7, 8, 9, 10, 11, 12)


def test_every_limit_is_a_field_and_the_other_way_round() -> None:
    others = {"name", "title", "sources", "unknown"}
    assert {field.name for field in fields(Target)} - others == set(KINDS)


def test_a_target_of_ones_own(tmp_path: Path) -> None:
    target = load_target(write(tmp_path, GOOD + "unknown: [everything else]\n"))
    assert target == Target(
        name="mine",
        title="My chip",
        sources={"neurons_per_core": "page 3"},
        unknown=("everything else",),
        neurons_per_core=100,
    )
    assert target.limits == {"neurons_per_core": 100}


def with_limit(text: str) -> str:
    return f"title: My chip\nlimits:\n  {text}\n"


BAD = {
    "empty": ("", "the file is None; allowed: a mapping with title, limits, unknown"),
    "not YAML": ("title: [", "not YAML"),
    "a date that is none": ("title: 2024-99-99\nlimits: {}", "not YAML"),
    "runs code": ("!!python/object/apply:os.getcwd []", "not YAML"),
    "a list": ("[1, 2]", r"the file is \[1, 2\]"),
    "unknown part": (GOOD + "cores: 3", "unknown key 'cores'; allowed: title, limits"),
    "no title": (GOOD.replace("My chip", ""), "title is None; allowed: a text"),
    "no limits": ("title: My chip", "limits is None; allowed: a mapping"),
    "notes that are none": (GOOD + "unknown: all", "unknown is 'all'; allowed: a list of texts"),
    "unknown limit": (
        with_limit("neurons_per_cor: {value: 1, source: s}"),
        "unknown key 'neurons_per_cor'; allowed: cores_per_chip, neurons_per_core",
    ),
    "a bare number": (
        with_limit("fan_in: 3"),
        "fan_in is 3; allowed: a mapping with value, source",
    ),
    "no source": (with_limit("fan_in: {value: 3}"), "fan_in has source None; allowed: a text"),
    "another key": (
        with_limit("fan_in: {value: 3, source: s, unit: k}"),
        "fan_in has an unknown key 'unit'; allowed: value, source",
    ),
    "no value": (with_limit("fan_in: {source: s}"), "fan_in has value None"),
    "zero": (
        with_limit("fan_in: {value: 0, source: s}"),
        "fan_in has value 0; allowed: a whole number from 1",
    ),
    "negative": (with_limit("header_bits: {value: -1, source: s}"), "a whole number from 0"),
    "a fraction": (with_limit("fan_in: {value: 2.5, source: s}"), "fan_in has value 2.5"),
    "yes": (with_limit("fan_in: {value: yes, source: s}"), "fan_in has value True"),
    "a text": (with_limit("fan_in: {value: '3', source: s}"), "fan_in has value '3'"),
    "too large": (with_limit(f"fan_in: {{value: {2**63}, source: s}}"), "fan_in has value 9223"),
    "one": (
        with_limit("autapses: {value: 1, source: s}"),
        "autapses has value 1; allowed: true or false",
    ),
    "widths fall": (
        with_limit("weight_bits: {value: [8, 4], source: s}"),
        r"weight_bits has value \[8, 4\]; allowed: a rising list of whole numbers from 1",
    ),
    "no widths": (with_limit("weight_bits: {value: [], source: s}"), "a rising list"),
    "width zero": (with_limit("weight_bits: {value: [0, 1], source: s}"), "numbers from 1"),
    "one width": (with_limit("weight_bits: {value: 8, source: s}"), "weight_bits has value 8"),
    "span": (
        with_limit("weight_exponents: {value: [7, -7], source: s}"),
        "weight_exponents has value .*; allowed: a list of two whole numbers",
    ),
    "half a span": (with_limit("weight_exponents: {value: [7], source: s}"), "two whole numbers"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_slip_is_named_with_what_is_allowed(case: str, tmp_path: Path) -> None:
    text, message = BAD[case]
    with pytest.raises(BadFile, match=message):
        load_target(write(tmp_path, text))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile, match=r"mine.yaml is not a target: not a text in UTF-8"):
        load_target(path)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"unknown target 'loihi'; allowed: .*, loihi1, loihi2"):
        load_target("loihi")
