"""The page of `integrate`, and the tables beside it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinspike.studies.page.template import filled_in, picture
from spinspike.studies.page.terminal import interval

from .simulated_memory import place

if TYPE_CHECKING:
    from spinspike.simulators.integrator.validation import IntegratorOutcome

    from .learning import Memory

MEMORY_COLUMNS = ("where", "time-scale", "frequency", "drift", "fit", "outlier")
CLAIM_COLUMNS = ("claim", "seen", "95 % interval", "asked", "")
CAPTIONS = {
    "responses": "What the output remembers of the input once it is gone, in units of what the "
    "network itself remembers at the release; means over trials. Without couplings (dotted) the leak "
    "is all there is; with permuted ones (dash-dotted) another network.",
    "spectra": "Eigenvalues of the couplings W; the circle is the disc they fill when drawn. "
    "Real parts of 1 (line) are where memories last for ever.",
    "learning": "Gradient flow of the exact loss until a thousandth of it is left.",
}
THEORY = (
    " Theory knows the network before learning and nothing else; the plane is exact if there are no "
    "couplings to begin with, and small ones make a pair leave its saddle earlier than it says."
)
WORDS = {
    "leak": "time constant of a unit without couplings: the unit of all times",
    "release": "the end of the input",
    "time-scale": "1/c of the decay e^(-ct) (p cos wt + q sin wt) + b fitted to the output from 0.2 "
    "leaks after the release on, with its standard error: over trials, or of the fit if there is one",
    "drift": "b in units of the amplitude: what does not decay",
    "fit": "part of the variance of the output that the decay explains",
    "permuted": "every coupling comes from another unit; the weights are the same. In a network of "
    "ten units or fewer this may by chance keep most of the time-scale",
    "undecided": "the output of a null that is no decay (fit below 0.9) has no time-scale",
    "outlier": "the eigenvalue of W farthest from 0: of the network as learned, and of the one that "
    "the rounded weights stand for",
    "plane, directions": "theory of learning from small couplings: within the plane of u and v, or "
    "within the span of u, v and up to two W and W^T on them",
    "exact loss": "half the mean squared difference of the outputs of network and filter under "
    "white noise, by Lyapunov's equation",
}


def write_page(
    folder: Path,
    memory: Memory,
    outcomes: Sequence[IntegratorOutcome],
    summary: Mapping[str, Any],
) -> None:
    """Write report.html, summary.json, tables as CSV and figures/."""
    from . import figures as draw

    rounded = {
        o.bits: o.mapped for o in outcomes if o.simulator == "emulator" and o.bits and not o.null
    }
    figures = {
        "responses": draw.responses(outcomes, summary["asked"]["bits"]),
        "spectra": draw.spectra(memory, rounded),
        "learning": draw.learning(memory),
    }
    captions = CAPTIONS | {"learning": CAPTIONS["learning"] + (THEORY if memory.theory else "")}
    pictures = [
        picture(folder / "figures", name, figure, captions[name])
        for name, figure in figures.items()
    ]
    page = filled_in(
        "integrate.html",
        summary=summary,
        verdict=sentence(summary),
        lead=lead(summary),
        cards=cards(summary),
        pictures=pictures,
        memory=filled(MEMORY_COLUMNS, memory_rows(summary)),
        claims=(CLAIM_COLUMNS, claim_rows(summary["claims"])),
        words=WORDS,
    )
    (folder / "report.html").write_text(page, encoding="utf-8")
    text = json.dumps(summary, indent=2, allow_nan=False)
    (folder / "summary.json").write_text(f"{text}\n", encoding="utf-8")
    _write_tables(folder, memory, outcomes)


def sentence(summary: Mapping[str, Any]) -> str:
    """The verdict over all claims."""
    failed = sum(claim["verdict"] == "fails" for claim in summary["claims"])
    if failed:
        verb = "fails" if failed == 1 else "fail"
        return f"{failed} of {len(summary['claims'])} claims {verb}"
    undecided = sum(claim["verdict"] == "undecided" for claim in summary["claims"])
    but = f"; {undecided} of {len(summary['claims'])} claims undecided" if undecided else ""
    heard = dict.fromkeys(o["simulator"] for o in summary["outcomes"] if o["null"])
    where, leaks = ", ".join(heard), 1 / summary["asked"]["rate"]
    return f"The learned memory of {leaks:.3g} leaks is kept on {where}{but}"


def lead(summary: Mapping[str, Any]) -> str:
    """What was done, in short."""
    asked = summary["asked"]
    filter_ = (
        f"damped oscillator Re exp(-({asked['rate']:g} - {asked['frequency']:g} i) t)"
        if asked["frequency"]
        else f"leaky integrator exp(-{asked['rate']:g} t)"
    )
    release = summary["outcomes"][0]["release"]
    held = f"An input that is on for {release:g} time constants of the leak"
    pulse = held if asked["hold"] else "A single impulse"
    return (
        f"A linear network of {asked['units']} units learned to be the {filter_} of white noise, "
        f"from {asked['regime']} couplings, and was mapped to mirror pairs of excitatory and "
        f"inhibitory neurons with weights of {asked['bits']} bits. {pulse} drives it; what the "
        "output remembers afterwards is fitted by a decay."
    )


def cards(summary: Mapping[str, Any]) -> list[dict[str, str]]:
    """The figures that matter most."""
    learned = summary["learned"]
    if learned["outlier"]:
        text = "outlier eigenvalue of the learned couplings"
        first = {"value": _complex(learned["outlier"]), "text": text}
    else:
        text = "|1 - c* + i w*| / sigma: below 1 a readout makes the memory of the modes there are"
        reach = "∞" if learned["reach"] is None else f"{learned['reach']:.2f}"
        first = {"value": reach, "text": text}
    made = [
        first,
        {
            "value": f"{learned['loss'] / learned['first_loss']:.1e}",
            "text": "of the first loss is left",
        },
        {
            "value": f"{100 * learned['change_of_couplings']:.3g} %",
            "text": "change of the couplings by learning, in units of what they were",
        },
    ]
    if learned["theory_off"]:
        best = min(learned["theory_off"].values())
        text = "at most between the outlier on its way and what theory says"
        made.append({"value": f"{100 * best:.2g} %", "text": text})
    if learned["plateau_expected"] and learned["plateau_seen"]:
        value = f"{learned['plateau_seen']:.3g}"
        text = f"learning time on the plateau; {learned['plateau_expected']:.3g} by theory"
        made.append({"value": value, "text": text})
    return made


def memory_rows(summary: Mapping[str, Any]) -> list[list[str]]:
    """How long the memory lasts in the network, at each precision, on each simulator and null."""
    return [
        [
            o["where"],
            _with_error(o["time_scale"], o["time_scale_error"]),
            _with_error(o["frequency"], o["frequency_error"]) if o["frequency"] else "",
            "" if o["drift"] is None else f"{o['drift']:+.4f}",
            "" if o["explained"] is None else f"{o['explained']:.4f}",
            _complex(o["outlier"]) if o["outlier"] else "",
        ]
        for o in summary["outcomes"]
    ]


def filled(
    columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[str], list[list[str]]]:
    """A table without its empty columns."""
    kept = [k for k in range(len(columns)) if any(row[k] for row in rows)]
    return [columns[k] for k in kept], [[row[k] for k in kept] for row in rows]


def claim_rows(claims: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Each claim, what was seen and what is asked."""
    return [
        [
            f"{claim['simulator']}: {claim['statement']}",
            "none" if claim["value"] is None else f"{claim['value']:.3g}",
            "" if None in (claim["interval"] or [None]) else interval(*claim["interval"]),
            f"{'≥' if claim['at_least'] else '≤'} {claim['bound']:.3g}",
            "FAILS" if claim["verdict"] == "fails" else claim["verdict"],
        ]
        for claim in claims
    ]


