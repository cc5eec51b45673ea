// The page: three panes, one connection.

import { openDiscord } from "./discord.js";
import { make } from "./dom.js";
import { showSuggestions } from "./suggestions.js";
import { openTelegram } from "./telegram.js";
import { connect } from "./wire.js";

const find = (id) => document.getElementById(id);
const tabs = [...document.querySelectorAll("[role=tab]")];
const status = find("status");

const ask = connect(hear, (connected) => {
  document.body.classList.toggle("cut", !connected);
  if (!connected) say("away", "stopped: start it again and this page goes on by itself");
  else if (panes.discord.who !== "alice") panes.discord.become(panes.discord.who);
});

const panes = {
  discord: openDiscord(find("discord"), ask, () => notice("discord")),
  private: openTelegram(find("private"), false, ask, () => notice("private")),
  group: openTelegram(find("group"), true, ask, () => notice("group")),
};
let used = "discord";

function hear(message) {
  if (message.from === "about") tellAbout(message);
  if (message.from === "discord") panes.discord.hear(message);
  if (message.event === "screen") invite();
  if ("online" in message) say(...(message.online ? ["here", "running"] : ["away", "starting"]));
  if (message.from !== "telegram") return;
  panes.private.hear(message);
  panes.group.hear(message);
}

/** With a keyboard at hand, let the visitor just begin to write. */
function invite() {
  const idle = document.activeElement === document.body && used === "discord";
  if (idle && matchMedia("(hover: hover)").matches) panes.discord.focus();
}

function say(state, words) {
  status.dataset.state = state;
  status.textContent = words;
}

function tellAbout({ model, place }) {
  const local = !place || /^(localhost|127\.|\[::1\])/.test(place);
  const answers = place ? `the model ${model} at ${place}` : "a demonstration model that plays back prepared texts";
  const far = local ? "Nothing leaves this machine." : "Only what you ask goes out, to that model.";
  const runs = "The real service with its real Discord and Telegram clients, on simulated platforms";
  find("about").textContent = `${runs}, answered by ${answers}. ${far}`;
  showSuggestions(find("suggestions"), find("hint"), !place, () => panes[used]);
}

// Which pane is in use; on a narrow window it is the only one that is seen.

function choose(name) {
  used = name;
  for (const tab of tabs) {
    const chosen = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen) delete tab.dataset.news;
    find(tab.getAttribute("aria-controls")).classList.toggle("chosen", chosen);
  }
}

function notice(name) {
  const tab = find(`tab-${name}`);
  if (used !== name) tab.dataset.news = "";
}

tabs.forEach((tab, at) => {
  tab.addEventListener("click", () => choose(tab.getAttribute("aria-controls")));
  tab.addEventListener("keydown", ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[key];
    if (!step) return;
    const next = tabs[(at + step) % tabs.length];
    choose(next.getAttribute("aria-controls"));
    next.focus();
  });
});

for (const [name, pane] of Object.entries(panes)) {
  const root = find(name);
  root.addEventListener("focusin", () => choose(name));
  root.addEventListener("pointerdown", () => choose(name));
  const people = ["alice", "bob"].map((who) => person(name, who, pane));
  root.querySelector(".who").replaceChildren(make("legend", {}, "You are"), ...people);
}
choose("discord");

function person(name, who, pane) {
  const label = who[0].toUpperCase() + who.slice(1);
  const onchange = () => pane.become(who);
  const choice = { type: "radio", name: `who-${name}`, value: who, checked: who === "alice", onchange };
  return make("label", {}, make("input", choice), make("span", {}, label));
}
