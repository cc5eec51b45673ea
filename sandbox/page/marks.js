// Draws the tree of a message (see nodes.py): one known element for each known mark, and text as text.

import { icon, make } from "./dom.js";

const ELEMENTS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strike: "s",
  code: "code",
  pre: "div",
  quote: "blockquote",
  h1: "h4",
  h2: "h5",
  h3: "h6",
  subtext: "small",
  ul: "ul",
  ol: "ol",
  li: "li",
  link: "a",
  time: "time",
};

/** What stands for something that only the page knows by name. */
const NAMED = {
  user: (id, names) => `@${names.people[id]?.name ?? "somebody"}`,
  channel: (id, names) => `#${names.channels.get(id)?.name ?? "somewhere"}`,
  time: (detail) => new Date(1000 * detail.split(":")[0]).toLocaleString(),
};

/**
 * Make `place` show the tree. What is there already stays if it still fits, so that an answer can grow without a
 * flicker, and without disturbing what somebody selects or reads in it.
 */
export function draw(place, nodes, names) {
  nodes.forEach((node, at) => {
    const old = place.childNodes[at];
    if (typeof node === "string") write(place, old, node);
    else drawMark(place, old, node, names);
  });
  while (place.childNodes.length > nodes.length) place.lastChild.remove();
}

function write(place, old, text) {
  if (old?.nodeType !== Node.TEXT_NODE) put(place, old, document.createTextNode(text));
  else if (text.startsWith(old.data)) old.appendData(text.slice(old.data.length));
  else old.data = text;
}

function drawMark(place, old, mark, names) {
  const detail = mark.detail ?? "";
  const fits = old?.dataset?.mark === mark.kind && old.dataset.detail === detail;
  const element = fits ? old : put(place, old, begin(mark.kind, detail));
  const named = NAMED[mark.kind]?.(detail, names);
  draw(element.querySelector(":scope > pre > code") ?? element, named ? [named] : mark.inside, names);
}

function put(place, old, made) {
  if (old) old.replaceWith(made);
  else place.append(made);
  return made;
}

function begin(kind, detail) {
  const element = make(ELEMENTS[kind] ?? "span", { "data-mark": kind, "data-detail": detail });
  if (kind === "pre") element.append(...codeBlock(detail));
  if (kind === "link") lead(element, detail);
  if (kind === "ol") element.setAttribute("start", detail);
  if (kind === "spoiler") cover(element);
  return element;
}

function codeBlock(language) {
  const code = make("code");
  const onclick = (event) => {
    navigator.clipboard.writeText(code.textContent);
    event.currentTarget.dataset.done = "";
  };
  const copy = make("button", { type: "button", class: "copy", "aria-label": "Copy the code", onclick }, icon("copy"));
  return [make("span", { class: "language" }, language), copy, make("pre", { tabindex: "0" }, code)];
}

/** Only to the web: a `javascript:` address would be a way in. */
function lead(element, address) {
  if (!/^https?:\/\//i.test(address)) return;
  element.setAttribute("href", address);
  element.setAttribute("target", "_blank");
  element.setAttribute("rel", "noopener noreferrer nofollow");
}

function cover(element) {
  const covered = { role: "button", tabindex: "0", "aria-label": "Spoiler: press to read" };
  for (const [name, value] of Object.entries(covered)) element.setAttribute(name, value);
  const open = (event) => {
    if (event.type === "keydown" && event.key !== "Enter") return;
    for (const name of Object.keys(covered)) element.removeAttribute(name);
    element.dataset.open = "";
  };
  element.addEventListener("click", open);
  element.addEventListener("keydown", open);
}
