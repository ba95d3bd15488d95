// The page: what is chosen, what is shown of it, and how the one follows from the other.

import { Chart, stepped } from "./charts.js";
import { Sentence, read } from "./data.js";
import { choice, colours, h, number } from "./dom.js";
import { inspector } from "./inspector.js";
import { Graph, Scene, stars } from "./model.js";
import { Sheet } from "./pictures.js";
import { populations } from "./populations.js";
import { Side, sceneName } from "./side.js";

const MODES = [
  ["state", "state: up or down"],
  ["distance", "distance from s*"],
  ["margin", "integer margin"],
  ["changed", "changed in this step"],
  ["core", "core of the chip"],
];
const SORTS = [
  ["number", "number"],
  ["margin", "margin in s*"],
  ["state", "state in s*"],
  ["class", "class that drives it"],
  ["core", "core of the chip"],
];
const FILTERS = [
  ["all", "all"],
  ["held", "held"],
  ["lost", "lost"],
  ["right", "read right"],
  ["wrong", "read wrong"],
];
const UNIT = { step: "steps", asynchronous: "sweeps", continuous: "ms" };
const FRAME = 120; // ms between two read-outs while it plays

class Page {
  constructor(content, place) {
    this.content = content;
    this.place = place;
    const array = (number) => content.arrays[number].values;
    this.array = array;
    this.graphs = content.graphs.map((g) => new Graph(g, array));
    const shared = {};
    this.scenes = content.scenes.map((s) => new Scene(s, this.graphs[s.graph], array, shared));
    this.runs = Object.keys(content.runs);
    this.several = {
      graphs: this.graphs.length > 1,
      simulators: new Set(this.scenes.map((s) => s.simulator)).size > 1,
    };
    this.charts = [];
    this.chosen = { run: this.runs[0], pattern: 0, t: 1, a: 0, b: -1, unit: 0, mode: "state", sort: "number", filter: "all" };
    this.fromAddress();
    this.build();
    this.rebuild();
    addEventListener("hashchange", () => {
      if (location.hash.slice(1) === this.address()) return;
      this.fromAddress();
      this.rebuild();
    });
    document.addEventListener("keydown", (event) => this.key(event));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.rebuild());
  }

  // ---- what is chosen

  get own() {
    return this.scenes.filter((s) => s.run === this.chosen.run);
  }

  get patterns() {
    return this.content.patterns[this.chosen.run];
  }

  // Pictures of the run's patterns; none where there is nothing to see.
  get sheet() {
    const { count, image, pixels } = this.patterns;
    if (!(image[0] * image[1])) return null;
    this.sheets ??= {};
    return (this.sheets[this.chosen.run] ??= new Sheet(this.array(pixels), count, image));
  }

  get last() {
    return this.sides[0].scene.steps;
  }

  fromAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const c = this.chosen;
    const whole = (name, low, high, otherwise) => {
      const value = asked.has(name) ? Number(asked.get(name)) : NaN;
      return Number.isInteger(value) && value >= low && value <= high ? value : otherwise;
    };
    const one = (name, allowed, otherwise) =>
      allowed.includes(asked.get(name)) ? asked.get(name) : otherwise;
    c.run = one("run", this.runs, c.run);
    c.pattern = whole("pattern", 0, this.patterns.count - 1, 0);
    c.a = whole("a", 0, this.own.length - 1, 0);
    const bare = this.own.findIndex((s) => s.null === "no couplings");
    c.b = asked.get("b") === "none" ? -1 : whole("b", 0, this.own.length - 1, bare);
    c.t = whole("t", 1, this.own[c.a].steps, this.own[c.a].steps);
    const units = this.own[c.a].graphOf.units;
    c.unit = whole("unit", 0, units - 1, this.own[c.a].weakest[c.pattern]);
    const placed = this.graphs.every((g) => g.core);
    const names = (all) => all.map(([name]) => name).filter((name) => placed || name !== "core");
    c.mode = one("show", names(MODES), c.mode);
    c.sort = one("sort", names(SORTS), c.sort);
  }

  address() {
    const { run, pattern, t, a, b, unit, mode, sort } = this.chosen;
    return new URLSearchParams({
      run, pattern, t, a, b: b < 0 ? "none" : b, unit, show: mode, sort,
    }).toString();
  }

  remember() {
    clearTimeout(this.written);
    this.written = setTimeout(() => {
      // a frame of a notebook has no address of its own
      if (location.protocol !== "about:") history.replaceState(null, "", `#${this.address()}`);
    }, 150);
  }

  // ---- what stands where

  build() {
    const { content } = this;
    this.runSelect = choice("run", this.runs.map((r) => [r, r]), this.chosen.run, (run) => {
      Object.assign(this.chosen, { run, pattern: 0, a: 0, b: -1 });
      const bare = this.own.findIndex((s) => s.null === "no couplings");
      Object.assign(this.chosen, { b: bare, t: this.own[0].steps, unit: this.own[0].weakest[0] });
      this.rebuild();
    });
    const theme = h("button", { type: "button", onclick: () => this.theme() }, "light / dark");
    this.about = h("p", { class: "about" });
    this.filterSelect = choice("show", FILTERS, "all", (filter) => {
      this.chosen.filter = filter;
      this.listPatterns();
    });
    this.counted = h("span", { class: "counted", role: "status" });
    this.grid = h("div", { class: "patterns", role: "group", "aria-label": "patterns" });
    this.answers = h("ul", { class: "answers" });
    this.heading = h("h2", { id: "pattern" });
    this.picture = h("div", { class: "picture", role: "img" });
    const placed = this.graphs.every((g) => g.core);
    const possible = ([name]) => placed || name !== "core";
    this.modeSelect = choice("units show", MODES.filter(possible), this.chosen.mode, (mode) => this.change({ mode }));
    this.sortSelect = choice("sorted by", SORTS.filter(possible), this.chosen.sort, (sort) => {
      this.chosen.sort = sort;
      this.rebuild();
    });
    this.legend = h("p", { class: "legend" });
    const button = (label, words, action) =>
      h("button", { type: "button", "aria-label": words, title: words, onclick: action }, label);
    this.playButton = button("play", "play", () => this.play());
    this.slider = h("input", { type: "range", min: 1, step: 1, "aria-label": "moment", oninput: () => this.change({ t: Number(this.slider.value) }) });
    this.when = h("output", { class: "when" });
    this.phases = h("div", { class: "phases", "aria-hidden": "true" });
    this.overlapPlace = h("div", { class: "chart", id: "overlap" });
    this.energyPlace = h("div", { class: "chart", id: "energy" });
    this.unitInput = h("input", { type: "number", min: 0, onchange: () => this.change({ unit: this.clamped(Number(this.unitInput.value)) }) });
    this.weakest = button("weakest", "the unit with the least margin in s*", () =>
      this.change({ unit: this.sides[0].scene.weakest[this.chosen.pattern] }));
    this.inspector = h("div", { class: "inspector" });
    this.corePlace = h("div", { class: "placement" });
    this.graphPlace = h("div", { class: "populations" });
    this.sides = ["A", "B"].map(
      (letter) =>
        new Side(letter, {
          options: [],
          onscene: (value) => {
            this.chosen[letter.toLowerCase()] = Number(value);
            this.rebuild();
          },
          onunit: (unit) => this.change({ unit }),
          ontime: (k, side) => this.change({ t: side === this.sides[0] ? k + 1 : this.otherWay(k) }),
        }),
    );
    this.compared = h("div", { class: "compared" }, this.sides.map((s) => s.element));
    this.place.replaceChildren(
      h("header", {}, h("h1", {}, content.title), h("div", { class: "row" }, this.runSelect[0], theme), this.about),
      h("section", { class: "card", "aria-labelledby": "choose" },
        h("div", { class: "row" }, h("h2", { id: "choose" }, "Patterns"), this.filterSelect[0], this.counted), this.grid),
      h("section", { class: "card", "aria-labelledby": "pattern" },
        h("div", { class: "found" }, this.picture, h("div", {}, this.heading, this.answers))),
      h("section", { class: "card time", "aria-label": "time" },
        h("div", { class: "row" },
          button("|◀", "to the start", () => this.change({ t: 1 })),
          button("◀", "one step back", () => this.step(-1)),
          this.playButton,
          button("▶", "one step on", () => this.step(1)),
          button("release", "to the release", () => this.change({ t: this.sides[0].scene.releaseIndex + 1 })),
          this.when),
        h("div", { class: "slide" }, this.phases, this.slider),
        h("div", { class: "charts" }, this.overlapPlace, this.energyPlace)),
      h("section", { class: "card", "aria-label": "units and spikes" },
        h("div", { class: "row" }, this.modeSelect[0], this.sortSelect[0], this.legend), this.compared),
      h("section", { class: "card", "aria-labelledby": "unit" },
        h("div", { class: "row" }, h("h2", { id: "unit" }, "Unit"),
          h("label", {}, h("span", { class: "hidden" }, "number of the unit"), this.unitInput), this.weakest),
        this.inspector),
      h("section", { class: "card", "aria-labelledby": "graph" }, h("h2", { id: "graph" }, "Populations"),
        h("p", { class: "about" }, "Lit: the population of the chosen unit and what reaches and leaves it. Click one to choose its first unit."),
        this.graphPlace, this.corePlace),
      h("footer", {},
        h("p", {}, "Keys: ← → step, Home and End, space plays, ↑ ↓ pattern, r to the release, w weakest unit, 1 to 4 what the units show, d light or dark. The address names what you see: copy it."),
        h("p", {}, `Written by ${content.made_by}. Charts: uPlot, © Leon Sorokin, MIT licence.`)),
    );
  }

  // A run, pattern, scene, order or theme has been chosen.
  rebuild() {
    this.palette = colours();
    const { chosen, own, patterns } = this;
    this.runSelect[1].value = chosen.run;
    this.modeSelect[1].value = chosen.mode;
    this.sortSelect[1].value = chosen.sort;
    const names = own.map((s, k) => [k, sceneName(s, this.several)]);
    this.sides.forEach((side, k) => {
      const options = k ? [[-1, "nothing beside it"], ...names] : names;
      side.select.replaceChildren(...options.map(([value, words]) => h("option", { value }, words)));
      side.select.value = String(k ? chosen.b : chosen.a);
    });
    this.about.textContent = `${this.content.runs[chosen.run]}. ${own[chosen.a].graphOf.summary}.`;
    const graph = own[chosen.a].graphOf;
    this.star = stars(patterns, this.array, graph.units)(chosen.pattern);
    this.listPatterns();
    this.showPattern();
    this.showScenes();
    this.drawCharts();
    this.slider.max = this.last;
    chosen.t = Math.min(chosen.t, this.last);
    this.unitInput.max = graph.units - 1;
    this.drawPhases();
    this.change({});
  }

  showScenes() {
    const { chosen, own, star } = this;
    const order = this.order(own[chosen.a]);
    this.compared.classList.toggle("single", chosen.b < 0);
    this.sides[1].element.classList.toggle("empty", chosen.b < 0);
    [own[chosen.a], own[chosen.b]].forEach((scene, k) => {
      if (scene) this.sides[k].show(scene, chosen.pattern, order, this.palette, star);
    });
  }

  // Units in the order that is asked for; of side A, so that both sides agree.
  order(scene) {
    const { units, decoder, input_sign } = scene.graphOf;
    const order = Array.from({ length: units }, (_, i) => i);
    const { sort, pattern } = this.chosen;
    if (sort === "margin") {
      const margins = scene.byUnit(scene.margins(pattern, scene.neuronsIn(this.star)));
      order.sort((i, j) => margins[i] - margins[j] || i - j);
    } else if (sort === "state") {
      order.sort((i, j) => this.star[j] - this.star[i] || i - j);
    } else if (sort === "class") {
      const best = new Int32Array(units);
      const most = new Float64Array(units).fill(-Infinity);
      for (let c = 0; c < scene.graphOf.classes; c++) {
        const signal = scene.signal(c);
        for (let i = 0; i < units; i++) {
          const value = signal[decoder[i]] * input_sign[decoder[i]];
          if (value > most[i]) [most[i], best[i]] = [value, c];
        }
      }
      order.sort((i, j) => best[i] - best[j] || i - j);
    } else if (sort === "core") {
      const { core } = scene.graphOf;
      order.sort((i, j) => core[decoder[i]] - core[decoder[j]] || i - j);
    }
    return order;
  }

  listPatterns() {
    const { chosen, patterns } = this;
    const scene = this.own[chosen.a];
    const labels = this.array(patterns.labels);
    const sheet = this.sheet;
    const keep = {
      all: () => true,
      held: (p) => scene.exact[p],
      lost: (p) => !scene.exact[p],
      right: (p) => scene.read[p] === labels[p],
      wrong: (p) => scene.read[p] !== labels[p],
    }[chosen.filter];
    const listed = `${chosen.run} ${chosen.a} ${chosen.filter}`;
    if (this.listed !== listed) {
      this.listed = listed;
      const shown = Array.from({ length: patterns.count }, (_, p) => p).filter(keep);
      this.shown = shown;
      this.counted.textContent = `${shown.length} of ${patterns.count}`;
      this.buttons = new Map();
      this.grid.replaceChildren(
        ...shown.map((p) => {
          const picture = h("span", { class: "thumbnail", "aria-hidden": "true" });
          sheet?.show(picture, p);
          const classes = scene.graphOf.classes;
          const right = scene.read[p] === labels[p];
          const words =
            `pattern ${p}, ${scene.exact[p] ? "held" : "lost"}` +
            (classes ? `, class ${labels[p]} read ${right ? "right" : `as ${scene.read[p]}`}` : "");
          const made = h("button",
            { type: "button", class: `${scene.exact[p] ? "" : "lost"}${classes && !right ? " wrong" : ""}`, "aria-label": words, title: words, onclick: () => this.pickPattern(p) },
            picture, scene.exact[p] ? null : h("span", { class: "cross", "aria-hidden": "true" }, "✕"));
          this.buttons.set(p, made);
          return made;
        }),
      );
    }
    this.marked?.setAttribute("aria-pressed", "false");
    this.marked = this.buttons.get(chosen.pattern);
    this.marked?.setAttribute("aria-pressed", "true");
    if (this.marked) {
      const { offsetTop, offsetHeight } = this.marked;
      const { scrollTop, clientHeight } = this.grid;
      if (offsetTop < scrollTop) this.grid.scrollTop = offsetTop;
      else if (offsetTop + offsetHeight > scrollTop + clientHeight)
        this.grid.scrollTop = offsetTop + offsetHeight - clientHeight;
    }
  }

  pickPattern(pattern) {
    this.chosen.pattern = pattern;
    this.chosen.unit = this.own[this.chosen.a].weakest[pattern];
    this.rebuild();
  }

  // What one wants to know first, in sentences.
  showPattern() {
    const { chosen, own, patterns } = this;
    const p = chosen.pattern;
    const scene = own[chosen.a];
    const label = this.array(patterns.labels)[p];
    const { units, classes } = scene.graphOf;
    this.picture.hidden = !this.sheet;
    this.sheet?.show(this.picture, p);
    this.picture.setAttribute("aria-label", `input of pattern ${p}`);
    this.heading.textContent = `Pattern ${p}${classes ? `, class ${label}` : ""}`;
    const end = (s) => units - s.away[p * s.steps + s.steps - 1];
    const same = own.filter((s) => s.graphOf === scene.graphOf && s.simulator === scene.simulator);
    const whole = same.find((s) => !s.null);
    const said = [];
    const state = (s) => (end(s) === units ? `all ${units} units are as in s* at the end` : `${end(s)} of ${units} units are as in s* at the end`);
    if (whole) {
      said.push(["Was the memory kept?", `${kept(whole, p)}: ${state(whole)}` +
        (classes ? `; its class is read as ${whole.read[p]}, true ${label}.` : ".")]);
      const sure = whole.margin[p] >= 1 ? "so s* is certain to stay" : "so s* is no fixed point of the integers";
      said.push(["Which unit was weakest?", `Unit ${whole.weakest[p]}: margin ${number(whole.margin[p])} in s*, ${sure}.`]);
    }
    for (const s of same.filter((s) => s.null)) {
      const question = { "no couplings": "Without couplings?", permuted: "With permuted couplings?", "random start": "From a random state?" }[s.null];
      const read = classes && s.null !== "random start" ? `; class read as ${s.read[p]}` : "";
      const came =
        s.null === "random start"
          ? s.exact[p] ? "It would be reached" : "It would not be reached"
          : s.exact[p] ? "It would be kept" : "It would be lost";
      said.push([question ?? s.null, `${came}: ${state(s)}${read}.`]);
    }
    this.answers.replaceChildren(...said.map(([q, a]) => h("li", {}, h("strong", {}, q), " ", a)));
  }

  // ---- time

  // Time of a read-out after the release.
  after(scene, k) {
    return scene.times[k] - scene.release;
  }

  // The read-out of B that belongs to one of A: as long after the release, or as far into the phase.
  beside(k) {
    const [a, b] = this.sides.map((s) => s.scene);
    return matching(a, b, k);
  }

  otherWay(k) {
    const [a, b] = this.sides.map((s) => s.scene);
    return matching(b, a, k) + 1;
  }

  drawPhases() {
    const scene = this.sides[0].scene;
    const parts = [];
    for (let k = 0; k < scene.steps; k++) {
      const name = scene.phase(k);
      if (parts.at(-1)?.name === name) parts.at(-1).size++;
      else parts.push({ name, size: 1 });
    }
    this.phases.replaceChildren(
      ...parts.map(({ name, size }) => {
        const part = h("span", { class: name, title: name }, size / scene.steps > 0.05 ? name : "");
        part.style.flexGrow = size;
        return part;
      }),
    );
  }

  drawCharts() {
    this.charts.forEach((chart) => chart.remove());
    const { palette, chosen } = this;
    const scenes = this.sides.map((s) => s.scene).slice(0, chosen.b < 0 ? 1 : 2);
    const a = scenes[0];
    const unit = UNIT[a.regime];
    const scaled = scenes[1] && scenes[1].regime !== a.regime ? `; B in ${UNIT[scenes[1].regime]}, scaled` : "";
    const clamped = a.releaseIndex > 0 && a.supervisory.some((v) => v > 0);
    const phases = () => ({ from: a.cue - a.release, to: 0, label: "release" });
    const onpick = (x) => this.change({ t: nearest(a, x) + 1 });
    const colour = [palette.a, palette.b];
    const dash = [undefined, [5, 4]];
    const series = scenes.map((_, k) => ({ stroke: colour[k], width: 2, dash: dash[k], spanGaps: true, points: { show: false } }));
    const signal = { scale: "signal", paths: stepped, stroke: palette.signal, fill: palette.signal + "50", width: 1, points: { show: false } };
    const common = { palette, phases, onpick, filled: clamped };
    this.overlaps = scenes.map((s) => s.overlap(chosen.pattern));
    this.energies = scenes.map((s) => s.energy(chosen.pattern));
    const low = Math.min(...this.overlaps.flat());
    const overlap = new Chart(this.overlapPlace, {
      ...common, series: [...series, signal], range: [low - 0.1 * (1.02 - low), 1 + 0.1 * (1.02 - low)],
      title: `overlap with s*${clamped ? "; shaded: the signal" : ""} (${unit} after the release${scaled})`,
    });
    const energy = new Chart(this.energyPlace, { ...common, series, title: "energy per unit, in units of the field" });
    this.charts = [overlap, energy];
    const count = a.supervisory.length / a.steps;
    const strength = Array.from(a.times, (_, k) => a.supervisory[k * count + chosen.pattern]);
    const most = Math.max(...strength, 1e-9);
    const times = scenes.map((s) => Array.from(s.times, (_, k) => onAxisOf(a, s, k)));
    const xs = [...new Set(times.flat())].sort((x, y) => x - y);
    const on = (values, k) => {
      const known = new Map(times[k].map((x, i) => [x, values[i]]));
      return xs.map((x) => known.get(x) ?? null);
    };
    overlap.set([xs, ...this.overlaps.map(on), on(strength.map((v) => v / most), 0)]);
    energy.set([xs, ...this.energies.map(on)]);
  }

  step(by) {
    this.change({ t: Math.min(Math.max(this.chosen.t + by, 1), this.last) });
  }

  play() {
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = null;
    } else {
      if (this.chosen.t >= this.last) this.change({ t: 1 });
      this.playing = setInterval(() => {
        if (this.chosen.t >= this.last) this.play();
        else this.step(1);
      }, FRAME);
    }
    this.playButton.textContent = this.playing ? "pause" : "play";
    this.playButton.setAttribute("aria-label", this.playing ? "pause" : "play");
  }

  // Something has been chosen that no scene depends on; drawn with the next frame.
  change(some) {
    Object.assign(this.chosen, some);
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const { chosen, sides } = this;
    const ks = [chosen.t - 1, chosen.b < 0 ? -1 : this.beside(chosen.t - 1)];
    sides.forEach((side, k) => ks[k] >= 0 && side.at(ks[k], chosen.mode, chosen.unit));
    const a = sides[0].scene;
    const after = this.after(a, ks[0]);
    this.slider.value = chosen.t;
    const phase = a.phase(ks[0]);
    const numbers = this.overlaps.map((o, k) => `${"AB"[k]} ${number(o[ks[k]])}`).join(", ");
    const energies = this.energies.map((e, k) => `${"AB"[k]} ${number(e[ks[k]])}`).join(", ");
    const words = `${{ step: "step", asynchronous: "sweep", continuous: "ms" }[a.regime]} ${number(a.times[ks[0]])} of ${number(a.times[a.steps - 1])}, ${phase}`;
    this.slider.setAttribute("aria-valuetext", words);
    this.when.textContent = `${words} · overlap ${numbers} · energy ${energies}`;
    this.charts.forEach((chart) => chart.at(after));
    this.unitInput.value = chosen.unit;
    this.drawLegend();
    this.inspect(ks);
    this.remember();
  }

  drawLegend() {
    const key = `${this.chosen.mode}`;
    if (this.legend.dataset.mode === key) return;
    this.legend.dataset.mode = key;
    const shown = {
      state: [["up", "+1"], ["down", "−1"]],
      distance: [["kept", "as in s*"], ["wrong", "not as in s*"]],
      margin: [["wrong", "below 1: will turn"], ["weak", "small"], ["firm", "large"]],
      changed: [["changed", "changed"], ["quiet", "as before"]],
      core: [],
    }[this.chosen.mode];
    this.legend.replaceChildren(...shown.flatMap(([name, words]) => [h("i", { class: `swatch ${name}` }), h("span", {}, words)]));
  }

  inspect(ks) {
    const { chosen, star } = this;
    const columns = this.sides
      .map((side) => ({ letter: side.letter, scene: side.scene, pattern: chosen.pattern }))
      .slice(0, chosen.b < 0 ? 1 : 2);
    const { run, pattern, a, b, unit } = chosen;
    const key = JSON.stringify([run, pattern, a, b, unit]);
    if (this.inspected !== key) {
      this.inspected = key;
      const [content, at] = inspector(columns, unit, star, (unit) => this.change({ unit }));
      this.inspector.replaceChildren(...content);
      this.inspectAt = at;
    }
    this.inspectAt(ks);
    const graph = columns[0].scene.graphOf;
    const population = graph.populationOf(graph.decoder[chosen.unit]);
    this.showCore(graph, chosen.unit);
    const lit = `${this.graphs.indexOf(graph)} ${population}`;
    if (this.lit !== lit) {
      this.lit = lit;
      this.graphPlace.replaceChildren(
        populations(graph, population, (name) => {
          if (name in graph.start) this.change({ unit: graph.unit[graph.start[name]] });
        }),
      );
    }
  }

  // On which core of the chip the neurons of a unit lie, and who else lies there.
  showCore(graph, unit) {
    this.corePlace.hidden = !graph.core;
    if (!graph.core) return;
    const own = graph.neuronsOf[unit];
    const words = own.map((k) => `${graph.neuronName(k)} on core ${graph.core[k]}`).join(", ");
    const many = graph.chip_of_core.length;
    const chips = new Set(graph.chip_of_core).size;
    const sizes = new Int32Array(many);
    for (const core of graph.core) sizes[core]++;
    const lit = new Set(own.map((k) => graph.core[k]));
    const pick = (core) => this.change({ unit: graph.unit[graph.core.indexOf(core)] });
    this.corePlace.replaceChildren(
      h("p", {}, `${this.content.chip}: ${words}; ${many} ${many === 1 ? "core" : "cores"} of ${chips} ${chips === 1 ? "chip" : "chips"}.`),
      h("div", { class: "cores" }, Array.from(sizes, (size, core) =>
        h("button", { type: "button", "aria-pressed": String(lit.has(core)), disabled: !size, onclick: () => pick(core) },
          `core ${core}: ${size}`))),
    );
  }

  clamped(unit) {
    const most = this.sides[0].scene.graphOf.units - 1;
    return Number.isInteger(unit) ? Math.min(Math.max(unit, 0), most) : this.chosen.unit;
  }

  // ---- keys and theme

  theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    this.rebuild();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inside = event.target.closest("input, select");
    if (inside && inside !== this.slider) return;
    if (event.key === " " && event.target.closest("button, [role=button]")) return;
    const action = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Home: () => this.change({ t: 1 }),
      End: () => this.change({ t: this.last }),
      " ": () => this.play(),
      ArrowUp: () => this.nextPattern(-1),
      ArrowDown: () => this.nextPattern(1),
      r: () => this.change({ t: this.sides[0].scene.releaseIndex + 1 }),
      w: () => this.weakest.click(),
      d: () => this.theme(),
      1: () => this.showMode(0),
      2: () => this.showMode(1),
      3: () => this.showMode(2),
      4: () => this.showMode(3),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  showMode(k) {
    this.modeSelect[1].value = MODES[k][0];
    this.change({ mode: MODES[k][0] });
  }

  nextPattern(by) {
    const at = this.shown.indexOf(this.chosen.pattern);
    const next = this.shown[Math.min(Math.max(at + by, 0), this.shown.length - 1)];
    if (next !== undefined && next !== this.chosen.pattern) this.pickPattern(next);
  }
}

