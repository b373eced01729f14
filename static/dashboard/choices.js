// What can be chosen in the inbox: people, teams, labels, saved filters, categories and languages of the workspace.

/** @import {Choices as Offered} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { get } from "./page.js";

export class Choices {
  #changed;
  /** @type {Offered} */
  #offered = { agents: [], teams: [], labels: [], filters: [], categories: [], languages: [] };
  /** Counts how often they were loaded, so that others see when to draw anew. */
  version = 0;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  get offered() {
    return this.#offered;
  }

  async load() {
    try {
      this.#offered = await (await get("choices/")).json();
      this.version += 1;
      this.#changed();
    } catch {
      return; // without a network the next connection loads them
    }
  }
}

/**
 * Fill a select, which keeps its value if that is still offered.
 * @param {HTMLSelectElement} select
 * @param {[string, string][]} options value and words
 */
export function fill(select, options) {
  const { value } = select;
  const drawn = JSON.stringify(options);
  if (select.dataset.drawn === drawn) return;
  select.dataset.drawn = drawn;
  select.replaceChildren(...options.map(([code, words]) => element("option", { value: code }, words)));
  if (options.some(([code]) => code === value)) select.value = value;
}
