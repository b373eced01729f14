// Results while typing: the search page's own, shown below the field. Without this script the form leads there.

import { load } from "./page.js";

const PAUSE = 150; // milliseconds without a key
const SHORTEST = 2; // letters

/** @param {HTMLFormElement} form */
export function searchWhileTyping(form) {
  const field = form.querySelector("input");
  const place = document.querySelector("[data-results]");
  const rest = document.querySelector("[data-unsearched]");
  if (!field || !(place instanceof HTMLElement)) return;
  let waiting = 0;
  let running = new AbortController();

  async function search() {
    running.abort();
    running = new AbortController();
    const query = field?.value.trim() ?? "";
    const address = new URL(form.action);
    address.searchParams.set("q", query);
    const page = query.length < SHORTEST ? null : await load(address, { signal: running.signal }).catch(() => null);
    if (page === null && query.length >= SHORTEST) return;
    show(page?.querySelector("[data-results]") ?? null, address);
  }

  /**
   * @param {Element | null} results
   * @param {URL} address
   */
  function show(results, address) {
    place?.replaceChildren(...(results?.childNodes ?? []));
    if (rest instanceof HTMLElement) rest.hidden = results !== null;
    if (place?.hasAttribute("data-keep-address")) history.replaceState(null, "", address);
  }

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, PAUSE);
  });
}
