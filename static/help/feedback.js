// "Was this helpful?" answered without leaving the article. The links lead to a page with a form, whose token makes the
// answer the reader's own; this script fetches that form and sends it. Any failure lets the link or form do its work.

import { load } from "./page.js";

/** @param {HTMLElement} box */
export function answerInPlace(box) {
  box.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(link.href).catch(() => location.assign(link.href));
  });
  box.addEventListener("submit", (event) => {
    if (!(event.target instanceof HTMLFormElement)) return;
    const form = event.target;
    event.preventDefault();
    send(form, new FormData(form)).catch(() => form.submit());
  });

  /** @param {string} address */
  async function choose(address) {
    const form = (await load(address)).querySelector("[data-feedback] form");
    if (!(form instanceof HTMLFormElement)) throw new Error("no form");
    const answer = new FormData(form);
    answer.delete("comment");
    await send(form, answer);
  }

  /**
   * @param {HTMLFormElement} form
   * @param {FormData} answer
   */
  async function send(form, answer) {
    const page = await load(new URL(form.getAttribute("action") ?? "", location.href), { method: "POST", body: answer });
    const next = page.querySelector("[data-feedback]");
    if (!next) throw new Error("no answer");
    box.replaceChildren(...next.childNodes);
    const field = box.querySelector("textarea");
    (field ?? box).focus();
  }
}
