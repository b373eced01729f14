// The server's door for a customer's files: the visitor's token says who asks, as it does on the websocket.

/** @import {Attachment} from "../protocol.js" */
/** @import {Store} from "../store.js" */

import { picture } from "./picture.js";
import { upload } from "./upload.js";

const THUMBNAIL = 480;
const WHOLE = 4_096;

export class Door {
  #address;
  #store;

  /**
   * @param {string} origin
   * @param {string} workspace
   * @param {Store} store
   */
  constructor(origin, workspace, store) {
    this.#address = `${origin}/widget/${encodeURIComponent(workspace)}/attachments/`;
    this.#store = store;
  }

  /**
   * @param {File} file
   * @param {(share: number) => void} progress
   * @param {AbortSignal} signal
   */
  upload(file, progress, signal) {
    return upload(this.#address, this.#headers, file, progress, signal);
  }

  /** @param {string} id of a file that is not sent */
  remove(id) {
    void fetch(`${this.#address}${id}/`, { method: "DELETE", headers: this.#headers }).catch(() => {});
  }

  /** @param {Attachment} attachment */
  thumbnail(attachment) {
    return picture(attachment.name, attachment, this.#content(`${attachment.id}/?small`), THUMBNAIL);
  }

  /** @param {Attachment} attachment */
  whole(attachment) {
    return picture(attachment.name, attachment, this.#content(`${attachment.id}/`), WHOLE);
  }

  /** Hand the file to the browser's downloads. @param {Attachment} attachment */
  async save({ id, name }) {
    const address = URL.createObjectURL(await this.#content(`${id}/`));
    const link = document.createElement("a");
    Object.assign(link, { href: address, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  get #headers() {
    return { Authorization: `Bearer ${this.#store.token}` };
  }

  /** @param {string} path */
  async #content(path) {
    const response = await fetch(this.#address + path, { headers: this.#headers });
    if (!response.ok) throw new Error(`a file answered ${response.status}`);
    return response.blob();
  }
}
