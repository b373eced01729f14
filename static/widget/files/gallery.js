// The files of a message: thumbnails that open in full, PDFs as chips. Used by the widget and by the inbox.

/** @import {Attachment} from "../protocol.js" */
/** @import {Words} from "../texts.js" */

import { element, icon } from "../dom.js";
import { sizeOf } from "./tray.js";

/**
 * @typedef {object} Door
 * @property {(attachment: Attachment) => HTMLElement} thumbnail
 * @property {(attachment: Attachment) => HTMLElement} whole
 * @property {(attachment: Attachment) => Promise<void> | void} save
 */

/**
 * @param {Attachment[]} attachments
 * @param {Door} door
 * @param {Words["files"]} words
 * @param {Node} place in which a picture is shown in full
 */
export function gallery(attachments, door, words, place) {
  return attachments.map((attachment) => {
    if (attachment.state !== "ready") return element("li", { class: "file waits" }, ...chip(attachment, words.states[attachment.state]));
    const isImage = attachment.kind === "image";
    const button = element("button", { type: "button", class: isImage ? "picture" : "chip-file", "aria-label": words.open(attachment.name) });
    button.append(...(isImage ? [door.thumbnail(attachment)] : chip(attachment, `PDF · ${sizeOf(attachment.size)}`)));
    button.onclick = () => (isImage ? show(attachment, door, words, place) : void save(attachment, door, button, words));
    return element("li", { class: isImage ? "file image" : "file" }, button);
  });
}

/**
 * @param {Attachment} attachment
 * @param {string} line
 */
function chip({ name, kind }, line) {
  const label = element("span", { class: "file-name", dir: "auto" }, name);
  return [icon(kind === "image" ? "image" : "file"), element("span", { class: "file-words" }, label, element("small", {}, line))];
}

/**
 * @param {Attachment} attachment
 * @param {Door} door
 * @param {HTMLButtonElement} button
 * @param {Words["files"]} words
 */
async function save(attachment, door, button, words) {
  try {
    await door.save(attachment);
  } catch {
    const line = button.querySelector("small");
    if (line) line.textContent = words.failures.offline;
  }
}

/**
 * The picture in full, over everything; Escape or a click beside it closes.
 * @param {Attachment} attachment
 * @param {Door} door
 * @param {Words["files"]} words
 * @param {Node} place
 */
function show(attachment, door, words, place) {
  const opener = /** @type {HTMLElement | null} */ ((/** @type {ShadowRoot | Document} */ (place.getRootNode())).activeElement);
  const close = element("button", { type: "button", class: "view-button", "aria-label": words.closeView, title: words.closeView }, icon("close"));
  const keep = element("button", { type: "button", class: "view-button", "aria-label": words.save, title: words.save }, icon("save"));
  const line = element("p", { dir: "auto", role: "status" }, attachment.name);
  const head = element("div", { class: "view-head" }, line, keep, close);
  const dialog = element("dialog", { class: "view", "aria-label": attachment.name }, head, element("div", { class: "view-stage" }, door.whole(attachment)));
  keep.onclick = () => void Promise.resolve(door.save(attachment)).catch(() => (line.textContent = words.failures.offline));
  close.onclick = () => dialog.close();
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
  dialog.addEventListener("click", ({ target }) => target instanceof HTMLElement && target.matches(".view, .view-stage") && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener?.focus();
  });
  place.appendChild(dialog);
  dialog.showModal();
  close.focus();
}
