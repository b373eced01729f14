// The inbox's conversations as far as they were loaded, in the order of what is shown, and how many each view has.
// Loaded page by page, kept up to date by `conversation.changed`, and after a gap by asking what has changed. Knows no
// elements.

/** @import {Listing} from "./filters.js" */
/** @import {Counts, Mode, Row} from "./protocol.js" */

import { get } from "./page.js";

const COUNT_EVERY = 2_000;

export class Rows {
  #changed;
  #erased;
  #merged;
  #isCounting = false;
  #isLoadingMore = false;
  /** @type {Map<string, Row>} whatever view they belong to */
  #rows = new Map();
  /** @type {Set<string>} what the agent has written and not sent: conversation and kind */
  #drafts = new Set();
  /** @type {Listing | null} */
  #listing = null;
  /** @type {string | null | undefined} where the next page begins; null after the last, undefined before the first */
  #next;
  /** The server's time when it last told all that has changed. */
  #at = "";
  /** @type {Row[]} what is shown, in order */
  shown = [];
  /** @type {Counts | null} */
  counts = null;
  /** Above this the server does not count. */
  counted = 0;
  #total = 0;

  /**
   * @param {() => void} changed
   * @param {(id: string) => void} erased called for what is gone, if the event was missed
   * @param {(id: string, into: string) => void} merged called for what is a part of another one now, likewise
   */
  constructor(changed, erased, merged) {
    this.#merged = merged;
    this.#changed = changed;
    this.#erased = erased;
  }

  /** @param {string} id */
  get(id) {
    return this.#rows.get(id);
  }

  /** All that is known, the newest first. */
  get all() {
    return [...this.#rows.values()].sort((a, b) => Date.parse(b.active_at) - Date.parse(a.active_at));
  }

  /** Also know the newest that the list does not show. */
  async loadAll() {
    /** @type {{rows: Row[]}} */
    const { rows } = await (await get("conversations/", { view: "all" })).json();
    for (const row of rows) this.#keep(row);
  }

  /** @param {string} id */
  hasDraft(id) {
    return this.#drafts.has(`${id} reply`) || this.#drafts.has(`${id} note`);
  }

  /**
   * @param {string} id
   * @param {Mode} kind
   * @param {string} draft
   */
  markDraft(id, kind, draft) {
    if (draft.trim()) this.#drafts.add(`${id} ${kind}`);
    else this.#drafts.delete(`${id} ${kind}`);
  }

  get isLoaded() {
    return this.#next !== undefined;
  }

  /** How many there are of what is shown: exact once all pages are loaded, until then as of the last of them. */
  get total() {
    return this.hasMore ? this.#total : this.shown.length;
  }

  get hasMore() {
    return Boolean(this.#next);
  }

  /**
   * Show a listing from its beginning.
   * @param {Listing} listing
   */
  async show(listing) {
    this.#listing = listing;
    this.#next = undefined;
    this.#rebuild();
    await this.#load(listing, "");
  }

  /** Load the next page, once at a time. */
  async more() {
    if (!this.#next || !this.#listing || this.#isLoadingMore) return;
    this.#isLoadingMore = true;
    try {
      await this.#load(this.#listing, this.#next);
    } catch {
      return; // without a network the next connection loads it
    } finally {
      this.#isLoadingMore = false;
    }
  }

  /** Events may be dropped on their way: ask what has changed since the server was last asked. */
  async catchUp() {
    if (!this.#listing) return;
    if (!this.isLoaded || !this.#at) return await this.#load(this.#listing, "");
    /** @type {{rows: Row[], drafts: [string, Mode][], complete: boolean, erased: string[], merged: [string, string][], at: string, counts: Counts, counted: number}} */
    const { rows, drafts, complete, erased, merged, at, counts, counted } = await (await get("conversations/", { since: this.#at })).json();
    for (const id of erased) this.#erased(id);
    for (const [id, into] of merged) this.#merged(id, into);
    if (!complete) return await this.#startAnew(this.#listing);
    this.#at = at;
    this.#drafts = new Set(drafts.map((draft) => draft.join(" ")));
    for (const row of rows) this.#keep(row);
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
    if (!this.#rows.delete(id)) return;
    this.shown = this.shown.filter((row) => row.id !== id);
    this.#countSoon();
  }

  /** @param {Listing} listing */
  async #startAnew(listing) {
    this.#rows.clear();
    await this.show(listing);
  }

  /**
   * @param {Listing} listing
   * @param {string} after
   */
  async #load(listing, after) {
    const query = listing.query;
    if (after) query.set("after", after);
    /** @type {{rows: Row[], drafts: [string, Mode][], next: string | null, total: number, bounds: Record<string, string>, at: string, counts: Counts, counted: number}} */
    const { rows, drafts, next, total, bounds, at, counts, counted } = await (await get("conversations/", query)).json();
    if (listing !== this.#listing) return;
    for (const row of rows) this.#store(row);
    listing.bounds = bounds;
    this.#drafts = new Set(drafts.map((draft) => draft.join(" ")));
    this.#next = next;
    this.#at ||= at;
    this.#total = total;
    this.#rebuild();
    this.#count(counts, counted);
  }

  /** @param {Row} row */
  #store(row) {
    const known = this.#rows.get(row.id);
    const isNews = !known || known.updated_at <= row.updated_at;
    if (isNews) this.#rows.set(row.id, row);
    return isNews;
  }

  /** @param {Row} row */
  #keep(row) {
    if (!this.#store(row)) return;
    const at = this.shown.findIndex(({ id }) => id === row.id);
    if (at >= 0) this.shown.splice(at, 1);
    if (this.#isShown(row)) this.shown.splice(this.#placeOf(row), 0, row);
  }

  #rebuild() {
    const listing = this.#listing;
    if (!listing) return;
    this.shown = [...this.#rows.values()].filter((row) => this.#isShown(row)).sort((a, b) => listing.compare(a, b));
  }

  /**
   * What stands below the pages that were loaded would leave a gap above itself.
   * @param {Row} row
   */
  #isShown(row) {
    return Boolean(this.#listing?.has(row)) && (!this.#next || Boolean(this.#listing?.isAbove(row, this.#next)));
  }

  /** @param {Row} row */
  #placeOf(row) {
    let [low, high] = [0, this.shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#listing?.compare(this.shown[middle], row) ?? 0) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
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