def _with_error(value: float | None, error: float | None) -> str:
    """As many decimals as the error has, up to four."""
    if value is None:
        return "none"
    decimals = 4 if not error else min(4, max(0, -math.floor(math.log10(error))))
    return f"{value:.{decimals}f}" + (f" ± {error:.{decimals}f}" if error else "")


def _complex(value: list[float]) -> str:
    real, imaginary = value
    return f"{real:.4f} ± {imaginary:.4f} i" if imaginary else f"{real:.4f}"


def _write_tables(folder: Path, memory: Memory, outcomes: Sequence[IntegratorOutcome]) -> None:
    """responses.csv, what was heard (times since the release), and learning.csv, how it learned."""
    with (folder / "responses.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("where", "time", "output"))
        for o in outcomes:
            rows = zip(o.times - o.release, o.readouts.mean(axis=1), strict=True)
            writer.writerows((place(o), *row) for row in rows)
    history = memory.history
    theory = [
        part for outliers in memory.theory.values() for part in (outliers.real, outliers.imag)
    ]
    names = [f"{part} by {name}" for name in memory.theory for part in ("real", "imaginary")]
    with (folder / "learning.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "loss", "overlap", "outlier real", "outlier imaginary", *names))
        parts = (history.times, history.losses, history.overlaps)
        writer.writerows(
            np.transpose([*parts, history.outliers.real, history.outliers.imag, *theory])
        )
