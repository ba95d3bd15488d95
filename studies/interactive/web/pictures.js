// Pixels: thumbnails, the units of a network as an image, the raster of its spikes.

import { rgb } from "./dom.js";

// All pictures in one, side by side in rows, as an address that elements can have for a background:
// a thousand canvases would be painted anew with every frame.
export class Sheet {
  constructor(pixels, count, [height, width]) {
    Object.assign(this, { height, width, columns: Math.ceil(Math.sqrt(count)) });
    this.rows = Math.ceil(count / this.columns);
    const canvas = document.createElement("canvas");
    canvas.width = this.columns * width;
    canvas.height = this.rows * height;
    const image = new ImageData(canvas.width, canvas.height);
    for (let p = 0; p < count; p++) {
      const [top, left] = [Math.floor(p / this.columns) * height, (p % this.columns) * width];
      for (let k = 0; k < width * height; k++) {
        const v = 255 - pixels[p * width * height + k];
        const at = 4 * ((top + Math.floor(k / width)) * canvas.width + left + (k % width));
        image.data[at] = image.data[at + 1] = image.data[at + 2] = v;
        image.data[at + 3] = 255;
      }
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    this.address = `url(${canvas.toDataURL()})`;
  }

  // Give an element the picture of a pattern.
  show(element, pattern) {
    const share = (place, count) => (count > 1 ? (100 * place) / (count - 1) : 0);
    Object.assign(element.style, {
      backgroundImage: this.address,
      backgroundSize: `${100 * this.columns}% ${100 * this.rows}%`,
      backgroundPosition:
        `${share(pattern % this.columns, this.columns)}% ` +
        `${share(Math.floor(pattern / this.columns), this.rows)}%`,
      aspectRatio: `${this.width} / ${this.height}`,
    });
  }
}

export function columnsFor(units) {
  return Math.max(1, Math.ceil(Math.sqrt(units * 1.5)));
}

// Okabe and Ito's colours, which the colour-blind tell apart; neighbours among the cores differ.
const CORES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a939b"].map(rgb);

// Colour of each unit in a mode, as a function of what is known of it.
export function painter(mode, palette, { states, star, margins, before, cores }) {
  const c = Object.fromEntries(Object.entries(palette).map(([k, v]) => [k, rgb(v)]));
  if (mode === "distance") return (i) => (states[i] === star[i] ? c.kept : c.wrong);
  if (mode === "changed") return (i) => (before && states[i] !== before[i] ? c.changed : c.quiet);
  if (mode === "margin") {
    const most = margins.reduce((a, b) => Math.max(a, b), 1);
    return (i) => {
      if (margins[i] < 1) return c.wrong;
      const share = Math.sqrt(margins[i] / most);
      return c.weak.map((v, k) => v + (c.firm[k] - v) * share);
    };
  }
  if (mode === "core") return (i) => CORES[cores(i) % CORES.length];
  return (i) => (states[i] ? c.up : c.down);
}

export function unitsImage(canvas, order, colour, background) {
  const columns = columnsFor(order.length);
  const rows = Math.ceil(order.length / columns);
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const image = new ImageData(columns, rows);
  const empty = rgb(background);
  for (let k = 0; k < columns * rows; k++) {
    const c = k < order.length ? colour(order[k]) : empty;
    image.data[4 * k] = c[0];
    image.data[4 * k + 1] = c[1];
    image.data[4 * k + 2] = c[2];
    image.data[4 * k + 3] = 255;
  }
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(image, 0, 0);
}

// Rows of the raster: excitatory populations first, each in the order of the units.
export function rasterRows(scene, order) {
  const graph = scene.graphOf;
  if (scene.kept === "units")
    return { rows: [...order], bands: [{ name: "units", from: 0, to: order.length, sign: 0 }] };
  const place = new Map(order.map((unit, k) => [unit, k]));
  const bands = [];
  const rows = [];
  const names = graph.populations.filter((p) => p.name in graph.start);
  const signOf = (name) => {
    const signs = new Set(
      graph.projections
        .filter((p) => p.source === name && p.role !== "readout")
        .map((p) => p.sign),
    );
    return signs.size === 1 ? [...signs][0] : 0;
  };
  for (const p of names.toSorted((a, b) => signOf(b.name) - signOf(a.name))) {
    const own = Array.from({ length: p.size }, (_, k) => graph.start[p.name] + k);
    own.sort((a, b) => place.get(graph.unit[a]) - place.get(graph.unit[b]));
    bands.push({ name: p.name, from: rows.length, to: rows.length + own.length, sign: signOf(p.name) });
    rows.push(...own);
  }
  return { rows, bands };
}

// All of a pattern's spikes, one pixel for each neuron and read-out.
export function rasterImage(scene, pattern, { rows, bands }, palette) {
  const width = scene.steps;
  const image = new ImageData(width, rows.length);
  const pixels = new Uint32Array(image.data.buffer);
  const cells = scene.cells(pattern);
  const size = scene.cells_size;
  for (const band of bands) {
    const [r, g, b] = rgb(
      band.sign > 0 ? palette.excites : band.sign < 0 ? palette.inhibits : palette.ink,
    );
    const colour = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    for (let row = band.from; row < band.to; row++) {
      const k = rows[row];
      for (let t = 0; t < width; t++) if (cells[t * size + k]) pixels[row * width + t] = colour;
    }
  }
  return image;
}