// Whether s* was kept once it was reached, in a word or two.
function kept(scene, pattern) {
  const at = pattern * scene.steps;
  const away = scene.away.subarray(at, at + scene.steps);
  if (scene.held[pattern]) return "Yes, from the release on";
  const reached = away.findIndex((n, k) => k >= scene.releaseIndex && n === 0);
  if (reached < 0) return "It was not reached";
  if (away.subarray(reached).some((n) => n > 0)) return "No, it was reached and left";
  const unit = { step: "step", asynchronous: "sweep", continuous: "ms" }[scene.regime];
  return `Yes, once reached in ${unit} ${number(scene.times[reached])}`;
}

function nearest(scene, after) {
  let best = 0;
  for (let k = 1; k < scene.steps; k++)
    if (Math.abs(scene.times[k] - scene.release - after) < Math.abs(scene.times[best] - scene.release - after)) best = k;
  return best;
}

// Time after the release on the axis of another scene; in another unit, as far into its phases.
function onAxisOf(axis, scene, k) {
  const after = scene.times[k] - scene.release;
  if (axis.regime === scene.regime) return after;
  const end = (s, at) => Math.abs(s.times[at] - s.release) || 1;
  return after < 0
    ? (after / end(scene, 0)) * end(axis, 0)
    : (after / end(scene, scene.steps - 1)) * end(axis, axis.steps - 1);
}

// The read-out of one scene that belongs to one of another.
function matching(from, to, k) {
  if (from.regime === to.regime) return nearest(to, from.times[k] - from.release);
  const [here, there] = [from.releaseIndex, to.releaseIndex];
  if (k <= here) return here ? Math.round((k / here) * there) : there;
  const share = (k - here) / Math.max(1, from.steps - 1 - here);
  return there + Math.round(share * (to.steps - 1 - there));
}

async function open() {
  const place = document.getElementById("page");
  try {
    const content = await read(document.getElementById("data").textContent);
    globalThis.page = new Page(content, place);
    document.body.dataset.ready = "yes";
  } catch (error) {
    const words = error instanceof Sentence ? error.message : `This page cannot show its run: ${error.message}`;
    place.replaceChildren(h("p", { class: "sorry", role: "alert" }, words));
    document.body.dataset.ready = "no";
  }
}

open();
