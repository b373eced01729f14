// Looks for articles of the help centre while the customer types. The help centre opens beside the page.

import { element } from "./dom.js";
import { outwardLink } from "./text.js";
import { words, written } from "./texts.js";

const PAUSE = 200; // milliseconds without a key
const SHORTEST = 2; // letters

export class Search {
  #origin;
  #workspace;
  /** @type {number | undefined} */
  #waiting;
  #running = new AbortController();
  #results = element("ul", { class: "articles" });
  #status = element("p", { class: "given", role: "status" });
  field = element("input", { type: "search", maxlength: "200" });
  element = element("div", { class: "search" }, this.field, this.#status, this.#results);

  /**
   * @param {string} origin
   * @param {string} workspace
   */
  constructor(origin, workspace) {
    this.#origin = origin;
    this.#workspace = workspace;
    this.field.oninput = () => {
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => this.search(), PAUSE);
    };
    written(() => {
      this.field.placeholder = this.field.ariaLabel = words.search.field;
    });
  }

  /** What helps most, before anything is typed. */
  async search() {
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    const typed = this.field.value.trim();
    const q = typed.length < SHORTEST ? "" : typed;
    const address = new URL(`/widget/${this.#workspace}/articles.json`, this.#origin);
    address.search = new URLSearchParams({ q, language: words.language }).toString();
    try {
      const answer = await fetch(address, { signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const { articles } = await answer.json();
      this.#show(articles, articles.length || !q ? "" : words.search.none);
    } catch {
      if (!signal.aborted) this.#show([], words.search.failed);
    }
  }

  /**
   * @param {{title: string, url: string, text: string}[]} articles
   * @param {string} status
   */
  #show(articles, status) {
    this.#status.textContent = status;
    const lines = articles.map(({ title, url, text }) => {
      const link = outwardLink(new URL(url, this.#origin).href, title);
      return element("li", { dir: "auto" }, link, element("p", {}, text));
    });
    this.#results.replaceChildren(...lines);
  }
}
