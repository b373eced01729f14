// The inbox's conversations as far as they were loaded, and how many there are in each view.
// Loaded view by view, then kept up to date by `conversation.changed`. Knows no elements.

/** @import {Counts, Row, View} from "./protocol.js" */

import { get } from "./page.js";

const COUNT_EVERY = 2_000;

/** @type {Record<View, (row: Row, me: number) => boolean>} */
const BELONGS = {
  unassigned: ({ handler }) => handler === "queue",
  mine: ({ handler, assignee }, me) => handler === "agent" && assignee?.id === me,
  all: ({ status }) => status !== "resolved",
  resolved: ({ status }) => status === "resolved",
};

export class Rows {
  #me;
  #changed;
  #isCounting = false;
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {Set<View>} */
  #loaded = new Set();
  /** @type {Counts | null} */
  counts = null;
  /** Above this the server does not count. */
  counted = 0;

  /**
   * @param {number} me
   * @param {() => void} changed
   */
  constructor(me, changed) {
    this.#me = me;
    this.#changed = changed;
  }

  /** @param {string} id */
  get(id) {
    return this.#rows.get(id);
  }

  /** @param {View} view */
  isLoaded(view) {
    return this.#loaded.has(view);
  }

  /**
   * Those that wait for a person in the order of their waiting, others with the newest first.
   * @param {View} view
   */
  of(view) {
    const rows = [...this.#rows.values()].filter((row) => BELONGS[view](row, this.#me));
    const age = (/** @type {Row} */ row) => (view === "unassigned" ? (row.waiting_since ?? "") : row.updated_at);
    const sign = view === "unassigned" ? 1 : -1;
    return rows.sort((a, b) => sign * (Date.parse(age(a)) - Date.parse(age(b))));
  }

  /** @param {View} view */
  async load(view) {
    const response = await get("conversations/", { view });
    /** @type {{rows: Row[], counts: Counts, counted: number}} */
    const { rows, counts, counted } = await response.json();
    const fresh = new Set(rows.map(({ id }) => id));
    for (const row of this.of(view)) if (!fresh.has(row.id)) this.#rows.delete(row.id);
    for (const row of rows) this.#keep(row);
    this.#loaded.add(view);
    this.#count(counts, counted);
  }

  /** @param {Row} row */
  update(row) {
    this.#keep(row);
    this.#changed();
    this.#countSoon();
  }

  /** Its customer had it deleted. @param {string} id */
  remove(id) {
    if (this.#rows.delete(id)) this.#countSoon();
  }

  /** @param {Row} row */
  #keep(row) {
    const known = this.#rows.get(row.id);
    if (!known || Date.parse(known.updated_at) <= Date.parse(row.updated_at)) this.#rows.set(row.id, row);
  }

  /**
   * @param {Counts} counts
   * @param {number} counted
   */
  #count(counts, counted) {
    this.counts = counts;
    this.counted = counted;
    this.#changed();
  }

  /** A busy workspace changes often; the numbers follow at their own pace. */
  #countSoon() {
    if (this.#isCounting) return;
    this.#isCounting = true;
    setTimeout(() => this.#recount(), this.counts ? COUNT_EVERY : 0);
  }

  async #recount() {
    this.#isCounting = false;
    try {
      const { counts, counted } = await (await get("counts/")).json();
      this.#count(counts, counted);
    } catch {
      return; // without a network the next connection loads everything again
    }
  }
}
