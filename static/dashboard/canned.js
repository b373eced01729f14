// The canned responses of a conversation, filled in by the server, as a menu offers them.

/** @import {Option} from "./menu.js" */

import { element } from "../widget/dom.js";
import { get } from "./page.js";

/** @typedef {{id: number, code: string, title: string, text: string, missing: string[]}} Response */

/**
 * @param {string} conversation
 * @returns {Promise<Option[]>}
 */
export async function cannedResponses(conversation) {
  /** @type {{responses: Response[]}} */
  const { responses } = await (await get(`${conversation}/canned/`)).json();
  return responses.map(option);
}

/** @param {Response} response */
function option({ id, code, title, text, missing }) {
  const draw = () => [
    element("span", { class: "option-head" }, element("code", {}, `/${code}`), element("span", { dir: "auto" }, title)),
    element("span", { class: "option-text", dir: "auto" }, text),
    ...(missing.length ? [element("span", { class: "option-missing" }, `To be filled in: ${missing.join(", ")}`)] : []),
  ];
  return { id: String(id), find: `${code} ${title} ${text}`, draw, text };
}
