// What is added to words: files that are chosen, dropped, pasted or photographed, and emoji. The buttons are here; what
// they open is fetched when it is first needed.

/** @import {Attachment} from "./protocol.js" */
/** @import {Limits, Tray} from "./files/tray.js" */
/** @import {Store} from "./store.js" */

import { element, icon } from "./dom.js";
import { catchFiles } from "./dropping.js";
import { words, written } from "./texts.js";

const KINDS = "image/png,image/jpeg,image/gif,image/webp,application/pdf";
const CAMERA = "image/jpeg,image/png";

export class Attach {
  #root;
  /** @type {HTMLElement | null} on which files are dropped */
  #target = null;
  #door;
  #store;
  #limits;
  #changed;
  #insert;
  /** @type {Tray | null} */
  #tray = null;
  /** How many choices wait for the tray to be fetched. */
  #coming = 0;
  /** @type {{grid: HTMLElement, focus: () => void} | null} */
  #emoji = null;
  #choose = chooser(KINDS);
  #photo = chooser(CAMERA);
  #clip = element("button", { type: "button", class: "tool" }, icon("clip"));
  #camera = element("button", { type: "button", class: "tool camera" }, icon("camera"));
  #smile = element("button", { type: "button", class: "tool", "aria-expanded": "false" }, icon("smile"));
  /** Beside the words, in this order. */
  buttons = [this.#smile, this.#clip, this.#camera];
  /** Above the words: the files. */
  place = element("div");
  #alarm = element("p", { class: "count wrong", role: "alert" });
  /** Above the place to write: emoji. */
  above = element("div", {}, this.#alarm);

  /**
   * @param {ShadowRoot} root whose styles are added to
   * @param {{origin: string, workspace: string}} door
   * @param {Store} store
   * @param {() => Limits} limits
   * @param {{changed: () => void, insert: (sign: string) => void}} listener
   */
  constructor(root, door, store, limits, { changed, insert }) {
    this.#root = root;
    this.#door = door;
    this.#store = store;
    this.#limits = limits;
    this.#changed = changed;
    this.#insert = insert;
    this.#photo.setAttribute("capture", "environment");
    this.#clip.onclick = () => this.#choose.click();
    this.#camera.onclick = () => this.#photo.click();
    this.#smile.onclick = () => this.#try(() => this.#toggleEmoji());
    this.#smile.onmousedown = (event) => event.preventDefault(); // what is open would close, and open again
    for (const input of [this.#choose, this.#photo]) {
      input.onchange = () => {
        void this.take(input.files ?? []);
        input.value = "";
      };
    }
    written(() => this.#translate());
    if (store.visitor.files.length) void this.#try(async () => (await this.#open()).restore(store.visitor.files));
  }

  /** What goes out with the message. @returns {Attachment[]} */
  get attachments() {
    return this.#tray?.attachments ?? [];
  }

  /** Whether something is still on its way here. */
  get isBusy() {
    return this.#coming > 0 || (this.#tray?.isBusy ?? false);
  }

  /** @param {boolean} off */
  set disabled(off) {
    for (const button of this.buttons) button.disabled = off;
  }

  /** @param {Iterable<File>} files */
  async take(files) {
    const chosen = [...files]; // the browser empties its list
    const isHere = !this.#clip.disabled && this.#clip.offsetParent; // not while the questions before the chat stand there
    if (!chosen.length || !isHere) return;
    this.#coming += 1;
    this.#changed();
    await this.#try(async () => (await this.#open()).take(chosen));
    this.#coming -= 1;
    this.#changed();
  }

  /** They are on their way in a message. */
  give() {
    return this.#tray?.give() ?? [];
  }

  /**
   * Take what is dropped on an element.
   * @param {HTMLElement} target
   */
  catch(target) {
    this.#target = target;
    target.dataset.drop = words.files.drop;
    catchFiles(target, target, {
      isOpen: () => !this.#clip.disabled,
      mark: (on) => target.classList.toggle("dropping", on),
      take: (files) => void this.take(files),
    });
  }

  /** What is fetched late may not come: then it is said, and may be tried again. @param {() => Promise<void>} act */
  async #try(act) {
    this.#alarm.textContent = "";
    await act().catch(() => (this.#alarm.textContent = words.files.failures.offline));
  }

  #translate() {
    this.#clip.ariaLabel = this.#clip.title = words.files.attach;
    this.#camera.ariaLabel = this.#camera.title = words.files.camera;
    this.#smile.ariaLabel = this.#smile.title = words.emoji;
    if (this.#target) this.#target.dataset.drop = words.files.drop;
  }

  /** @returns {Promise<Tray>} */
  async #open() {
    if (this.#tray) return this.#tray;
    const { Door, Tray } = await files(this.#root);
    if (!this.#tray) {
      const door = new Door(this.#door.origin, this.#door.workspace, this.#store);
      this.#tray = new Tray(door, () => words.files, this.#limits, () => this.#kept());
      this.place.append(this.#tray.element);
    }
    return this.#tray;
  }

  /** Uploaded files outlive a reload of the page. */
  #kept() {
    this.#store.remember({ files: this.attachments });
    this.#changed();
  }

  async #toggleEmoji() {
    if (this.#emoji) return this.#closeEmoji(true);
    const { emojiGrid } = await files(this.#root);
    const take = (/** @type {string} */ sign) => {
      this.#closeEmoji(false);
      this.#insert(sign);
    };
    this.#emoji ??= emojiGrid(words.emoji, take, () => this.#closeEmoji(true));
    this.above.append(this.#emoji.grid);
    this.#smile.ariaExpanded = "true";
    this.#emoji.focus();
  }

  /** @param {boolean} isBack whether the focus goes back to where it came from */
  #closeEmoji(isBack) {
    const emoji = this.#emoji;
    this.#emoji = null;
    const hadFocus = emoji?.grid.contains(this.#root.activeElement);
    emoji?.grid.remove();
    this.#smile.ariaExpanded = "false";
    if (isBack && hadFocus) this.#smile.focus();
  }
}

/** What shows and sends files and emoji, with its styles in the widget. @param {ShadowRoot} root */
export async function files(root) {
  const parts = await import("./files.js");
  if (!root.adoptedStyleSheets.includes(parts.sheet)) root.adoptedStyleSheets.push(parts.sheet);
  return parts;
}

/** @param {string} kinds */
function chooser(kinds) {
  return element("input", { type: "file", accept: kinds, multiple: "", tabindex: "-1" });
}
