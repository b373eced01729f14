// Lets streamed text appear word by word at an even pace, faster when it falls behind.

import { calm } from "./screen.js";

const BEAT = 28;
const CATCH_UP = 7;

export class Typewriter {
  #element;
  #grown;
  #target = "";
  #shown = 0;
  #lastBeat = 0;
  #isRunning = false;
  #isOver = false;
  #done = () => {};

  /**
   * @param {HTMLElement} element where the words go
   * @param {() => void} grown called whenever it has become longer
   */
  constructor(element, grown) {
    this.#element = element;
    this.#grown = grown;
  }

  /**
   * Continue with this longer text; a text that does not continue the shown one starts afresh.
   * @param {string} text
   */
  write(text) {
    if (!text.startsWith(this.#target.slice(0, this.#shown))) this.#restart();
    this.#target = text;
    if (calm.matches || document.hidden) this.#show(text.length);
    else this.#run();
  }

  /**
   * The text is whole: show what is left, then call `done`.
   * @param {string} text
   * @param {() => void} done
   */
  finish(text, done) {
    this.#isOver = true;
    this.#done = done;
    this.write(text);
    if (this.#shown >= text.length) this.#end();
  }

  #restart() {
    this.#element.replaceChildren();
    this.#shown = 0;
  }

  #run() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    requestAnimationFrame(this.#beat);
  }

  /** @param {number} now */
  #beat = (now) => {
    const words = this.#target.slice(this.#shown).match(/\s*\S{1,16}/gu) ?? [];
    if (!this.#isOver) words.pop();
    if (now - this.#lastBeat >= BEAT && words.length) {
      const next = words.slice(0, Math.ceil(words.length / CATCH_UP)).join("");
      this.#show(this.#shown + next.length);
      this.#lastBeat = now;
    }
    this.#isRunning = words.length > 0 && this.#shown < this.#target.length;
    if (this.#isRunning) requestAnimationFrame(this.#beat);
    else if (this.#isOver) this.#end();
  };

  #end() {
    this.#show(this.#target.length);
    this.#done();
    this.#done = () => {};
  }

  /** @param {number} length */
  #show(length) {
    if (length <= this.#shown) return;
    const word = document.createElement("span");
    word.textContent = this.#target.slice(this.#shown, length);
    this.#element.append(word);
    this.#shown = length;
    this.#grown();
  }
}
