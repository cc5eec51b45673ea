// One message on Telegram: a bubble, with its keyboard below.

import { clock, face, gallery, icon, leading, make, renew } from "./dom.js";
import { draw } from "./marks.js";

const SWIPE = 56; // pixels to the left that make a reply

export function makeRow() {
  const parts = ["author", "quoted", "pictures", "text", "sign"];
  const [author, quoted, pictures, text, sign] = parts.map((name) => make("div", { class: name }));
  const bubble = make("div", { class: "bubble" }, author, quoted, pictures, text, sign);
  const around = ["gutter", "keyboard", "aside", "actions"].map((name) => make("div", { class: name }));
  return make("li", { class: "message", tabindex: "-1" }, bubble, ...around);
}

const part = (row, name) => row.querySelector(`.${name}`);

/** Make a row show a message. `does` has what its buttons do. */
export function fillRow(row, message, names, does) {
  const author = names.people[message.author];
  const own = message.author === names.you;
  row.dataset.author = message.author;
  row.classList.toggle("own", own);
  row.classList.toggle("service", Boolean(message.service));
  row.classList.toggle("sticker", Boolean(message.sticker));
  renew(part(row, "gutter"), [message.author, names.group], () => names.group && !own && face(author));
  renew(part(row, "author"), [message.author, names.group], () => names.group && !own && called(author));
  renew(part(row, "quoted"), message.reply, () => message.reply && quoted(message.reply, names, does));
  renew(part(row, "pictures"), message.pictures, () => gallery(message.pictures));
  draw(part(row, "text"), contentOf(message), names);
  renew(part(row, "sign"), [message.at, message.edited, own], () => signOf(message, own));
  renew(part(row, "keyboard"), message.buttons, () => message.buttons.map((line) => buttonLine(line, message, does)));
  renew(part(row, "aside"), message.unheard, () => message.unheard && UNHEARD);
  renew(part(row, "actions"), message.service, () => !message.service && replyButton(row, message, does));
}

const UNHEARD =
  "Parley did not get this. Privacy mode: in groups, bots only get commands with their name, and replies to them.";

function contentOf({ sticker, service, text }) {
  if (sticker) return [sticker];
  return service ? [service] : text;
}

function called(author) {
  return make("b", { "data-name": author?.name.toLowerCase() }, author?.name ?? "Somebody");
}

function quoted({ id, author, glimpse }, names, does) {
  const show = () => does.show(id);
  return make("button", { type: "button", onclick: show }, called(names.people[author]), make("span", {}, glimpse));
}

function signOf(message, own) {
  const when = new Date(1000 * message.at);
  const time = make("time", { datetime: when.toISOString(), title: when.toLocaleString() }, clock(when));
  return [message.edited && "edited ", time, own && icon("ticks")];
}

function buttonLine(line, message, does) {
  return make("div", { class: "line" }, ...line.map(({ label, id, url }) => {
    if (url) return leading(label, url);
    const press = (event) => does.press(message, id, event.currentTarget);
    return make("button", { type: "button", onclick: press }, label);
  }));
}

function replyButton(row, message, does) {
  const reply = () => does.reply(message);
  swipeable(row, reply);
  return make("button", { type: "button", "aria-label": "Reply", title: "Reply", onclick: reply }, icon("reply"));
}

/** On a touch screen, drawing a message to the left replies to it. */
function swipeable(row, reply) {
  const bubble = row.querySelector(".bubble");
  let from = null;
  row.addEventListener("pointerdown", ({ pointerType, clientX }) => {
    from = pointerType === "touch" ? clientX : null;
  });
  row.addEventListener("pointermove", ({ clientX }) => {
    if (from !== null) bubble.style.translate = `${Math.max(-SWIPE, Math.min(0, clientX - from))}px`;
  });
  const end = ({ type, clientX }) => {
    if (from !== null && type === "pointerup" && from - clientX >= SWIPE) reply();
    from = null;
    bubble.style.translate = "";
  };
  row.addEventListener("pointerup", end);
  row.addEventListener("pointercancel", end);
}

/** Of messages of one author in a row, the last has the picture and the first the name. */
export function arrange(list) {
  let before = null;
  for (const row of list.querySelectorAll(":scope > .message")) {
    const same = before?.dataset.author === row.dataset.author && !before.classList.contains("service");
    row.classList.toggle("follows", same);
    before?.classList.toggle("leads", same);
    before = row;
  }
  before?.classList.remove("leads");
}
