// Keyboard shortcuts of the commands, and the list of them. No stroke that writes something is taken from a field.

import { element } from "../widget/dom.js";
import { byId } from "./page.js";

/**
 * @typedef {object} Command what an agent can do, by a stroke or from the command bar
 * @property {string} title
 * @property {string} keys the stroke, as people write it ("Ctrl+Alt+E"); empty for none
 * @property {() => boolean} [when] whether it can be done now
 * @property {() => void} run
 */

/** Strokes that belong to where the focus is: [keys, what they do]. */
const LOCAL = [
  ["↑+↓", "Move through the list; Enter opens"],
  ["Enter", "Send, as does Ctrl+Enter; Shift+Enter starts a new line"],
  ["/", "Canned responses, at the beginning of a word of a reply"],
  ["@", "Mention a colleague, at the beginning of a word of a private note"],
  ["Esc", "Leave the reply, or close what is open"],
];

const isMac = /^Mac/.test(navigator.platform);

/** @param {Command[]} commands */
export function listenToKeys(commands) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    const command = commands.find(({ keys }) => keys && strikes(event, keys));
    if (!command || writes(event)) return;
    event.preventDefault();
    if (canRun(command)) command.run();
  });
}

/** @param {Command} command */
export function canRun({ when }) {
  return when ? when() : true;
}

/** @param {Command[]} commands */
export function showHelp(commands) {
  const strokes = [...commands.map(({ keys, title }) => [keys, title]), ...LOCAL].filter(([keys]) => keys);
  const lines = strokes.map(([keys, title]) => element("div", {}, element("dt", {}, ...caps(keys)), element("dd", {}, title)));
  byId("strokes", HTMLElement).replaceChildren(...lines);
  byId("shortcuts", HTMLDialogElement).showModal();
}

/**
 * A stroke as keys to look at.
 * @param {string} keys
 */
export function caps(keys) {
  const names = keys ? keys.split("+") : [];
  return names.flatMap((key) => [element("kbd", {}, isMac && keys === "Ctrl+K" && key === "Ctrl" ? "⌘" : key), " "]);
}

/**
 * The letter counts where the keyboard writes one; else the key's place, since Alt and other alphabets change it.
 * @param {KeyboardEvent} event
 * @param {string} keys
 */
function strikes(event, keys) {
  const parts = keys.split("+");
  const key = parts.at(-1) ?? "";
  const wanted = [parts.includes("Ctrl"), parts.includes("Alt")];
  if ((event.ctrlKey || event.metaKey) !== wanted[0] || event.altKey !== wanted[1]) return false;
  return key === "?" ? event.key === "?" : letter(event) === key;
}

/** @param {KeyboardEvent} event */
function letter({ key, code }) {
  return /^[a-z]$/i.test(key) ? key.toUpperCase() : code.replace(/^Key/, "");
}

/**
 * Whether a stroke writes or edits where the focus is: AltGr everywhere, Option or Control alone on a Mac.
 * @param {KeyboardEvent} event
 */
function writes(event) {
  if (!(event.target instanceof Element && event.target.matches("input, select, textarea"))) return false;
  if (event.getModifierState("AltGraph") || !(event.altKey || event.ctrlKey || event.metaKey)) return true;
  return isMac && !event.metaKey && event.altKey !== event.ctrlKey;
}
