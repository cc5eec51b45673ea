// Making elements. Text goes in as text: nothing on this page ever reads HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Attributes beginning with "on" are listeners; false, null and undefined leave one out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A round picture: an owl for the bot, the first letter for people. */
export function face(person) {
  const drawn = person?.bot ? icon("owl") : (person?.name ?? "?").slice(0, 1);
  return make("span", { class: "avatar", "data-name": person?.name?.toLowerCase(), "aria-hidden": "true" }, drawn);
}

/** Pictures of a message, each with its words for those who cannot see it. */
export function gallery(pictures) {
  return pictures.map(({ src, alt, width, height }) => make("img", { src, alt, width, height }));
}

/** A button that leads to another page, if its address is one of the web. */
export function leading(label, url) {
  const safe = /^https?:/i.test(url) ? url : null;
  return make("a", { class: "leading", href: safe, target: "_blank", rel: "noopener noreferrer nofollow" }, `${label} ↗`);
}

export function clock(when) {
  return when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** Replace what is in an element, but only when `key` differs from the last time: what is there may have the focus. */
export function renew(element, key, build) {
  const wanted = JSON.stringify(key);
  if (element.shown === wanted) return;
  element.shown = wanted;
  element.replaceChildren(...[build()].flat().filter(Boolean));
}
