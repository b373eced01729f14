// Another page of the help centre as a document, of which a part can be shown here.

/**
 * @param {string | URL} address
 * @param {RequestInit} [options]
 */
export async function load(address, options) {
  const response = await fetch(address, options);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
