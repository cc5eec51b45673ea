// Things to try: each puts a text into the pane that was used last.

import { make } from "./dom.js";

const READY = "Pick one, then press Enter. It goes to the pane you used last.";

const FOR_ANY = [
  {
    label: "A table",
    text: "Show me a table of owls",
    hint: "Tables that are too wide for a chat become lists.",
  },
  {
    label: "Code",
    text: "Show me some code",
    hint: "Fences keep their language, and their lines stay aligned.",
  },
  {
    label: "A very long answer",
    text: "Tell me a long story about owls",
    hint: "Nothing is cut off: it goes on in further messages, tables and code included.",
  },
  {
    label: "Remember my name",
    text: ["My name is Ada", "What is my name?"],
    hint: "Send it, then press this once more.",
  },
  {
    label: "Reply to an older answer",
    text: "Tell me a joke instead",
    older: true,
    hint: "The conversation branches there: what came later is not heard.",
  },
  {
    label: "/help",
    text: "/help",
    hint: "Or type / alone, and choose with the arrow keys.",
  },
];

const FOR_THE_DEMO = [
  {
    label: "A slow one, to stop",
    text: "Give me a slow answer about owls",
    hint: "Press Stop below it while it is being written, then Continue.",
  },
  {
    label: "An error",
    text: "Show me an error",
    hint: "This model fails whenever it hears that word. Below the sentence is a way on.",
  },
];

/** `pane()` is the one that was used last. */
export function showSuggestions(place, hint, demo, pane) {
  const all = demo ? [...FOR_ANY.slice(0, 3), ...FOR_THE_DEMO, ...FOR_ANY.slice(3)] : FOR_ANY;
  hint.textContent = READY;
  const chip = (one) => make("button", { type: "button", onclick: use(one, hint, pane) }, one.label);
  place.replaceChildren(...all.map(chip));
}

function use({ text, hint: said, older }, hint, pane) {
  let times = 0;
  return () => {
    const words = Array.isArray(text) ? text[times % text.length] : text;
    times += 1;
    hint.textContent = said;
    if (!older) pane().put(words);
    else if (!pane().replyToOlder(words)) hint.textContent = "There is no answer here yet: ask something first.";
  };
}
