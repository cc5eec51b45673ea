// Where one writes on Discord: a line of text, or a slash command.

import { icon, make } from "./dom.js";
import { openMenu } from "./menu.js";
import { openSlash } from "./discord-slash.js";

/**
 * `does` has `commands()`, a list; `suggest(...)`, `say(text, mentions)`, `slash(command, options)`, promises; and
 * `unreply()`.
 */
export function openCompose(form, does) {
  const menu = openMenu(form);
  const note = make("p", { class: "note", role: "alert", hidden: true });
  const replying = make("div", { class: "replying", hidden: true });
  const text = make("textarea", { rows: "1", maxlength: "2000", "aria-label": "Message" });
  const filling = make("div", { class: "filling", tabindex: "-1", hidden: true });
  const flip = () => toggle.setAttribute("aria-pressed", toggle.getAttribute("aria-pressed") !== "true");
  const title = "Mention Parley: in a channel it only listens when it is mentioned, or replied to";
  const mention = { type: "button", class: "mention", title, "aria-pressed": "true", onclick: flip };
  const toggle = make("button", mention, "@Parley");
  const send = make("button", { type: "submit", class: "send", "aria-label": "Send" }, icon("send"));
  form.append(note, replying, make("div", { class: "line" }, toggle, text, filling, send));

  const slash = openSlash(filling, menu, does.suggest, () => {
    text.hidden = false;
    toggle.hidden = !mentioned;
    text.focus();
  });
  let mentioned = true;
  let moot = false; // a reply to the bot needs no mention

  const say = (problem) => {
    note.textContent = problem;
    note.hidden = !problem;
  };

  function begin(command, typed) {
    text.value = "";
    text.hidden = true;
    toggle.hidden = true;
    slash.begin(command, typed);
  }

  /** While the text begins like a command, offer those that fit; a name and a space take one. */
  function lookUp() {
    if (!text.value.startsWith("/") || text.value.includes("\n")) {
      menu.hide();
      return;
    }
    const typed = text.value.slice(1);
    const exact = does.commands().find(({ name }) => typed.startsWith(`${name} `));
    if (exact) {
      begin(exact, typed.slice(exact.name.length + 1));
      return;
    }
    const fitting = does.commands().filter(({ name }) => name.startsWith(typed.toLowerCase()));
    const items = fitting.map((command) => ({ label: `/${command.name}`, note: command.description, command }));
    const heading = items.length ? "Commands of Parley" : "Parley has no such command";
    menu.show(text, heading, items, ({ command }) => begin(command));
  }

  async function submit() {
    say("");
    try {
      if (slash.command) {
        if (!slash.complete()) return;
        const { command } = slash;
        const given = slash.given();
        slash.leave();
        await does.slash(command, given);
      } else if (text.value.trim()) {
        await speak(text.value);
      }
    } catch (error) {
      say(error.message);
    }
  }

  async function speak(words) {
    text.value = "";
    try {
      await does.say(words, mentioned && !moot && toggle.getAttribute("aria-pressed") === "true");
      does.unreply();
    } catch (error) {
      text.value ||= words;
      throw error;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  text.addEventListener("input", lookUp);
  text.addEventListener("blur", () => menu.hide());
  text.addEventListener("keydown", (event) => {
    if (menu.key(event)) return;
    if (event.key === "Escape") does.unreply();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });

  return {
    /** Put a text into the line, as if it had been typed. */
    put(words) {
      if (slash.command) slash.leave();
      text.value = words;
      text.focus();
      lookUp();
    },
    focus: () => text.focus(),
    place(name, needsMention) {
      if (slash.command) slash.leave();
      mentioned = needsMention;
      toggle.hidden = !mentioned;
      text.placeholder = `Message ${name}`;
      say("");
    },
    /** Show to whom the next message replies; null for nobody. */
    reply(author) {
      moot = Boolean(author?.bot);
      replying.hidden = !author;
      toggle.classList.toggle("moot", moot);
      if (!author) return;
      const leave = { type: "button", "aria-label": "Do not reply", onclick: does.unreply };
      const cancel = make("button", leave, icon("close"));
      replying.replaceChildren(make("span", {}, "Replying to ", make("b", {}, author.name)), cancel);
      text.focus();
    },
  };
}
