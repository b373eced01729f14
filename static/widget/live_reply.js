// The reply that is being written, put together from its chunks. Knows no connection and no elements.

/** @import {ReplyChunk} from "./protocol.js" */
/** @import {Live} from "./items.js" */

export class LiveReply {
  #asked = "";

  /** @type {Live | null} */
  live = null;

  /**
   * @param {string} reply
   * @param {number} inReplyTo
   */
  start(reply, inReplyTo) {
    if (this.live?.reply !== reply) this.live = { reply, inReplyTo, text: "", at: new Date() };
  }

  /**
   * Offsets count characters as the server does: code points.
   * @param {Pick<ReplyChunk, "reply" | "offset" | "text">} chunk
   * @returns {boolean} whether a chunk was lost, so that the whole text must be asked for; true once for each reply
   */
  extend({ reply, offset, text }) {
    const { live } = this;
    const soFar = [...(live?.text ?? "")];
    if (live?.reply !== reply || offset > soFar.length) return this.#isMissed(reply);
    if (offset + [...text].length > soFar.length) live.text = soFar.slice(0, offset).join("") + text;
    return false;
  }

  /** @param {number | null} inReplyTo */
  end(inReplyTo) {
    if (this.live?.inReplyTo !== inReplyTo) return;
    this.#asked = this.live.reply;
    this.live = null;
  }

  /** @param {string} reply */
  #isMissed(reply) {
    const isNew = this.#asked !== reply;
    this.#asked = reply;
    return isNew;
  }
}
