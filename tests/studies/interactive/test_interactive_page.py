"""The interactive page in a real browser: what is on the screen, against what ran."""

from __future__ import annotations

import base64
import gzip
import itertools
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping import (
    Rounding,
    SynapseGraph,
    integer_margins,
    load_target,
    map_network,
    place,
)
from spinspike.mapping.certificates.tolerance import held, relative_error
from spinspike.mapping.graph.codec import external_field, neuron_spikes
from spinspike.model import store
from spinspike.model.network.network_file import NetworkFile
from spinspike.simulators import Simulator
from spinspike.simulators.emulator.asynchronous import AsynchronousEmulator
from spinspike.simulators.emulator.step import Emulator
from spinspike.studies.interactive.packed import MAGIC, unpacked
from spinspike.studies.interactive.page import page as page_with
from spinspike.studies.interactive.page import view
from spinspike.studies.interactive.scenes import Scene, played

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.chromium
PATTERNS, TITLE = 12, "<img src=x onerror=alert(1)> & 'digits'"
OTHER = "</script><script>alert(2)</script> 4 bits"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass
class Opened:
    """A page in the browser, and all that it asked for and complained of."""

    page: Page
    path: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(20_000)  # a busy machine

    def go(self, address: str) -> None:
        """Show what an address names, as if it had been followed from elsewhere."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.path.as_uri()}#{address}")
        self.page.wait_for_selector("body[data-ready=yes]")
        self.settle()

    def settle(self) -> None:
        """Wait for the frame that draws what has been chosen."""
        self.page.evaluate(
            "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
        )

    def until(self, condition: str) -> None:
        """Wait; the page forbids Playwright's own way of asking, which compiles a string."""
        for _ in range(500):  # a busy machine
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(30)
        pytest.fail(f"never: {condition}")

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector).replace("\N{MINUS SIGN}", "-").replace(",", "")

    def part(self, name: str, side: int = 0) -> int:
        """A number of the table of the field."""
        cell = self.page.locator(f"[data-part={name}]").nth(side)
        return int(cell.inner_text().replace("\N{MINUS SIGN}", "-").replace(",", ""))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        path = next(filter(None, map(shutil.which, PROGRAMS)), None)
        program = p.chromium.launch(executable_path=path, args=list(FLAGS))
        yield program
        program.close()


@pytest.fixture(scope="module")
def other(trained: NetworkFile) -> SynapseGraph:
    """The same network as pairs that push and pull, at 4 bits."""
    return map_network(
        trained.network, trained.fixed_points, encoding="pushpull", rounding=Rounding(weight_bits=4)
    )


