// The server's door for an agent's files: the session says who asks.

/** @import {Attachment} from "../widget/protocol.js" */

import { element } from "../widget/dom.js";
import { upload } from "../widget/files/upload.js";
import { address } from "./page.js";

const WIDEST = 240;
const HIGHEST = 200;

/** @param {string} conversation */
export function uploadsTo(conversation) {
  const path = `${conversation}/attachments/`;
  return {
    /**
     * @param {File} file
     * @param {(share: number) => void} progress
     * @param {AbortSignal} signal
     */
    upload: (file, progress, signal) => upload(address(path), token(), file, progress, signal),
    /** @param {string} id of a file that is not sent */
    remove: (id) => void fetch(address(`${path}${id}/`), { method: "DELETE", headers: token() }).catch(() => {}),
    thumbnail,
  };
}

export const pictures = { thumbnail, whole, save };

/** @param {Attachment} attachment */
function thumbnail({ id, name, width, height }) {
  const made = element("img", { src: source(id, { small: "" }), alt: name, loading: "lazy" });
  if (width && height) {
    const share = Math.min(1, WIDEST / width, HIGHEST / height); // it has its place before it is there
    Object.assign(made, { width: Math.ceil(width * share), height: Math.ceil(height * share) });
  }
  return made;
}

/** @param {Attachment} attachment */
function whole({ id, name }) {
  return element("img", { src: source(id), alt: name });
}

/** @param {Attachment} attachment */
function save({ id, name }) {
  element("a", { href: source(id), download: name }).click();
}

/**
 * @param {string} id
 * @param {Record<string, string>} query
 */
function source(id, query = {}) {
  return address(`attachments/${id}/`, query);
}

/** What Django asks for beside the cookie. @returns {Record<string, string>} */
export function token() {
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return field instanceof HTMLInputElement ? { "X-CSRFToken": field.value } : {};
}
