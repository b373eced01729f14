// The files that will go out with what is being written: uploaded as they are chosen, each with progress and a way out.
// Used by the widget and by the inbox, which hand in their door and their words.

/** @import {Attachment} from "../protocol.js" */
/** @import {Words} from "../texts.js" */

import { element, icon } from "../dom.js";
import { picture } from "./picture.js";
import { Refusal } from "./upload.js";

const PREVIEW = 160;

/**
 * @typedef {object} Door
 * @property {(file: File, progress: (share: number) => void, signal: AbortSignal) => Promise<Attachment>} upload
 * @property {(id: string) => void} remove
 * @property {(attachment: Attachment) => HTMLElement} thumbnail
 */

/**
 * @typedef {object} Limits
 * @property {number} most files of one message
 * @property {number} megabytes of one file
 */

/**
 * @typedef {object} Upload a file that is not uploaded yet
 * @property {File} file
 * @property {HTMLElement} line
 * @property {AbortController} ending
 * @property {number} order in which it was chosen
 * @property {string} failure why it is not, or nothing while it is on its way
 */

export class Tray {
  #door;
  #words;
  #limits;
  #changed;
  /** @type {Upload[]} */
  #uploads = [];
  /** @type {Map<string, HTMLElement>} by file and state */
  #lines = new Map();
  /** @type {Map<string, number>} when each file was chosen: the fastest upload is not the first */
  #order = new Map();
  #chosen = 0;
  /** @type {Attachment[]} */
  attachments = [];
  #list = element("ul", { class: "tray-files" });
  #status = element("p", { class: "hidden visually-hidden", role: "status" });
  #alarm = element("p", { class: "tray-alarm", role: "alert" });
  element = element("div", { class: "tray" }, this.#list, this.#alarm, this.#status);

  /**
   * @param {Door} door
   * @param {() => Words["files"]} words
   * @param {() => Limits} limits
   * @param {() => void} changed
   */
  constructor(door, words, limits, changed) {
    this.#door = door;
    this.#words = words;
    this.#limits = limits;
    this.#changed = changed;
    addEventListener("online", () => this.#again());
  }

  /** Whether something is not uploaded yet. */
  get isBusy() {
    return this.#uploads.length > 0;
  }

  /** @param {Iterable<File>} files */
  take(files) {
    const { most } = this.#limits();
    this.#alarm.textContent = "";
    for (const file of files) {
      if (this.#uploads.length + this.attachments.length >= most) {
        this.#alarm.textContent = this.#words().tooMany(most);
        break;
      }
      this.#add(file);
    }
    this.#draw();
  }

  /** What is uploaded already and not sent, as the server or the browser remembers it. @param {Attachment[]} attachments */
  restore(attachments) {
    this.attachments = attachments;
    this.#draw();
  }

  /** All of it is on its way in a message; what is not uploaded stays. @returns {Attachment[]} */
  give() {
    const given = this.attachments;
    this.attachments = [];
    this.#draw();
    return given;
  }

  /** Nothing of it is wanted any more here. */
  leave() {
    for (const { ending } of this.#uploads) ending.abort();
    this.#uploads = [];
    this.#alarm.textContent = "";
    this.restore([]);
  }

  /** @param {File} file */
  #add(file) {
    const order = (this.#chosen += 1);
    const upload = { file, order, line: element("li", { class: "tray-file" }), ending: new AbortController(), failure: "" };
    this.#uploads.push(upload);
    void this.#send(upload);
  }

  /** @param {Upload} upload */
  async #send(upload) {
    const { file, ending } = upload;
    const { megabytes } = this.#limits();
    upload.failure = "";
    this.#drawUpload(upload);
    this.#changed();
    try {
      if (file.size > megabytes * 1024 * 1024) throw new Refusal("too_large");
      const attachment = await this.#door.upload(file, (share) => this.#progress(upload, share), ending.signal);
      if (ending.signal.aborted) return this.#door.remove(attachment.id);
      this.#done(upload, attachment);
    } catch (error) {
      if (ending.signal.aborted) return;
      this.#fail(upload, error instanceof Refusal ? error.code : "failed");
    }
  }

  /**
   * @param {Upload} upload
   * @param {Attachment} attachment
   */
  #done(upload, attachment) {
    this.#uploads = this.#uploads.filter((other) => other !== upload);
    this.#order.set(attachment.id, upload.order);
    const others = this.attachments.filter(({ id }) => id !== attachment.id);
    this.attachments = [...others, attachment];
    this.#status.textContent = this.#words().uploaded(attachment.name);
    this.#draw();
  }

  /**
   * @param {Upload} upload
   * @param {string} code
   */
  #fail(upload, code) {
    const { failures, tooLarge } = this.#words();
    const known = /** @type {Record<string, string>} */ (failures);
    upload.failure = code === "too_large" ? tooLarge(this.#limits().megabytes) : (known[code] ?? failures.failed);
    upload.line.dataset.code = code;
    this.#drawUpload(upload);
    this.#status.textContent = `${upload.file.name}: ${upload.failure}`;
    this.#changed();
  }

  /** The connection is back. */
  #again() {
    for (const upload of this.#uploads) if (upload.line.dataset.code === "offline" && upload.failure) void this.#send(upload);
  }

  #draw() {
    const place = (/** @type {Attachment} */ { id }) => this.#order.get(id) ?? 0;
    this.attachments = [...this.attachments].sort((a, b) => place(a) - place(b));
    const kept = new Set(this.attachments.map(keyOf));
    for (const key of this.#lines.keys()) if (!kept.has(key)) this.#lines.delete(key);
    const lines = this.attachments.map((attachment) => this.#line(attachment));
    this.#list.replaceChildren(...lines, ...this.#uploads.map(({ line }) => line));
    this.element.hidden = !lines.length && !this.#uploads.length && !this.#alarm.textContent;
    this.#changed();
  }

  /** @param {Attachment} attachment */
  #line(attachment) {
    const { name, kind, size, state } = attachment;
    const known = this.#lines.get(keyOf(attachment));
    if (known) return known;
    const isSeen = kind === "image" && state === "ready";
    const face = isSeen ? this.#door.thumbnail(attachment) : icon(kind === "image" ? "image" : "file");
    const words = state === "ready" ? sizeOf(size) : this.#words().states[state];
    const line = element("li", { class: "tray-file" }, ...this.#parts(face, name, words));
    line.classList.toggle("failed", state === "refused" || state === "failed");
    line.append(this.#cross(name, () => this.#remove(attachment)));
    this.#lines.set(keyOf(attachment), line);
    return line;
  }

  /** @param {Upload} upload */
  #drawUpload(upload) {
    const { file, line, failure } = upload;
    const face = line.querySelector(".tray-face > *") ?? this.#face(file);
    const parts = this.#parts(face, file.name, failure || sizeOf(file.size));
    const again = element("button", { type: "button", class: "tray-again" }, this.#words().again);
    again.onclick = () => this.#send(upload);
    const canRetry = failure && !["too_large", "bad_file"].includes(line.dataset.code ?? "");
    const bar = element("progress", { max: "1", value: "0", "aria-label": this.#words().uploading(file.name) });
    line.classList.toggle("failed", failure !== "");
    line.replaceChildren(...parts, ...(failure ? [] : [bar]), ...(canRetry ? [again] : []), this.#cross(file.name, () => this.#drop(upload)));
  }

  /** @param {File} file */
  #face(file) {
    const isImage = file.type.startsWith("image/");
    return isImage ? picture("", { width: null, height: null }, Promise.resolve(file), PREVIEW, icon("file")) : icon("file");
  }

  /**
   * @param {Element} face
   * @param {string} name
   * @param {string} words
   */
  #parts(face, name, words) {
    const label = element("span", { class: "tray-name", dir: "auto", title: name }, name);
    return [element("span", { class: "tray-face", "aria-hidden": "true" }, face), element("span", { class: "tray-words" }, label, element("small", {}, words))];
  }

  /**
   * @param {Upload} upload
   * @param {number} share
   */
  #progress({ line }, share) {
    const bar = line.querySelector("progress");
    if (bar) bar.value = share;
  }

  /**
   * @param {string} name
   * @param {() => void} press
   */
  #cross(name, press) {
    const button = element("button", { type: "button", class: "tray-remove", "aria-label": this.#words().remove(name) }, icon("close"));
    button.onclick = press;
    return button;
  }

  /** @param {Attachment} attachment */
  #remove(attachment) {
    this.#door.remove(attachment.id);
    this.#alarm.textContent = "";
    this.attachments = this.attachments.filter(({ id }) => id !== attachment.id);
    this.#draw();
    this.#focus();
  }

  /** The button that was pressed is gone. */
  #focus() {
    const next = this.#list.querySelector(".tray-remove") ?? this.element.closest(".box")?.querySelector("textarea");
    /** @type {HTMLElement | null | undefined} */ (next)?.focus();
  }

  /** @param {Upload} upload */
  #drop(upload) {
    upload.ending.abort();
    this.#uploads = this.#uploads.filter((other) => other !== upload);
    this.#alarm.textContent = "";
    this.#draw();
    this.#focus();
  }
}

/**
 * A file is drawn anew when it has been checked.
 * @param {Attachment} attachment
 */
function keyOf({ id, state }) {
  return `${id} ${state}`;
}

/** @param {number} bytes */
export function sizeOf(bytes) {
  const [value, unit] = bytes < 1024 * 1024 ? [Math.max(1, Math.round(bytes / 1024)), "KB"] : [(bytes / 1024 / 1024).toFixed(1), "MB"];
  return `${value} ${unit}`;
}
