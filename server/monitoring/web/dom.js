// The few things that every part of the page does to the document.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** A new element with attributes and children; `text` sets its text. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** A new SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, { text, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  if (text !== undefined) node.textContent = text;
  node.append(...children);
  return node;
}

/** Set text only where it changes, so that a selection or a reader is not disturbed. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** The shape of a state: its meaning never hangs on colour alone. */
export function shape(name) {
  return svg("svg", { class: "shape", "aria-hidden": "true" }, svg("use", { href: `#shape-${name}` }));
}

export function setShape(node, name) {
  setAttribute(node.querySelector("use"), "href", `#shape-${name}`);
}

/** Make the children of `parent` those of `keys`, in order; rows are kept by key. */
export function keyed(parent, kept, keys, make) {
  for (const [key, row] of kept) {
    if (!keys.includes(key)) {
      row.node.remove();
      kept.delete(key);
    }
  }
  keys.forEach((key, at) => {
    if (!kept.has(key)) kept.set(key, make(key));
    const { node } = kept.get(key);
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
  });
}

let announced = "";

/** Say something to a screen reader, once. */
export function announce(text) {
  if (text !== announced) byId("announcer").textContent = announced = text;
}
