// Where one writes on Telegram.

import { icon, make } from "./dom.js";
import { openMenu } from "./menu.js";

const STICKERS = { "🦉": "An owl", "🌙": "A moon" };

function button(label, sign, onclick) {
  return make("button", { type: "button", "aria-label": label, title: label, onclick }, sign);
}

/**
 * `does` has `commands()`, a list; `say(text)`, `sticker(emoji)`, promises; `unreply()`. `bot()` is the bot's username
 * for a group, where commands carry it, and "" in a private chat.
 */
export function openCompose(form, does, bot) {
  const menu = openMenu(form);
  const note = make("p", { class: "note", role: "alert", hidden: true });
  const replying = make("div", { class: "replying", hidden: true });
  const text = make("textarea", { rows: "1", maxlength: "4096", placeholder: "Message", "aria-label": "Message" });
  const open = button("Commands", "/", () => put("/"));
  const stickers = make("div", { class: "stickers", hidden: true }, ...Object.entries(STICKERS).map(stickerButton));
  const show = () => {
    stickers.hidden = !stickers.hidden;
    if (!stickers.hidden) stickers.querySelector("button").focus();
  };
  const pack = button("Stickers", icon("sticker"), show);
  const send = make("button", { type: "submit", class: "send", "aria-label": "Send" }, icon("send"));
  const asks = make("input", { type: "checkbox", checked: true });
  const privacy = make("label", { class: "privacy", hidden: true }, asks, make("span", {}));
  let moot = false; // a reply to the bot reaches it anyhow
  open.className = "slash";
  form.append(stickers, note, privacy, replying, make("div", { class: "line" }, open, text, pack, send));

  function stickerButton([emoji, label]) {
    const pick = () => {
      stickers.hidden = true;
      attempt(() => does.sticker(emoji));
      text.focus();
    };
    return make("button", { type: "button", "aria-label": label, onclick: pick }, emoji);
  }

  async function attempt(act) {
    note.hidden = true;
    try {
      await act();
      return true;
    } catch (error) {
      note.textContent = error.message;
      note.hidden = false;
      return false;
    }
  }

  function lookUp() {
    if (!/^\/\w*$/.test(text.value)) {
      menu.hide();
      return;
    }
    const fitting = does.commands().filter(({ name }) => name.startsWith(text.value.slice(1).toLowerCase()));
    const items = fitting.map(({ name, description }) => ({ label: `/${name}`, note: description }));
    menu.show(text, "", items, ({ label }) => {
      text.value = `${label}${bot() && `@${bot()}`} `;
    });
  }

  /** In a group, a question as /ask@bot, and a command with the bot's name, as Telegram's own menu sends it. */
  function addressed(words) {
    if (!bot() || !asks.checked || moot) return words;
    const command = /^\/\w{1,64}(@\w+)?(?!\S)/.exec(words);
    if (!command) return `/ask@${bot()} ${words}`;
    return command[1] ? words : words.replace(command[0], `${command[0]}@${bot()}`);
  }

  async function submit() {
    const words = text.value.trim();
    if (!words) return;
    text.value = "";
    if (await attempt(() => does.say(addressed(words)))) does.unreply();
    else text.value ||= words;
  }

  function put(words) {
    text.value = words;
    text.focus();
    lookUp();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  stickers.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    stickers.hidden = true;
    pack.focus();
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
    put,
    /** In a group, offer to send everything as a question. */
    place() {
      privacy.hidden = !bot();
      privacy.lastChild.textContent = `Send as /ask@${bot()}, and commands with @${bot()}: privacy mode keeps the rest from bots`;
    },
    reply(author, glimpse) {
      moot = Boolean(author?.bot);
      privacy.classList.toggle("moot", moot);
      replying.hidden = !author;
      if (!author) return;
      const cancel = button("Do not reply", icon("close"), does.unreply);
      replying.replaceChildren(icon("reply"), make("span", {}, make("b", {}, author.name), glimpse), cancel);
      text.focus();
    },
  };
}
