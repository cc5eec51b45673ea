// Filling in a slash command: its options as fields, with choices and live suggestions.

import { make } from "./dom.js";

const PATIENCE = 80; // milliseconds without a keystroke before suggestions are asked for

/**
 * `place` holds the fields while a command is filled in. `suggest(command, option, text, given)` promises suggestions;
 * `ended` is called when the command is left.
 */
export function openSlash(place, menu, suggest, ended) {
  let command = null;
  let timer = 0;

  const fields = () => [...place.querySelectorAll("input")];
  const named = (name) => command.options.find((option) => option.name === name);

  /** What was filled in, by option. */
  function given() {
    const filled = fields().filter((field) => field.value);
    return Object.fromEntries(filled.map((field) => [field.name, field.dataset.value ?? field.value]));
  }

  function begin(chosen, typed = "") {
    command = chosen;
    const required = command.options.filter((option) => option.required);
    const first = required.length ? required : command.options.slice(0, 1);
    place.replaceChildren(make("span", { class: "name" }, `/${command.name}`), ...first.map(field), ...more(first));
    place.hidden = false;
    const [input] = fields();
    if (input) input.value = typed;
    (input ?? place).focus();
  }

  function more(shown) {
    const left = command.options.filter((option) => !shown.includes(option));
    const button = { type: "button", class: "more" };
    return left.map((option) => make("button", { ...button, onclick: add(option) }, `+ ${option.name}`));
  }

  const add = (option) => (event) => {
    const made = field(option);
    event.currentTarget.replaceWith(made);
    made.querySelector("input").focus();
  };

  function field(option) {
    const input = make("input", {
      name: option.name,
      maxlength: option.longest,
      placeholder: option.required ? "" : "optional",
      "aria-label": `${option.name}: ${option.description}`,
      "aria-required": String(option.required),
      oninput: () => typed(input),
      onfocus: () => offer(input),
      onblur: () => menu.hide(),
    });
    return make("label", { class: "option" }, make("span", {}, option.name), input);
  }

  function typed(input) {
    delete input.dataset.value;
    input.removeAttribute("aria-invalid");
    offer(input);
  }

  function offer(input) {
    const option = named(input.name);
    clearTimeout(timer);
    if (option.suggests) timer = setTimeout(() => ask(input, option), input.value ? PATIENCE : 0);
    else present(input, option, option.choices.filter(fits(input.value)));
  }

  const fits = (text) => (choice) => choice.name.toLowerCase().includes(text.toLowerCase());

  async function ask(input, option) {
    const text = input.value;
    const others = given();
    delete others[option.name];
    const found = await suggest(command, option, text, others).catch((error) => error);
    if (document.activeElement !== input || input.value !== text) return;
    if (found instanceof Error) menu.show(input, found.message, [], () => {});
    else present(input, option, found);
  }

  function present(input, option, choices) {
    const items = choices.map((choice) => ({ label: choice.name, value: choice.value }));
    const heading = `${option.name}: ${option.description}`;
    menu.show(input, heading, items, (item) => take(input, item), !input.value);
  }

  function take(input, item) {
    input.value = item.label;
    input.dataset.value = item.value;
    input.removeAttribute("aria-invalid");
  }

  function leave() {
    clearTimeout(timer);
    command = null;
    place.hidden = true;
    place.replaceChildren();
    menu.hide();
    ended();
  }

  place.addEventListener("keydown", (event) => {
    if (menu.key(event)) return;
    const empty = !fields().some((field) => field.value);
    if (event.key === "Escape" || (event.key === "Backspace" && empty)) {
      event.preventDefault();
      leave();
    } else if (event.key === "Enter") {
      event.preventDefault();
      place.closest("form").requestSubmit();
    }
  });

  return {
    begin,
    leave,
    get command() {
      return command;
    },
    given,
    /** Show what is still missing. Returns whether nothing is. */
    complete() {
      const missing = fields().find((field) => named(field.name).required && !field.value.trim());
      missing?.setAttribute("aria-invalid", "true");
      missing?.focus();
      return !missing;
    },
  };
}
