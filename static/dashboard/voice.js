// What the workspace's voice says of the reply that is being written: hints below it, and the reply put into the voice.

import { element } from "../widget/dom.js";
import { token } from "./door.js";
import { address, byId, setText } from "./page.js";

const LOOK_AFTER = 400;
const SHOWN = 4;
const FAILED = "This did not get through. Please try again.";

/** @typedef {{said: string, instead: string, start: number, end: number}} Slip */
/** @typedef {{slips: Slip[], advice: string[], text: string}} Look */

export class Voice {
  #field;
  #changed;
  #box = document.getElementById("voice"); // not there where no voice was settled
  #button = byId("in-voice", HTMLButtonElement);
  #conversation = "";
  #looked = "";
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {HTMLTextAreaElement} field
   * @param {() => void} changed called when words were replaced
   */
  constructor(field, changed) {
    this.#field = field;
    this.#changed = changed;
    this.#button.onclick = () => this.#rewrite();
  }

  /**
   * Look at what stands in the field, once the agent pauses.
   * @param {string} conversation whose reply it is; empty if it is none
   */
  look(conversation) {
    if (!this.#box) return;
    const isReply = Boolean(conversation) && !this.#field.disabled;
    this.#button.hidden = !isReply;
    this.#conversation = isReply ? conversation : "";
    const text = isReply ? this.#field.value : "";
    if (text === this.#looked) return;
    this.#looked = text;
    clearTimeout(this.#timer);
    if (text.trim()) this.#timer = setTimeout(() => this.#show(text), LOOK_AFTER);
    else this.#draw({ slips: [], advice: [], text });
  }

  /** @param {string} text */
  async #show(text) {
    try {
      const look = await this.#ask(text);
      if (text === this.#looked) this.#draw(look);
    } catch {
      if (text === this.#looked) this.#looked = ""; // asked again at the next look
    }
  }

  /** The whole reply, as the workspace would say it. */
  async #rewrite() {
    const text = this.#field.value;
    if (!text.trim()) return this.#field.focus();
    try {
      const look = await this.#ask(text);
      if (text !== this.#field.value) return;
      this.#field.focus();
      if (look.text === text.trim()) return this.#say("This is in your voice already.");
      this.#field.setRangeText(look.text, 0, text.length, "end");
      this.#changed();
      this.#say("The reply is in your voice now.");
    } catch {
      this.#say(FAILED);
    }
  }

  /**
   * @param {string} text
   * @returns {Promise<Look>}
   */
  async #ask(text) {
    const given = new FormData();
    given.set("text", text);
    const answer = await fetch(address(`${this.#conversation}/voice/`), { method: "POST", body: given, headers: token() });
    if (answer.redirected || !answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }

  /** @param {Look} look */
  #draw({ slips, advice }) {
    if (!this.#box) return;
    /** @type {Map<string, Slip[]>} the places of each word, however it is capitalised */
    const words = new Map();
    for (const slip of slips) {
      const word = slip.said.toLowerCase();
      words.set(word, [...(words.get(word) ?? []), slip]);
    }
    const hints = [...words.values()].map((places) => this.#hint(places));
    const lines = [...hints, ...advice.map((words) => element("li", {}, words))].slice(0, SHOWN);
    byId("voice-hints", HTMLElement).replaceChildren(...lines);
    this.#box.hidden = !lines.length;
    this.#say(lines.length ? `${lines.length} ${lines.length === 1 ? "hint" : "hints"} on the wording below the reply` : "");
  }

  /** @param {Slip[]} places of one word */
  #hint(places) {
    const { said, instead } = places[0];
    if (!instead) return element("li", {}, `We never write “${said}”`);
    const button = element("button", { type: "button", class: "link" }, `Write “${instead}”`);
    button.onclick = () => this.#replace(places);
    return element("li", {}, element("s", { dir: "auto" }, said), button);
  }

  /** From the last to the first, so that the places of the others stay. @param {Slip[]} places */
  #replace(places) {
    this.#field.focus();
    if (this.#field.value !== this.#looked) return; // written meanwhile: the next look says where they are
    for (const { instead, start, end } of places.toReversed()) this.#field.setRangeText(instead, start, end, "preserve");
    this.#changed();
  }

  /** @param {string} words for who does not see it */
  #say(words) {
    setText(byId("voice-status", HTMLElement), words);
  }
}
