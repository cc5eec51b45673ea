// One message on Discord.

import { clock, face, gallery, icon, leading, make, renew } from "./dom.js";
import { draw } from "./marks.js";

const TOGETHER = 7 * 60_000; // milliseconds within which messages of one author need only one head

const STYLES = { 1: "primary", 2: "grey", 3: "success", 4: "danger" };

export function makeRow() {
  const parts = ["lead", "gutter", "head", "text", "edited", "pictures", "buttons", "foot", "actions"];
  const [lead, gutter, head, text, edited, pictures, buttons, foot, actions] = parts.map((name) => make("div", { class: name }));
  const words = make("div", { class: "words" }, text, edited);
  const row = make("li", { class: "message", tabindex: "-1" }, lead, gutter);
  row.append(make("div", { class: "body" }, head, words, pictures, buttons, foot), actions);
  return row;
}

const part = (row, name) => row.querySelector(`.${name}`);

/** Make a row show a message. `does` has what its buttons do. */
export function fillRow(row, message, names, does) {
  const author = names.people[message.author];
  row.dataset.author = message.author;
  row.dataset.at = message.at;
  row.classList.toggle("only-you", message.only_you);
  row.classList.toggle("system", message.system);
  renew(part(row, "lead"), [message.reply, message.command], () => lead(message, names, does));
  renew(part(row, "gutter"), message.author, () => face(author));
  renew(part(row, "head"), [message.author, message.at], () => head(author, message));
  fillText(row, message, names);
  renew(part(row, "edited"), message.edited, () => message.edited && "(edited)");
  renew(part(row, "pictures"), message.pictures, () => gallery(message.pictures));
  renew(part(row, "buttons"), message.buttons, () => message.buttons.map((line) => buttonLine(line, message, does)));
  renew(part(row, "foot"), message.only_you, () => message.only_you && footOf(message, does));
  renew(part(row, "actions"), [message.system, message.only_you, does.threads], () => actions(message, does));
}

function fillText(row, message, names) {
  const text = part(row, "text");
  text.classList.toggle("thinking", message.thinking);
  const thinking = `${names.people[message.author]?.name} is thinking…`;
  draw(text, message.thinking ? [thinking] : message.text, names);
}

function lead({ reply, command }, names, does) {
  if (reply) {
    const { id, author, glimpse } = reply;
    if (!id) return make("p", { class: "spoke" }, "The original message was deleted");
    const who = names.people[author];
    const show = { type: "button", onclick: () => does.show(id) };
    const jump = make("button", show, glimpse || "Press to see the message");
    return make("p", { class: "spoke" }, face(who), make("b", {}, `@${who?.name}`), jump);
  }
  if (!command) return null;
  const who = names.people[command.by];
  const used = make("span", { class: "used" }, `/${command.name}`);
  return make("p", { class: "spoke" }, face(who), make("b", {}, who?.name), " used ", used);
}

function head(author, message) {
  const when = new Date(message.at);
  return [
    make("b", { class: "name", "data-name": author?.name.toLowerCase() }, author?.name ?? "Somebody"),
    author?.bot && make("span", { class: "tag" }, "BOT"),
    make("time", { datetime: message.at, title: when.toLocaleString() }, clock(when)),
  ];
}

function buttonLine(line, message, does) {
  return make("div", { class: "line" }, ...line.map((button) => pressable(button, message, does)));
}

function pressable({ label, id, url, style, disabled }, message, does) {
  if (url) return leading(label, url);
  const press = (event) => does.press(message, id, event.currentTarget);
  return make("button", { type: "button", class: STYLES[style] ?? "grey", disabled, onclick: press }, label);
}

function footOf(message, does) {
  const dismiss = make("button", { type: "button", onclick: () => does.dismiss(message) }, "Dismiss message");
  return make("p", {}, "Only you can see this · ", dismiss);
}

function actions(message, does) {
  if (message.system || message.only_you) return [];
  return [
    action("Reply", "reply", () => does.reply(message)),
    does.threads && action("Open a thread", "thread", () => does.thread(message)),
  ];
}

function action(label, sign, onclick) {
  return make("button", { type: "button", "aria-label": label, title: label, onclick }, icon(sign));
}

/** Messages of one author that follow each other closely share one head. */
export function arrange(list) {
  let before = null;
  for (const row of list.querySelectorAll(":scope > .message")) {
    const same = before && before.dataset.author === row.dataset.author && !before.classList.contains("system");
    const soon = before && Date.parse(row.dataset.at) - Date.parse(before.dataset.at) < TOGETHER;
    row.classList.toggle("follows", Boolean(same && soon && !row.querySelector(".lead").hasChildNodes()));
    before = row;
  }
}