@pytest.fixture(scope="module")
def scenes(graph: SynapseGraph, other: SynapseGraph) -> list[Scene]:
    """What the page is made of, once more."""
    return list(
        played(
            [graph, other], [Emulator()], ("learned", "free"),
            patterns=PATTERNS, nulls=True, hold=10, seed=0,
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def file(
    graph: SynapseGraph, other: SynapseGraph, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    place = tmp_path_factory.mktemp("interactive") / "a page & <b>more.html"
    view(graph, place, beside={OTHER: other}, patterns=PATTERNS, hold=10, title=TITLE)
    return place


@pytest.fixture(scope="module")
def opened(browser: Browser, file: Path) -> Iterator[Opened]:
    found = watched(browser.new_page(viewport={"width": 1280, "height": 900}), file)
    found.go("")
    yield found
    found.page.close()


def watched(page: Page, path: Path) -> Opened:
    found = Opened(page, path)
    page.on("request", lambda request: found.requests.append(request.url))
    page.on("console", lambda message: found.complaints.append(message.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("dialog", lambda dialog: found.complaints.append(dialog.message))
    return found


@pytest.fixture(autouse=True)
def quiet(opened: Opened) -> Iterator[None]:
    """Nothing is asked of anybody, and nothing is wrong, whatever a test does."""
    yield
    assert opened.complaints == []
    assert [
        u for u in opened.requests if u.split("#")[0] not in (opened.path.as_uri(), "about:blank")
    ] == []


def field_of(scene: Scene, weight: NDArray[np.int64], spikes: Any, pattern: int) -> Any:
    """Field of all neurons without the signal."""
    given = scene.stimulus.bias[pattern]
    return weight @ spikes.astype(np.int64) + given


def test_every_state_and_spike_is_the_simulators(opened: Opened, scenes: list[Scene]) -> None:
    for number, scene in enumerate(scenes):
        states, spikes = opened.page.evaluate(
            """n => { const s = page.scenes[n], states = [], spikes = [];
            for (let p = 0; p < s.count; p++) for (let k = 0; k < s.steps; k++) {
              states.push(Array.from(s.states(p, k)).join("")); spikes.push(Array.from(s.neuronsAt(p, k)).join("")); }
            return [states, spikes] }""",
            number,
        )
        r = scene.recording
        assert r.spikes is not None
        for shown, ran in ((states, r.states > 0), (spikes, r.spikes)):
            bits = np.array([[int(b) for b in row] for row in shown])
            np.testing.assert_array_equal(bits, ran.transpose(1, 0, 2).reshape(bits.shape))


def test_margins_and_fields_are_the_certificates(opened: Opened, scenes: list[Scene]) -> None:
    for number, scene in enumerate(scenes):
        points = replace(scene.outcome.points, states=scene.recording.states[-1])
        # of a null, the bias of the image stays what it was
        margins = integer_margins(scene.graph, points)
        shown = opened.page.evaluate(
            """n => { const s = page.scenes[n]; return Array.from({length: s.count}, (_, p) =>
            Array.from(s.margins(p, s.neuronsAt(p, s.steps - 1)))) }""",
            number,
        )
        assert scene.recording.spikes is not None
        whole = (neuron_spikes(scene.graph, points.states) == scene.recording.spikes[-1]).all(
            axis=1
        )
        assert whole.any()
        np.testing.assert_array_equal(np.array(shown)[whole], margins[whole])


@pytest.mark.parametrize(
    ("address", "number", "pattern", "t", "unit"),
    [
        ("run=learned&pattern=3&t=4&a=0&unit=17&b=none", 0, 3, 4, 17),
        ("run=learned&pattern=7&t=2&a=1&unit=60&b=none", 1, 7, 2, 60),
        ("run=learned&pattern=7&t=9&a=2&unit=61&b=none", 2, 7, 9, 61),
        ("run=learned&pattern=3&t=6&a=0&unit=17&b=none", 0, 3, 6, 17),  # the last with the signal
        ("run=free&pattern=11&t=5&a=4&unit=99&b=none", 12, 11, 5, 99),
    ],
)
def test_the_parts_of_a_field(
    opened: Opened,
    scenes: list[Scene],
    by_hand: Any,
    address: str,
    number: int,
    pattern: int,
    t: int,
    unit: int,
) -> None:
    opened.go(address)
    scene = scenes[number]
    graph, table = scene.graph, by_hand(scene.graph)
    neuron, spikes = int(graph.io.decoder[unit]), scene.recording.spikes
    assert spikes is not None
    now = spikes[t - 1, pattern].astype(np.int64)
    points = scene.outcome.points.select(slice(pattern, pattern + 1))
    own = np.zeros_like(table.weight[neuron])
    start = {name: rows.start for name, rows in graph.slices().items()}
    for p in graph.projections:
        row = neuron - start.get(p.target, graph.neurons)
        if p.role == "self" and 0 <= row < len(p.indptr) - 1:
            for k in range(p.indptr[row], p.indptr[row + 1]):
                own[start[p.source] + p.indices[k]] += p.sign * int(p.mantissa[k]) << p.exponent
    label = int(points.labels[0])
    clamped = 1 < t <= scene.recording.release
    signal = int(table.signal[neuron, label]) if clamped and scene.outcome.run == "learned" else 0
    expected = {
        "input": int(external_field(graph, points.inputs)[0, neuron]),
        "self": int(own @ now),
        "coupling": int((table.weight[neuron] - own) @ now),
        "constant": int(graph.bias[neuron]),
        "supervisory": signal,
    }
    assert {name: opened.part(name) for name in expected} == expected
    x = sum(expected.values())
    assert opened.part("field") == x
    assert opened.part("margin") == (x - signal if now[neuron] else 1 - x + signal)
    assert opened.part("state") == scene.recording.states[t - 1, pattern, unit]


def supports(graph: SynapseGraph, spikes: NDArray[np.bool_], neuron: int) -> NDArray[np.int64]:
    """What the strongest 1, 2, … active synapses that hold a neuron in its state come to."""
    sent, start = [], {name: rows.start for name, rows in graph.slices().items()}
    sign = 1 if spikes[neuron] else -1
    for p in graph.projections:
        row = neuron - start.get(p.target, graph.neurons)
        if p.source in start and 0 <= row < len(p.indptr) - 1:
            for k in range(p.indptr[row], p.indptr[row + 1]):
                if spikes[start[p.source] + p.indices[k]]:
                    sent.append(sign * p.sign * (int(p.mantissa[k]) << p.exponent))
    return np.cumsum(sorted((s for s in sent if s > 0), reverse=True))


@pytest.mark.parametrize("closest", [False, True])
def test_a_certificate_and_what_breaks_it(
    opened: Opened, graph: SynapseGraph, scenes: list[Scene], by_hand: Any, *, closest: bool
) -> None:
    """Of some unit, and of one whose strongest synapses come to just its margin."""
    points = scenes[0].outcome.points
    margins, spikes = integer_margins(graph, points), neuron_spikes(graph, points.states)
    found = [
        (p, u)
        for p in range(PATTERNS)
        for u in range(graph.units)
        if margins[p, u] in supports(graph, spikes[p], u)
    ]
    pattern, unit = found[0] if closest else (4, 23)
    opened.go(f"run=learned&pattern={pattern}&unit={unit}&b=none")
    shown = {
        name: float(opened.text(f"[data-certificate={name}]"))
        for name in ("margin", "error", "lost", "flips")
    }
    mine = np.flatnonzero(graph.io.unit == unit)
    neuron = int(mine[margins[pattern, mine].argmin()])
    room = margins[pattern, neuron] - 1
    held_by = supports(graph, spikes[pattern], neuron)
    signs = np.where(spikes[pattern], 1, -1)
    loss = by_hand(graph).weight[neuron] * signs * signs[neuron]
    taken = np.array(
        [max(0, loss[graph.io.unit == j].clip(0).sum()) for j in range(graph.units) if j != unit]
    )
    others = np.cumsum(np.sort(taken)[::-1])
    errors = relative_error(graph, held(graph, points, margins))
    assert shown == {
        "margin": margins[pattern, neuron],
        "error": pytest.approx(100 * errors[pattern, neuron], abs=1e-3),
        "lost": np.flatnonzero(held_by > room)[0] + 1,
        "flips": np.flatnonzero(others > room)[0] + 1,
    }


def test_the_answers_are_the_outcomes(opened: Opened, scenes: list[Scene]) -> None:
    for pattern in (0, 5):
        opened.go(f"run=learned&pattern={pattern}")
        said = opened.text(".answers")
        whole, bare = (s.outcome for s in scenes[:2])
        left = int((whole.final[pattern] == whole.points.states[pattern]).sum())
        assert f"Unit {whole.weakest[pattern]}: margin {whole.margin[pattern]} in s*" in said
        assert (f"all {left} units" if left == 100 else f"{left} of 100 units") in said
        kept = int((bare.final[pattern] == bare.points.states[pattern]).sum())
        words = "kept" if bare.exact[pattern] else "lost"
        assert f"Without couplings? It would be {words}: " in said
        assert (
            f"{kept} of 100 units are as in s* at the end; class read as {bare.classes[pattern]}"
            in said
        )


def test_overlap_and_energy(
    opened: Opened, graph: SynapseGraph, scenes: list[Scene], by_hand: Any
) -> None:
    t = 2
    pattern = int(scenes[0].outcome.away[t - 1].argmax())
    opened.go(f"run=learned&pattern={pattern}&t={t}&b=none")
    scene, table, ends = scenes[0], by_hand(graph), graph.io
    o = scene.outcome
    s = scene.recording.states[t - 1, pattern].astype(float)
    spikes = neuron_spikes(graph, scene.recording.states[t - 1, pattern])
    d = ends.decoder
    inner = (table.weight @ spikes.astype(np.int64) + graph.bias)[d] / ends.scale
    given = external_field(graph, o.points.inputs)[pattern, d] / ends.scale
    pulled = table.signal[d, o.points.labels[pattern]] / ends.scale
    energy = -(s * (inner / 2 + given + pulled)).mean()
    words, overlap, shown = opened.text(".when").split(" · ")
    assert words == f"step {t} of 16 clamp"
    assert 0 < o.overlap[t - 1, pattern] < 1
    assert float(overlap.removeprefix("overlap A ")) == pytest.approx(o.overlap[t - 1, pattern])
    assert float(shown.removeprefix("energy A ")) == pytest.approx(energy, abs=6e-4)


def test_units_are_coloured_by_what_they_show(opened: Opened, scenes: list[Scene]) -> None:
    pattern, t, columns = 2, 1, 13
    scene = scenes[0]
    states = scene.recording.states[:, pattern] > 0
    star = scene.outcome.points.states[pattern] > 0
    opened.go(f"run=learned&pattern={pattern}&t={t + 1}&b=none")

    def pixels() -> NDArray[np.int64]:
        found = opened.page.evaluate(
            """() => { const c = document.querySelector("canvas.units");
            return [c.width, Array.from(c.getContext("2d").getImageData(0, 0, c.width, c.height).data)] }"""
        )
        assert found[0] == columns
        return np.array(found[1]).reshape(-1, 4)[:100, :3]

    def alike(groups: NDArray[np.bool_], *names: str) -> None:
        """One colour of the style for those that are, one for those that are not."""
        assert groups.any()
        for one, name in zip((True, False), names, strict=True):
            style = "getComputedStyle(document.documentElement).getPropertyValue('--{}')"
            colour = bytes.fromhex(opened.page.evaluate(style.format(name)).strip(" #"))
            assert (pixels()[groups == one] == list(colour)).all()

    alike(states[t], "up", "down")
    opened.page.keyboard.press("2")
    opened.settle()
    alike(states[t] == star, "kept", "wrong")
    opened.page.keyboard.press("4")
    opened.settle()
    alike(states[t] != states[t - 1], "changed", "quiet")
    opened.page.select_option("label:has-text('sorted by') select", "state")
    opened.page.keyboard.press("1")
    opened.settle()
    alike(states[t][np.argsort(~star, kind="stable")], "up", "down")
    opened.page.keyboard.press("3")
    opened.settle()
    shown = opened.text(".now")
    margins = integer_margins(
        scene.graph, replace(scene.outcome.points, states=scene.recording.states[t])
    )
    assert f"least margin {margins[pattern].min()}" in shown
    assert f"now {int((states[t] != star).sum())} away from s*" in shown
    assert f" {int((states[t] != states[t - 1]).sum())} changed" in shown


def test_keys_slider_and_play(opened: Opened) -> None:
    opened.go("run=learned&pattern=1&t=3")
    page = opened.page

    def t() -> int:
        opened.settle()
        return int(page.input_value("input[type=range]"))

    for key, then in (
        ("ArrowRight", 4),
        ("ArrowLeft", 3),
        ("Home", 1),
        ("ArrowLeft", 1),
        ("r", 6),
        ("End", 16),
    ):
        page.keyboard.press(key)
        assert t() == then, key
    page.fill("input[type=range]", "9")
    assert t() == 9
    page.click("button:text-is('release')")
    assert t() == 6
    page.click("button[aria-label=play]")
    page.evaluate(
        """new Promise(done => { const look = () => {
        if (document.querySelector("input[type=range]").value < 8) return requestAnimationFrame(look);
        document.querySelector("[aria-label=pause]").click(); done() }; look() })"""
    )
    stopped = t()
    assert stopped >= 8
    page.wait_for_timeout(300)
    assert t() == stopped
    page.keyboard.press("ArrowDown")
    opened.until("location.hash.includes('pattern=2')")
    page.click("#overlap .u-over", position={"x": 5, "y": 40})
    assert t() == 1
    page.keyboard.press("w")
    opened.settle()
    assert page.input_value("input[type=number]") in opened.text(".answers")
    box = page.locator(".unitsbox").first.bounding_box()
    assert box
    for row, column in ((0, 0), (2, 3)):  # of 8 and 13
        place = {"x": box["width"] * (column + 0.5) / 13, "y": box["height"] * (row + 0.5) / 8}
        page.locator(".unitsbox").first.click(position=place)  # type: ignore[arg-type]
        opened.settle()
        assert page.input_value("input[type=number]") == str(13 * row + column)
    page.locator(".synapses button").nth(1).click()
    opened.settle()
    assert page.input_value("input[type=number]") != "0"


def test_the_raster_zooms_and_is_clicked(opened: Opened, graph: SynapseGraph) -> None:
    opened.go("run=learned&pattern=1&t=3&b=none")
    page = opened.page
    assert opened.text(".bands") == "E (excite)\nI (inhibit)"
    shown = "() => page.sides[0].zoom.to - page.sides[0].zoom.from"
    page.click("[aria-label='zoom into the raster of A']")
    page.click("[aria-label='zoom into the raster of A']")
    assert page.evaluate(shown) == 0.25
    page.locator(".rasterbox").first.hover(position={"x": 50, "y": 1})
    page.mouse.wheel(0, 100)
    opened.until("page.sides[0].zoom.to - page.sides[0].zoom.from > .3")
    page.click("[aria-label='show all neurons of A']")
    assert page.evaluate(shown) == 1
    page.locator(".rasterbox").first.click(position={"x": 3, "y": 259})
    opened.settle()
    assert int(page.input_value("input[type=number]")) >= graph.units - 3
    assert page.input_value("input[type=range]") == "1"


def test_patterns_are_filtered(opened: Opened, scenes: list[Scene]) -> None:
    opened.go("run=free&pattern=0&b=none")
    o = next(s.outcome for s in scenes if s.outcome.run == "free")
    right = o.classes == o.points.labels
    found = {
        "all": PATTERNS,
        "held": o.exact.sum(),
        "lost": (~o.exact).sum(),
        "right": right.sum(),
        "wrong": (~right).sum(),
    }
    for name, count in found.items():
        opened.page.select_option("label:has-text('show'):not(:has-text('units')) select", name)
        assert opened.page.locator(".patterns button").count() == count
        assert opened.text(".counted") == f"{count} of {PATTERNS}"
    opened.page.select_option("label:has-text('show'):not(:has-text('units')) select", "all")
    opened.page.locator(".patterns button").nth(8).click()
    assert opened.text("#pattern") == f"Pattern 8 class {o.points.labels[8]}"


def test_two_side_by_side_and_the_populations(opened: Opened, graph: SynapseGraph) -> None:
    opened.go("run=learned&pattern=1&t=16")
    page = opened.page
    chosen = page.locator(".side-b option").nth(int(page.input_value(".side-b select")) + 1)
    assert chosen.inner_text() == "dale, 8 bits · no couplings"
    page.select_option(".side-b select", "4")
    opened.settle()
    assert page.locator("thead th").nth(2).inner_text().startswith("B, neuron ON")
    page.select_option(".side-b select", "-1")
    opened.settle()
    assert page.locator("thead th").count() == 2
    assert not page.is_visible(".side-b canvas")
    inhibitory = page.locator("[aria-label^='population I']")
    inhibitory.click()
    opened.settle()
    assert page.input_value("input[type=number]") == "0"
    assert page.locator(".wire.lit").count() == sum(
        "E" in (p.source, p.target) for p in graph.projections
    )
    page.select_option("header label select", "free")
    opened.settle()
    assert "input alone from silence" in opened.text("header .about")


def test_an_address_says_what_is_seen(opened: Opened) -> None:
    opened.go("pattern=5&t=12")
    opened.until("location.hash.includes('run=learned&pattern=5&t=12&a=0&b=1&unit=')")
    opened.go("pattern=5&t=12&b=none")
    opened.until("location.hash.includes('b=none')")
    opened.page.evaluate("location.hash = 'pattern=2&t=4&show=margin&b=none'")
    opened.until("document.querySelector('input[type=range]').value === '4'")
    assert opened.text("#pattern").startswith("Pattern 2")
    opened.go("pattern=9999&t=-3&run=nonsense&unit=1e9&show=<b>")
    assert opened.text("#pattern").startswith("Pattern 0")


def test_markup_in_names_does_nothing(opened: Opened) -> None:
    opened.go("")
    assert opened.page.title() == TITLE
    assert opened.page.inner_text("h1") == TITLE
    assert opened.page.locator("main img, main b[onerror]").count() == 0
    assert OTHER in opened.page.locator(".side-a option").nth(4).inner_text()


@pytest.mark.parametrize("width", [1280, 420])
def test_accessible_in_light_and_dark(opened: Opened, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened.page
    page.set_viewport_size({"width": width, "height": 900})
    opened.go("run=learned&pattern=1&t=4")
    for _ in ("light", "dark"):
        page.keyboard.press("d")
        opened.settle()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1280, "height": 900})


def test_what_is_no_run_is_answered_in_a_sentence(
    browser: Browser, file: Path, tmp_path: Path
) -> None:
    whole = base64.b64decode(file.read_text().partition('id="data">')[2].partition("<")[0])
    plain = gzip.decompress(whole)
    newer = gzip.compress(MAGIC + struct.pack("<I", 2) + plain[12:])
    cases = {
        "have version 2; the page reads version 1": page_with("t", newer),
        "are not those of a run": page_with("t", gzip.compress(b"something else altogether")),
        "are damaged": page_with("t", whole[: len(whole) // 2]),
        "are damaged. ": page_with("t", gzip.compress(plain[: len(plain) // 2])),
        "damaged": page_with("t", b"").replace('id="data">', 'id="data">%%%'),
        "This page holds no run yet": page_with("t", b""),
    }
    page = browser.new_page()
    seen = watched(page, tmp_path)
    for number, (words, content) in enumerate(cases.items()):
        (tmp_path / f"{number}.html").write_text(content)
        page.goto((tmp_path / f"{number}.html").as_uri())
        page.wait_for_selector("body[data-ready=no]")
        assert words in page.inner_text("[role=alert]")
    assert seen.complaints == []
    page.close()


def test_memories_and_other_regimes_open(
    browser: Browser, graph: SynapseGraph, tmp_path: Path
) -> None:
    patterns = np.random.default_rng(0).choice([-1, 1], (3, 48))
    memory = map_network(store(patterns), encoding="signed")
    view(memory, tmp_path / "memory.html", hold=5)
    several: list[Simulator] = [Emulator(), AsynchronousEmulator()]
    view(graph, tmp_path / "two.html", on=several, patterns=3, runs=["learned"], nulls=False)
    page = browser.new_page()
    seen = watched(page, tmp_path / "memory.html")
    seen.go("")
    assert seen.text(".answers").startswith("Was the memory kept? Yes from the release on: all 48")
    assert page.locator(".bands span").first.inner_text() == memory.populations[0].name
    seen.path = tmp_path / "two.html"
    seen.go("t=6&b=1")
    found = list(played([graph], several, ["learned"], patterns=3, nulls=False, hold=None, seed=0))[
        1
    ]
    shown = page.evaluate(
        "[page.sides[1].k, Array.from(page.sides[1].scene.states(0, page.sides[1].k))]"
    )
    assert found.recording.times[shown[0]] == found.recording.release
    np.testing.assert_array_equal(shown[1], found.recording.states[shown[0], 0] > 0)
    assert seen.complaints == []
    page.close()


def test_neurons_lie_on_the_cores_that_check_names(
    browser: Browser, graph: SynapseGraph, tmp_path: Path
) -> None:
    chip = replace(load_target("loihi1"), neurons_per_core=30, title="A <b>chip</b>")
    view(graph, tmp_path / "placed.html", patterns=2, runs=["learned"], nulls=False, target=chip)
    placement, unit = place(graph, chip), 61
    page = browser.new_page()
    seen = watched(page, tmp_path / "placed.html")
    seen.go(f"show=core&sort=core&unit={unit}")
    mine = np.flatnonzero(graph.io.unit == unit)
    names = ("E", "I")
    words = " ".join(
        f"{n} {unit} on core {placement.core[k]}" for n, k in zip(names, mine, strict=True)
    )
    assert seen.text(".placement p").startswith(f"A <b>chip</b>: {words}; {placement.cores} cores")
    sizes = np.bincount(placement.core[: graph.neurons], minlength=placement.cores)
    shown = page.locator(".cores button").all_inner_texts()
    assert shown == [f"core {core}: {size}" for core, size in enumerate(sizes)]
    other = int(placement.core[graph.io.decoder[0]])
    page.locator(".cores button").nth(other).click()
    seen.settle()
    assert page.locator(".cores button").nth(other).get_attribute("aria-pressed") == "true"
    colours = page.evaluate(
        """() => { const c = document.querySelector("canvas.units");
        const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        return Array.from({length: 100}, (_, k) => d.slice(4 * k, 4 * k + 3).join()) }"""
    )
    changes = sum(a != b for a, b in itertools.pairwise(colours))
    assert changes == len(np.unique(placement.core[graph.io.decoder])) - 1
    assert seen.complaints == []
    page.close()


def test_a_notebook_shows_it_below_the_cell(
    browser: Browser, graph: SynapseGraph, tmp_path: Path
) -> None:
    made = view(graph, patterns=2, runs=["learned"], title=TITLE)
    assert repr(made).startswith("<Played: a page of 4 runs, 0.")
    (tmp_path / "cell.html").write_text(f"<!doctype html><body>{made._repr_html_()}</body>")
    page = browser.new_page()
    seen = watched(page, tmp_path)
    page.goto((tmp_path / "cell.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("body[data-ready=yes]").wait_for(state="attached")
    assert frame.locator("h1").inner_text() == TITLE
    frame.locator("button:text-is('release')").click()
    for _ in range(100):
        if frame.locator("input[type=range]").input_value() == "6":
            break
        page.wait_for_timeout(50)
    assert frame.locator("input[type=range]").input_value() == "6"
    assert seen.complaints == []
    page.close()


def test_the_file_is_small(file: Path) -> None:
    assert file.stat().st_size < 1e6
    header, arrays = unpacked(
        base64.b64decode(file.read_text().partition('id="data">')[2].partition("<")[0])
    )
    assert header["patterns"]["learned"]["count"] == PATTERNS
    assert len(arrays) == len(header["arrays"])
