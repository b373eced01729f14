// Keyboard shortcuts, and the list of them.

import { byId } from "./page.js";

/** @typedef {"next" | "previous" | "reply" | "resolve"} Command */

/** @type {Record<string, Command>} by the key's place, since Alt changes its letter on some systems */
const COMMANDS = { KeyJ: "next", KeyK: "previous", KeyL: "reply", KeyE: "resolve" };

/** @param {Record<Command, () => void>} commands */
export function listenToKeys(commands) {
  const dialog = byId("shortcuts", HTMLDialogElement);
  byId("help", HTMLButtonElement).onclick = () => dialog.showModal();
  document.addEventListener("keydown", (event) => {
    const command = COMMANDS[event.code];
    if (command && event.altKey && !event.ctrlKey && !event.metaKey && !dialog.open) {
      event.preventDefault();
      commands[command]();
    } else if (event.key === "?" && !isField(event.target) && !dialog.open) {
      event.preventDefault();
      dialog.showModal();
    }
  });
}

/** @param {EventTarget | null} target */
function isField(target) {
  return target instanceof Element && target.matches("input, select, textarea");
}
