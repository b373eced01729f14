// The elements that the server has put into the page, and its addresses.

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

/**
 * Regions that are read out would be read again if they were set to the same words.
 * @param {HTMLElement} target
 * @param {string} words
 */
export function setText(target, words) {
  if (target.textContent !== words) target.textContent = words;
}

/**
 * An address of the inbox, in the workspace of this page.
 * @param {string} path below /inbox/
 * @param {Record<string, string> | URLSearchParams} query
 */
export function address(path, query = {}) {
  const { workspace } = byId("desk", HTMLElement).dataset;
  const search = new URLSearchParams(query);
  if (workspace) search.set("workspace", workspace);
  return `/inbox/${path}${search.size ? `?${search}` : ""}`;
}

/**
 * A page of ours; whoever is no longer signed in goes to sign in.
 * @param {string} path below /inbox/
 * @param {Record<string, string> | URLSearchParams} query
 */
export async function get(path, query = {}) {
  const response = await fetch(address(path, query));
  if (response.redirected) location.reload();
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response;
}
