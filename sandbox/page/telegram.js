// A Telegram pane: one chat, as one of two people.

import { face, make, renew } from "./dom.js";
import { announce, openLog } from "./log.js";
import { openCompose } from "./telegram-compose.js";
import { arrange, fillRow, makeRow } from "./telegram-message.js";

const TOAST = 3500; // milliseconds that a notification stays

/** `group` says whether this pane shows groups, or the private chat of who one is. */
export function openTelegram(root, group, ask, noticed) {
  root.append(document.getElementById("telegram").content.cloneNode(true));
  const find = (selector) => root.querySelector(selector);
  const list = find(".log");
  find("h2").textContent = group ? "Telegram · a group" : "Telegram · private";
  list.setAttribute("aria-label", group ? "Messages in the Telegram group" : "Messages in the private Telegram chat");
  const log = openLog(list, find(".jump"));
  const names = { people: {}, channels: new Map(), you: "", group };
  let messages = new Map();
  let chats = [];
  let bot = null;
  let who = "alice";
  let place = { chat: "", topic: 0, name: "" };
  let commands = []; // those that one is offered where one is
  let replyTo = null;
  let timer = 0;

  const here = (fields) => ({ who, chat: place.chat, ...fields });
  const compose = openCompose(
    find(".compose"),
    {
      commands: () => commands,
      say: (text) => ask("telegram.say", here({ topic: place.topic, text, reply_to: replyTo?.id ?? 0 })),
      sticker: (emoji) => ask("telegram.sticker", here({ topic: place.topic, emoji })),
      unreply: () => reply(null),
    },
    () => (group ? (bot?.username ?? "") : ""),
  );

  const does = {
    show: (id) => log.show(id),
    reply: (message) => reply(message),
    async press(message, button, pressed) {
      pressed.dataset.pending = "";
      const pressing = ask("telegram.press", here({ message: message.id, button }));
      const shown = await pressing.catch((error) => ({ text: error.message }));
      delete pressed.dataset.pending;
      if (shown?.text) toast(shown.text);
    },
  };

  function reply(message) {
    replyTo = message;
    const words = message && log.get(message.id).querySelector(".text").textContent;
    compose.reply(message && names.people[message.author], words);
  }

  function toast(text) {
    const box = find(".toast");
    clearTimeout(timer);
    box.textContent = text;
    box.hidden = false;
    timer = setTimeout(() => {
      box.hidden = true;
    }, TOAST);
  }

  const isHere = ({ chat, topic }) => chat === place.chat && topic === place.topic;

  const hears = {
    screen(screen) {
      ({ bot, chats, people: names.people } = screen);
      messages = new Map(screen.messages.map((message) => [`${message.chat}/${message.id}`, message]));
      const known = places().find(({ chat, topic }) => chat === place.chat && topic === place.topic);
      enter(known ?? places()[0]);
    },
    message({ message }) {
      const key = `${message.chat}/${message.id}`;
      const known = messages.has(key);
      messages.set(key, message);
      if (!isHere(message)) return;
      show(message);
      settle();
      announce(key, names.people[message.author]?.name, log.get(message.id).querySelector(".text"));
      if (!known && message.author === names.you) log.toEnd();
      else if (!known) noticed();
    },
    commands: () => learnCommands(),
    removed({ chat, id }) {
      messages.delete(`${chat}/${id}`);
      if (chat === place.chat) log.remove(id);
      settle();
    },
  };

  async function learnCommands() {
    const { chat } = place;
    const known = await ask("telegram.commands", here()).catch(() => []);
    if (place.chat === chat) commands = known;
  }

  const person = () => Object.values(names.people).find(({ name }) => name.toLowerCase() === who);

  /** What this pane can show: the private chat, or the groups and the topics in them. */
  function places() {
    if (!group) return [{ chat: person().id, topic: 0, name: bot.name }];
    return chats.filter((chat) => !chat.private).flatMap(({ id, title, topics }) =>
      topics.length
        ? topics.map((topic) => ({ chat: id, topic: topic.id, name: `${title}: ${topic.name}` }))
        : [{ chat: id, topic: 0, name: title }],
    );
  }

  function enter(next) {
    place = next;
    names.you = person().id;
    log.clear();
    list.append(welcome());
    for (const message of messages.values()) if (isHere(message)) show(message);
    settle();
    log.toEnd();
    reply(null);
    head();
    compose.place();
    learnCommands();
  }

  function head() {
    const chat = chats.find(({ id }) => id === place.chat);
    const members = chat.members.map((id) => names.people[id]?.name).join(", ");
    renew(find(".face"), place, () => (group ? make("span", { class: "avatar group" }, "🦉") : face(bot)));
    find(".title").textContent = place.name;
    find(".members").textContent = group ? members : "bot";
    find(".places").hidden = !group;
    renew(find(".places"), [places(), place], () => places().map(entry));
  }

  function entry(one) {
    const current = one.chat === place.chat && one.topic === place.topic;
    return make("button", { type: "button", "aria-current": current && "true", onclick: () => enter(one) }, one.name);
  }

  function welcome() {
    const start = () => ask("telegram.say", here({ text: "/start" })).catch(() => {});
    const about = group
      ? "Alice and Bob share this conversation with Parley. Ask with /ask, or reply to one of its messages."
      : "What can this bot do? Press Start, or just write.";
    const button = !group && make("button", { type: "button", class: "start", onclick: start }, "Start");
    return make("li", { class: "welcome" }, make("p", {}, about), button);
  }

  function show(message) {
    fillRow(log.row(message.id, makeRow), message, names, does);
  }

  function settle() {
    arrange(list);
    list.classList.toggle("empty", !list.querySelector(".message"));
    log.changed();
  }

  return {
    hear: (event) => hears[event.event]?.(event),
    become(person) {
      who = person;
      if (bot) enter(group ? place : places()[0]);
    },
    put: (words) => compose.put(words.startsWith("/") && group ? `${words}@${bot.username}` : words),
    replyToOlder(words) {
      const answer = [...messages.values()].find((message) => isHere(message) && message.author === bot.id);
      if (!answer) return false;
      reply(answer);
      log.show(answer.id);
      compose.put(words);
      return true;
    },
  };
}
