// A list to choose from above the field in which somebody types: commands, choices, suggestions.

import { make } from "./dom.js";

let count = 0;

export function openMenu(place) {
  const id = `menu-${(count += 1)}`;
  const list = make("ul", { role: "listbox", id, "aria-label": "Suggestions" });
  const title = make("p", { class: "menu-title" });
  const box = make("div", { class: "menu", hidden: true }, title, list);
  let field = null;
  let items = [];
  let active = -1;
  let pick = () => {};
  place.prepend(box);

  function mark(at) {
    active = at;
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", index === at));
    const option = list.children[at];
    if (option) {
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }

  function choose(at) {
    const item = items[at];
    hide();
    pick(item);
  }

  function option(item, at) {
    // The mouse must not take the focus from the field.
    const held = (event) => event.preventDefault();
    const attributes = { role: "option", id: `${id}-${at}`, onmousedown: held, onclick: () => choose(at) };
    return make("li", attributes, make("b", {}, item.label), item.note && make("span", {}, item.note));
  }

  function hide() {
    box.hidden = true;
    items = [];
    active = -1;
    field?.setAttribute("aria-expanded", "false");
    field?.removeAttribute("aria-activedescendant");
  }

  return {
    /**
     * Offer `items` ({label, note}) while `input` has the focus; `picked` gets the chosen one. The first is marked
     * unless `unmarked`: then Enter still belongs to the field.
     */
    show(input, heading, offered, picked, unmarked = false) {
      field = input;
      items = offered;
      pick = picked;
      title.textContent = heading;
      list.replaceChildren(...items.map(option));
      box.hidden = !heading && !items.length;
      field.setAttribute("role", "combobox");
      field.setAttribute("aria-controls", id);
      field.setAttribute("aria-expanded", String(!box.hidden));
      mark(unmarked || !items.length ? -1 : 0);
    },
    hide,
    /** Let the menu have a key first. Returns whether it used it. */
    key(event) {
      if (box.hidden) return false;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && items.length) mark((Math.max(active, step < 0 ? 0 : -1) + step + items.length) % items.length);
      else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && active >= 0) choose(active);
      else if (event.key === "Escape") hide();
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}
