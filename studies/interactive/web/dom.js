// Elements by name, attributes and children. Texts go in as text: markup in them does nothing.

const SVG = "http://www.w3.org/2000/svg";

export function h(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

export function choice(label, options, value, onchange) {
  const select = h(
    "select",
    { onchange: () => onchange(select.value) },
    options.map(([key, words]) => h("option", { value: key, selected: key === value }, words)),
  );
  return [h("label", {}, h("span", {}, label), select), select];
}

export function number(value) {
  if (!Number.isFinite(value)) return "–";
  return value.toLocaleString("en", { maximumFractionDigits: 3 }).replace("-", "−");
}

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["up", "down", "signal", "a", "b", "wrong", "kept", "changed", "quiet", "excites",
    "inhibits", "card", "ink", "pale", "line", "weak", "firm"];
  return Object.fromEntries(names.map((n) => [n, style.getPropertyValue(`--${n}`).trim()]));
}

export function rgb(hex) {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
