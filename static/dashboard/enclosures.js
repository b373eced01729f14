// The files that go out with a reply, a tray for each conversation: chosen, dropped or pasted.

/** @import {Attachment} from "../widget/protocol.js" */
/** @import {Transcript} from "./transcript.js" */

import { catchFiles } from "../widget/dropping.js";
import { Tray } from "../widget/files/tray.js";
import english from "../widget/texts/en.js";
import { uploadsTo } from "./door.js";
import { byId } from "./page.js";

export class Enclosures {
  #changed;
  /** @type {Map<Transcript, Tray>} */
  #trays = new Map();
  /** @type {Transcript | null} */
  #shown = null;
  /** @type {Attachment[]} */
  #drawn = [];
  #form = byId("composer", HTMLFormElement);
  #place = byId("tray", HTMLElement);
  #button = byId("attach", HTMLButtonElement);
  #input = byId("attach-input", HTMLInputElement);

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.#button.onclick = () => this.#input.click();
    this.#input.onchange = () => {
      this.#take(this.#input.files ?? []);
      this.#input.value = "";
    };
    catchFiles(byId("talk", HTMLElement), this.#form, {
      isOpen: () => !this.#button.hidden,
      mark: (on) => this.#form.classList.toggle("dropping", on),
      take: (files) => this.#take(files),
    });
  }

  /** @param {boolean} on whether files can be sent now */
  set isOpen(on) {
    this.#button.hidden = this.#place.hidden = !on;
  }

  /** @returns {Attachment[]} */
  get attachments() {
    return (!this.#place.hidden && this.#tray?.attachments) || [];
  }

  get isBusy() {
    return !this.#place.hidden && (this.#tray?.isBusy ?? false);
  }

  /** They are on their way in a message. */
  give() {
    return this.#tray?.give() ?? [];
  }

  /** @param {Transcript | null} transcript */
  draw(transcript) {
    const isOther = transcript !== this.#shown;
    this.#shown = transcript;
    const files = transcript?.files ?? [];
    if (transcript && files.length && !this.#tray) this.#make(transcript);
    if (isOther) this.#place.replaceChildren(...(this.#tray ? [this.#tray.element] : []));
    if (!isOther && JSON.stringify(files) === JSON.stringify(this.#drawn)) return;
    this.#drawn = files;
    this.#tray?.restore(files);
  }

  get #tray() {
    return this.#shown ? this.#trays.get(this.#shown) : undefined;
  }

  /** @param {Iterable<File>} files */
  #take(files) {
    const chosen = [...files];
    if (!chosen.length || !this.#shown || this.#button.hidden) return;
    const tray = this.#tray ?? this.#make(this.#shown);
    tray.take(chosen);
  }

  /** @param {Transcript} transcript */
  #make(transcript) {
    const { most, megabytes } = byId("desk", HTMLElement).dataset;
    const limits = { most: Number(most), megabytes: Number(megabytes) };
    const tray = new Tray(uploadsTo(transcript.id), () => english.files, () => limits, this.#changed);
    this.#trays.set(transcript, tray);
    this.#place.replaceChildren(tray.element);
    return tray;
  }
}
