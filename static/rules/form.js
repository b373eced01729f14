// The form of a rule: rows come and go, and each shows what can be said of what was chosen in it.
// @ts-check

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("rule-form"));

/** @param {string} selector */
function copyOf(selector) {
  const template = /** @type {HTMLTemplateElement | null} */ (form?.querySelector(selector) ?? null);
  return template?.content.cloneNode(true) ?? document.createDocumentFragment();
}

/** Only what is waited for has a time. */
function showTime() {
  const event = /** @type {HTMLSelectElement | null} */ (form?.elements.namedItem("event") ?? null);
  const time = /** @type {HTMLElement | null} */ (form?.querySelector("[data-time]") ?? null);
  if (event && time) time.hidden = !(form?.dataset.timed ?? "").split(" ").includes(event.value);
}

form?.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLSelectElement)) return;
  const kind = target.dataset.picks;
  if (kind) target.closest("[data-row]")?.querySelector("[data-part]")?.replaceChildren(copyOf(`template[data-${kind}="${target.value}"]`));
  else showTime();
});

form?.addEventListener("click", ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  const kind = target.dataset.adds;
  if (kind) {
    const rows = form.querySelector(`#rows-${kind}`);
    rows?.append(copyOf(`template[data-row-of="${kind}"]`));
    /** @type {HTMLElement | null | undefined} */ (rows?.querySelector("li:last-child select"))?.focus();
  } else if ("removes" in target.dataset) {
    const add = /** @type {HTMLElement | null | undefined} */ (target.closest("fieldset")?.querySelector("[data-adds]"));
    target.closest("[data-row]")?.remove();
    add?.focus();
  }
});

showTime();
