// What a help centre's page gains with a script: results while typing, an answer without leaving, the way to the chat.

import { answerInPlace } from "./feedback.js";
import { searchWhileTyping } from "./search.js";

for (const form of document.querySelectorAll("form[data-live]")) {
  if (form instanceof HTMLFormElement) searchWhileTyping(form);
}

const box = document.querySelector("[data-feedback]");
if (box instanceof HTMLElement) answerInPlace(box);

for (const section of document.querySelectorAll("[data-chat]")) {
  if (!(section instanceof HTMLElement)) continue;
  section.hidden = false;
  section.querySelector("button")?.addEventListener("click", openChat);
}

for (const menu of document.querySelectorAll("[data-menu]")) {
  if (menu instanceof HTMLDetailsElement) closeByItself(menu);
}

/** Now, or as soon as the loader is there. */
function openChat() {
  const chat = Reflect.get(window, "supportbot");
  if (chat?.open) chat.open();
  else Reflect.set(window, "supportbot", { q: [["open"]] });
}

/** @param {HTMLDetailsElement} menu */
function closeByItself(menu) {
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Node && !menu.contains(target)) menu.open = false;
  });
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
}
