// One of the two runs that stand side by side: its facts, its units as an image, its raster.

import { choice, h, number } from "./dom.js";
import { columnsFor, painter, rasterImage, rasterRows, unitsImage } from "./pictures.js";

const RASTER_HEIGHT = 260;

export function sceneName(scene, several) {
  const parts = [scene.null || "the graph itself"];
  if (several.graphs) parts.unshift(scene.graphOf.name);
  if (several.simulators) parts.push(scene.simulator);
  return parts.join(" · ");
}

export class Side {
  constructor(letter, { options, onscene, onunit, ontime }) {
    this.letter = letter;
    this.onunit = onunit;
    this.ontime = ontime;
    this.zoom = { from: 0, to: 1 };
    this.units = h("canvas", { class: "units", role: "img" });
    this.ring = h("div", { class: "ring" });
    this.unitsBox = h("div", { class: "unitsbox" }, this.units, this.ring);
    this.raster = h("canvas", { class: "raster", role: "img" });
    this.playhead = h("div", { class: "playhead" });
    this.names = h("div", { class: "bands" });
    this.rasterBox = h("div", { class: "rasterbox" }, this.raster, this.playhead, this.names);
    this.facts = h("p", { class: "facts" });
    this.now = h("p", { class: "now" });
    const [label, select] = choice(letter, options, "", onscene);
    this.select = select;
    const zoomed = (factor) => () => this.zoomBy(factor, 0.5);
    this.element = h(
      "section",
      { class: `side side-${letter.toLowerCase()}`, "aria-label": `run ${letter}` },
      label,
      this.facts,
      this.unitsBox,
      this.now,
      h(
        "div",
        { class: "row" },
        h("h3", {}, "Spikes"),
        h("span", { class: "spacer" }),
        h("button", { type: "button", title: "zoom in", "aria-label": `zoom into the raster of ${letter}`, onclick: zoomed(0.5) }, "+"),
        h("button", { type: "button", title: "zoom out", "aria-label": `zoom out of the raster of ${letter}`, onclick: zoomed(2) }, "−"),
        h("button", { type: "button", title: "all neurons", "aria-label": `show all neurons of ${letter}`, onclick: () => this.zoomTo(0, 1) }, "all"),
      ),
      this.rasterBox,
    );
    this.unitsBox.addEventListener("click", (event) => this.pickUnit(event));
    this.rasterBox.addEventListener("click", (event) => this.pickNeuron(event));
    this.rasterBox.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const box = this.raster.getBoundingClientRect();
        this.zoomBy(event.deltaY < 0 ? 0.8 : 1.25, (event.clientY - box.top) / box.height);
      },
      { passive: false },
    );
    new ResizeObserver(() => this.scene && this.drawRaster()).observe(this.rasterBox);
  }

  // The scene, pattern, order or colours have changed.
  show(scene, pattern, order, palette, star, starMargins) {
    Object.assign(this, { scene, pattern, order, palette, star, starMargins });
    this.layout = rasterRows(scene, order);
    const image = rasterImage(scene, pattern, this.layout, palette);
    this.sheet ??= document.createElement("canvas");
    this.sheet.width = image.width;
    this.sheet.height = image.height;
    this.sheet.getContext("2d").putImageData(image, 0, 0);
    this.drawRaster();
    const units = scene.graphOf.units;
    const away = scene.away[pattern * scene.steps + scene.steps - 1];
    const { exact, held, margin, weakest, read, meant } = scene;
    const classes = scene.graphOf.classes
      ? `; read as class ${read[pattern]}, meant ${meant[pattern]}`
      : "";
    this.facts.replaceChildren(
      h("strong", { class: exact[pattern] ? "good" : "bad" },
        exact[pattern] ? (held[pattern] ? "held" : "reached") : "lost"),
      ` ${units - away} of ${units} units as in s* at the end; least margin of s* ` +
        `${number(margin[pattern])}, unit ${weakest[pattern]}${classes}`,
    );
    this.raster.setAttribute("aria-label",
      `spikes of run ${this.letter}, ${this.layout.bands.map((b) => b.name).join(" above ")}`);
  }

  drawRaster() {
    const { width } = this.rasterBox.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    this.raster.width = Math.max(1, Math.round(width * ratio));
    this.raster.height = Math.round(RASTER_HEIGHT * ratio);
    const context = this.raster.getContext("2d");
    const total = this.sheet.height;
    const from = this.zoom.from * total;
    const shown = (this.zoom.to - this.zoom.from) * total;
    context.imageSmoothingEnabled = shown > this.raster.height;
    context.drawImage(this.sheet, 0, from, this.sheet.width, shown, 0, 0, this.raster.width, this.raster.height);
    const y = (row) => ((row - from) / shown) * RASTER_HEIGHT;
    const x = ((this.scene.releaseIndex + 1) / this.scene.steps) * this.raster.width;
    context.fillStyle = this.palette.ink;
    context.fillRect(Math.round(x), 0, Math.max(1, ratio), this.raster.height);
    context.fillStyle = this.palette.pale;
    for (const band of this.layout.bands)
      if (band.from && y(band.from) > 0 && y(band.from) < RASTER_HEIGHT)
        context.fillRect(0, Math.round(y(band.from) * ratio), this.raster.width, 1);
    this.names.replaceChildren(
      ...this.layout.bands
        .filter((b) => y(b.to) > 14 && y(b.from) < RASTER_HEIGHT - 14)
        .map((b) => {
          const kind = b.sign > 0 ? " (excite)" : b.sign < 0 ? " (inhibit)" : "";
          const name = h("span", { class: b.sign > 0 ? "plus" : b.sign < 0 ? "minus" : "" }, b.name + kind);
          name.style.top = `${Math.max(2, y(b.from) + 2)}px`;
          return name;
        }),
    );
    this.movePlayhead();
  }

  zoomBy(factor, at) {
    const { from, to } = this.zoom;
    const centre = from + (to - from) * at;
    const size = Math.min(1, Math.max((to - from) * factor, 8 / this.sheet.height));
    const start = Math.min(Math.max(0, centre - size * at), 1 - size);
    this.zoomTo(start, start + size);
  }

  zoomTo(from, to) {
    this.zoom = { from, to };
    this.drawRaster();
  }

  // Only the moment has changed.
  at(k, mode, unit) {
    this.k = k;
    const { scene, pattern, star } = this;
    const states = scene.states(pattern, k);
    const before = k ? scene.states(pattern, k - 1) : null;
    const margins = mode === "margin" ? this.marginsAt(k) : null;
    const { core, decoder } = scene.graphOf;
    const cores = (i) => core[decoder[i]];
    unitsImage(this.units, this.order, painter(mode, this.palette, { states, star, margins, before, cores }), this.palette.card);
    let away = 0;
    let moved = 0;
    for (let i = 0; i < states.length; i++) {
      away += states[i] !== star[i];
      if (before) moved += states[i] !== before[i];
    }
    const weak = margins ? `, least margin ${number(Math.min(...margins))}` : "";
    this.now.textContent = `now ${away} away from s*, ${moved} changed in this step${weak}`;
    this.units.setAttribute("aria-label",
      `units of run ${this.letter}: ${away} of ${states.length} away from s*`);
    this.mark(unit);
    this.movePlayhead();
  }

  // Integer margins of the units at a read-out; the same again where no spike has changed.
  marginsAt(k) {
    const spikes = this.scene.neuronsAt(this.pattern, k);
    const last = this.lastMargins;
    if (last?.scene === this.scene && last.pattern === this.pattern && last.spikes.every((n, i) => n === spikes[i]))
      return last.margins;
    const margins = this.scene.byUnit(this.scene.margins(this.pattern, spikes));
    this.lastMargins = { scene: this.scene, pattern: this.pattern, spikes, margins };
    return margins;
  }

  movePlayhead() {
    this.playhead.style.width = `${100 / this.scene.steps}%`;
    this.playhead.style.transform = `translateX(${100 * this.k}%)`;
  }

  mark(unit) {
    const columns = columnsFor(this.order.length);
    const rows = Math.ceil(this.order.length / columns);
    const place = this.order.indexOf(unit);
    Object.assign(this.ring.style, {
      left: `${((place % columns) * 100) / columns}%`,
      top: `${(Math.floor(place / columns) * 100) / rows}%`,
      width: `${100 / columns}%`,
      height: `${100 / rows}%`,
    });
  }

  pickUnit(event) {
    const box = this.units.getBoundingClientRect();
    const columns = columnsFor(this.order.length);
    const rows = Math.ceil(this.order.length / columns);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const unit = this.order[row * columns + column];
    if (unit !== undefined) this.onunit(unit);
  }

  pickNeuron(event) {
    const box = this.raster.getBoundingClientRect();
    const { from, to } = this.zoom;
    const row = Math.floor((from + ((event.clientY - box.top) / box.height) * (to - from)) * this.layout.rows.length);
    const k = Math.floor(((event.clientX - box.left) / box.width) * this.scene.steps);
    const cell = this.layout.rows[row];
    if (cell === undefined) return;
    this.ontime(Math.min(Math.max(k, 0), this.scene.steps - 1), this);
    this.onunit(this.scene.kept === "units" ? cell : this.scene.graphOf.unit[cell]);
  }
}
