// One unit: what drives it now, what is certain of it in s*, and its strongest synapses.

import { certificate, incoming, outgoing } from "./certificate.js";
import { h, number } from "./dom.js";

const LISTED = 8;
const PARTS = {
  input: "input",
  coupling: "couplings",
  link: "links between modules",
  self: "self-coupling",
  constant: "constant of the neuron",
  supervisory: "supervisory signal",
  field: "field, the sum",
  margin: "margin without the signal",
};

// The unit's neuron with the least margin in s*.
function weakestNeuron(scene, pattern, star, unit) {
  const neurons = scene.graphOf.neuronsOf[unit];
  const margins = neurons.map((k) => certificate(scene, pattern, star, k).margin);
  return neurons[margins.indexOf(Math.min(...margins))];
}

const state = (value) => (value ? "+1" : "−1");

// The table of the field, and what writes the numbers of a moment into it.
function fieldTable(columns, unit, star) {
  const neurons = columns.map(({ scene }) => scene.graphOf.decoder[unit]);
  const shown = Object.keys(PARTS).filter(
    (key) => key !== "link" || columns.some(({ scene }) => scene.graphOf.projections.some((p) => p.role === "link")),
  );
  const cells = columns.map(() =>
    Object.fromEntries(["state", ...shown].map((key) => [key, h("td", { "data-part": key })])),
  );
  const row = (key, words) =>
    h("tr", { class: key === "field" || key === "margin" ? "sum" : "" },
      h("th", { scope: "row" }, words), cells.map((own) => own[key]));
  const table = h(
    "table",
    { class: "fields" },
    h("caption", {}, "Field in weight units, if the spikes of this moment stay"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "part"),
      columns.map(({ letter, scene }, c) => h("th", { scope: "col" }, `${letter}, neuron ${scene.graphOf.neuronName(neurons[c])}`)))),
    h("tbody", {}, row("state", `state (${state(star[unit])} in s*)`), shown.map((key) => row(key, PARTS[key]))),
  );
  const at = (ks) =>
    columns.forEach(({ scene, pattern }, c) => {
      const parts = scene.parts(pattern, ks[c], neurons[c]);
      cells[c].state.textContent = state(scene.states(pattern, ks[c])[unit]);
      for (const key of shown) cells[c][key].textContent = number(parts[key]);
    });
  return [table, at];
}

// All of a unit; returns what to show and what brings it to a moment.
export function inspector(columns, unit, star, onunit) {
  const [table, fields] = fieldTable(columns, unit, star);
  const [lists, synapses] = synapseLists(columns[0], unit, onunit);
  const content = [
    h("div", { class: "wide", tabindex: 0, role: "group", "aria-label": "field of the unit" }, table),
    h("div", {}, certificates(columns, unit, star)),
    ...lists,
  ];
  const at = (ks) => {
    fields(ks);
    synapses(ks[0]);
  };
  return [content, at];
}

function certificates(columns, unit, star) {
  return columns.map(({ letter, scene, pattern }) => {
    const neuron = weakestNeuron(scene, pattern, star, unit);
    const { margin, error, lost, flips } = certificate(scene, pattern, star, neuron);
    const name = scene.graphOf.neuronName(neuron);
    const said =
      margin >= 1
        ? [
            "In s* its margin is ", h("b", { "data-certificate": "margin" }, number(margin)),
            ` (neuron ${name}): certain to stay. What it would take to turn it: `,
            ...needed(flips, "flips", "other unit", "other units", "wrong at once"),
            "; or ",
            ...needed(lost, "lost", "synapse", "synapses", "lost"),
            Number.isFinite(error)
              ? ["; or every synapse off by ", h("b", { "data-certificate": "error" }, number(error * 100)), " %"]
              : [],
            ".",
          ].flat()
        : [
            "In s* its margin is ", h("b", { "data-certificate": "margin" }, number(margin)),
            ` (neuron ${name}): nothing holds it there, it turns by itself.`,
          ];
    return h("p", { class: "certificate" }, h("strong", {}, `${letter}. `), ...said);
  });
}

function needed(count, key, one, many, end) {
  if (!Number.isFinite(count)) return [`no number of ${many} suffices`];
  return [h("b", { "data-certificate": key }, number(count)), ` ${count === 1 ? one : many}${end && ` ${end}`}`];
}

// The strongest synapses in and out, and what marks those that are active at a moment.
function synapseLists({ letter, scene, pattern }, unit, onunit) {
  const graph = scene.graphOf;
  const neuron = graph.decoder[unit];
  const arriving = incoming(scene, neuron).map(([other, weight, role]) => ({ from: other, other, weight, role }));
  const leaving = graph.neuronsOf[unit].flatMap((own) =>
    outgoing(scene, own).map(([other, weight, role]) => ({ from: own, other, weight, role })),
  );
  const most = [...arriving, ...leaving].reduce((a, s) => Math.max(a, Math.abs(s.weight)), 1);
  const marked = [];
  const list = (title, synapses, onto) => {
    const shown = synapses.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, LISTED);
    return h(
      "div",
      { class: "synapses" },
      h("h3", {}, `${title} (${synapses.length.toLocaleString("en")} in all)`),
      shown.length ? null : h("p", {}, "none"),
      h("ol", {}, shown.map((s) => {
        const bar = h("span", { class: `bar ${s.weight > 0 ? "plus" : "minus"}` });
        bar.style.width = `${(100 * Math.abs(s.weight)) / most}%`;
        const dot = h("span", {});
        marked.push({ from: s.from, bar, dot });
        return h("li", {},
          h("button", { type: "button", onclick: () => onunit(graph.unit[s.other]) },
            `${onto ? "→ " : ""}${graph.neuronName(s.other)}`),
          h("span", { class: "weight" }, `${s.weight > 0 ? "+" : "−"}${Math.abs(s.weight)}${s.role === "self" ? " self" : ""}`, dot),
          h("span", { class: "barbox" }, bar));
      })),
    );
  };
  const lists = [
    list(`${letter}: strongest in`, arriving, false),
    list(`${letter}: strongest out`, leaving, true),
  ];
  const at = (k) => {
    const spikes = scene.neuronsAt(pattern, k);
    for (const { from, bar, dot } of marked) {
      bar.classList.toggle("idle", !spikes[from]);
      dot.textContent = spikes[from] ? " ●" : "";
    }
  };
  return [lists, at];
}
