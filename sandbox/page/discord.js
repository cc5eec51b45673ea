// The Discord pane: channels on the left, one of them open, as one of two people.

import { icon, make, renew } from "./dom.js";
import { arrange, fillRow, makeRow } from "./discord-message.js";
import { openCompose } from "./discord-compose.js";
import { announce, openLog } from "./log.js";

/** `ask` does things in the simulator; `noticed` is called when something new is in this pane. */
export function openDiscord(root, ask, noticed) {
  const find = (selector) => root.querySelector(selector);
  const list = find(".log");
  const log = openLog(list, find(".jump"));
  const messages = new Map();
  const unseen = new Set();
  const names = { people: {}, channels: new Map() };
  let who = "alice";
  let you = "";
  let bot = "";
  let open = "";
  let replyTo = null;
  let commands = []; // those that one is offered where one is
  let awaited = ""; // a thread that was asked for and has not appeared yet

  const here = (fields) => ({ who, channel: open, ...fields });
  const isDm = () => names.channels.get(open)?.kind === "dm";

  const compose = openCompose(find(".compose"), {
    commands: () => commands,
    suggest: (command, option, text, options) =>
      ask("discord.suggest", here({ command: command.name, option: option.name, text, options })),
    slash: (command, options) => ask("discord.slash", here({ command: command.name, options })),
    say: (words, mention) =>
      ask("discord.say", here({ text: mention ? `<@${bot}> ${words}` : words, reply_to: replyTo?.id ?? null })),
    unreply: () => reply(null),
  });

  const does = {
    get threads() {
      return names.channels.get(open)?.kind === "channel";
    },
    show: (id) => log.show(id),
    reply: (message) => reply(message),
    async press(message, button, pressed) {
      pressed.dataset.pending = "";
      const problem = await ask("discord.press", here({ message: message.id, button })).catch((error) => error);
      if (problem instanceof Error) failed(message.id, problem.message);
    },
    dismiss: (message) => ask("discord.dismiss", here({ message: message.id })).catch(() => {}),
    async thread(message) {
      const words = log.get(message.id).querySelector(".text").textContent.replace(/\s+/g, " ").trim();
      const name = words.replace("@Parley", "").trim().slice(0, 40) || "A thread";
      const made = await ask("discord.thread", here({ message: message.id, name })).catch((error) => error);
      if (made instanceof Error) failed(message.id, made.message);
      else if (names.channels.has(made)) enter(made);
      else awaited = made;
    },
  };

  function reply(message) {
    replyTo = message;
    compose.reply(message && names.people[message.author]);
  }

  // What happens.

  const hears = {
    screen(screen) {
      ({ you, bot, people: names.people } = screen);
      names.channels = new Map(screen.channels.map((channel) => [channel.id, channel]));
      messages.clear();
      for (const message of screen.messages) messages.set(message.id, message);
      find(".guild").textContent = screen.guild;
      enter(names.channels.has(open) ? open : screen.channels[0].id);
    },
    message({ message }) {
      const known = messages.has(message.id);
      messages.set(message.id, message);
      if (message.channel === open) {
        show(message);
        settle();
        if (!known && message.author === you) log.toEnd();
        announce(message.id, names.people[message.author]?.name, log.get(message.id).querySelector(".text"));
      } else if (!known) {
        unseen.add(message.channel);
        listChannels();
      }
      if (!known && message.author !== you) noticed();
    },
    removed({ id }) {
      messages.delete(id);
      log.remove(id);
      settle();
    },
    channel({ channel }) {
      names.channels.set(channel.id, channel);
      if (channel.id === awaited) enter(awaited);
      else listChannels();
    },
    channel_removed({ id }) {
      names.channels.delete(id);
      if (open === id) enter(names.channels.keys().next().value);
      else listChannels();
    },
    commands: () => learnCommands(),
    asked({ id, channel, by, command, message, state, note }) {
      if (channel !== open || by !== you) return;
      if (message) pressed(message, state, note);
      else sent(id, command, state, note);
      log.changed();
    },
  };

  async function learnCommands() {
    const place = open;
    const known = await ask("discord.commands", here()).catch(() => []);
    if (open === place) commands = known;
  }

  /** A slash command on its way, and what became of it when nobody answered. */
  function sent(id, command, state, note) {
    if (state === "answered") {
      log.remove(`asked-${id}`);
      return;
    }
    const row = log.row(`asked-${id}`, () => make("li", { class: "sent" }));
    row.classList.toggle("failed", state === "failed");
    row.textContent = state === "failed" ? `/${command}: ${note}` : `Sending /${command}…`;
  }

  function pressed(message, state, note) {
    if (state === "pending") return;
    for (const button of log.get(message)?.querySelectorAll("[data-pending]") ?? []) delete button.dataset.pending;
    if (state === "failed") failed(message, note);
  }

  function failed(message, note) {
    const foot = log.get(message)?.querySelector(".foot");
    if (foot) renew(foot, note, () => make("p", { class: "failed", role: "alert" }, note));
    log.changed();
  }

  // What is shown.

  function show(message) {
    const row = log.row(message.id, makeRow);
    fillRow(row, message, names, does);
    row.classList.toggle("unheard", isUnheard(message));
  }

  /** Nobody answers what is not addressed to the bot; the page says so below it. */
  function isUnheard(message) {
    const spoken = !names.people[message.author]?.bot && !message.system && !message.command;
    return spoken && !isDm() && !message.mentions.includes(bot) && message.reply?.author !== bot;
  }

  function settle() {
    arrange(list);
    list.classList.toggle("empty", !list.querySelector(".message"));
    log.changed();
  }

  function enter(id) {
    open = id;
    unseen.delete(id);
    log.clear();
    list.append(welcome());
    for (const message of messages.values()) if (message.channel === open) show(message);
    settle();
    log.toEnd();
    reply(null);
    renew(find(".title"), [open, titleOf(open)], () => [icon(signOf(open)), titleOf(open)]);
    compose.place(`${signOf(open) === "hash" ? "#" : ""}${titleOf(open)}`, !isDm());
    listChannels();
    learnCommands();
  }

  const titleOf = (id) => (names.channels.get(id)?.kind === "dm" ? "Parley" : names.channels.get(id)?.name);
  const signOf = (id) => ({ dm: "owl", thread: "thread" })[names.channels.get(id)?.kind] ?? "hash";

  function welcome() {
    const { kind } = names.channels.get(open);
    const title = kind === "channel" ? `Welcome to #${titleOf(open)}` : titleOf(open);
    const about = {
      channel: "Mention Parley or reply to it, and it answers. Type / for its commands. Point at a message for more.",
      thread: "A thread has a conversation of its own. Mention Parley here as well.",
      dm: "Your private conversation with Parley. Here it hears every word.",
    }[kind];
    const sign = make("span", { class: "mark" }, icon(signOf(open)));
    return make("li", { class: "welcome" }, sign, make("h4", {}, title), make("p", {}, about));
  }

  function listChannels() {
    const all = [...names.channels.values()];
    const key = [open, all, [...unseen], who];
    renew(find(".channels"), key, () => [
      make("h4", {}, "Text channels"),
      ...all.filter(({ kind }) => kind === "channel").flatMap((channel) => [
        entry(channel),
        ...all.filter(({ kind, parent }) => kind === "thread" && parent === channel.id).map(entry),
      ]),
      make("h4", {}, "Direct messages"),
      ...all.filter(({ kind }) => kind === "dm").map(entry),
    ]);
  }

  function entry({ id, kind }) {
    const attributes = {
      type: "button",
      class: `channel ${kind}`,
      "aria-current": id === open && "true",
      "data-unseen": unseen.has(id),
      onclick: () => enter(id),
    };
    return make("button", attributes, icon(signOf(id)), make("span", {}, titleOf(id)));
  }

  return {
    hear: (event) => hears[event.event]?.(event),
    /** Be somebody else. */
    become(person) {
      who = person;
      ask("look", { who }).catch(() => {});
    },
    get who() {
      return who;
    },
    put: compose.put,
    focus: compose.focus,
    /** Begin a reply to the oldest answer here. Returns whether there is one. */
    replyToOlder(words) {
      const mine = ({ channel, author, only_you: aside }) => channel === open && author === bot && !aside;
      const answer = [...messages.values()].find(mine);
      if (!answer) return false;
      reply(answer);
      log.show(answer.id);
      compose.put(words);
      return true;
    },
  };
}
