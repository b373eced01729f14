/**
 * The lens over tokens and heat map cells: hover or keyboard focus shows which experts were chosen and how strongly.
 * Arrow keys move inside a text or a table, which is one tab stop; Escape puts the lens away.
 */

const EXPERT_STYLES = 12;

/** @type {string[]} */
const names = JSON.parse(document.getElementById("expert-names")?.textContent ?? "[]");

const root = document.querySelector("#routing");
const lens = document.createElement("div");
lens.className = "lens";
lens.id = "lens";
lens.setAttribute("role", "tooltip");
lens.hidden = true;
root?.append(lens);

/** @type {HTMLElement | null} */
let shown = null;

/**
 * @param {string} tag
 * @param {string} text
 * @param {string} [style]
 */
function element(tag, text, style) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (style) made.className = style;
  return made;
}

/**
 * One chosen expert of a layer.
 * @param {string} choice as "3:62"
 */
function chosen(choice) {
  const [number, percent] = choice.split(":").map(Number);
  const line = document.createElement("div");
  const style = `mark expert-${number % EXPERT_STYLES}`;
  const name = names[number] ?? `expert ${number}`;
  line.append(element("span", `${number}`, style), ` ${name} ${percent} %`);
  return line;
}

/** @param {string} routes as "3:62,7:38|0:80,2:20" */
function layers(routes) {
  const table = document.createElement("table");
  routes.split("|").forEach((layer, index) => {
    const row = table.insertRow();
    const head = element("th", `Layer ${index + 1}`);
    head.setAttribute("scope", "row");
    row.append(head);
    row.insertCell().append(...layer.split(",").map(chosen));
  });
  return table;
}

/** @param {HTMLElement} item */
function word(item) {
  return item.firstChild?.textContent ?? "";
}

/** @param {HTMLElement} item */
function content(item) {
  const { routes, leader, title, text } = item.dataset;
  if (!routes) return [element("strong", title ?? ""), element("p", text ?? "")];
  const lead = `Led by expert ${leader}, ${names[Number(leader)] ?? ""}`;
  return [element("strong", `“${word(item)}”`), element("p", lead), layers(routes)];
}

/** @param {HTMLElement} item */
function show(item) {
  if (shown === item) return;
  hide();
  shown = item;
  lens.replaceChildren(...content(item));
  lens.hidden = false;
  item.setAttribute("aria-describedby", lens.id);
  place(item);
}

function hide() {
  shown?.removeAttribute("aria-describedby");
  shown = null;
  lens.hidden = true;
}

/**
 * Under the item, or over it where there is no room; never outside of the page.
 * @param {HTMLElement} item
 */
function place(item) {
  const at = item.getClientRects()[0];
  const frame = /** @type {HTMLElement} */ (lens.offsetParent ?? document.body).getBoundingClientRect();
  const below = at.bottom + lens.offsetHeight + 8 < window.innerHeight || at.top < lens.offsetHeight;
  const top = below ? at.bottom + 4 : at.top - lens.offsetHeight - 4;
  const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - lens.offsetWidth - 8));
  lens.style.top = `${top - frame.top}px`;
  lens.style.left = `${left - frame.left}px`;
}

/** @param {EventTarget | null} target */
function itemOf(target) {
  const found = target instanceof Element ? target.closest("[data-routes], [data-title]") : null;
  return found instanceof HTMLElement ? found : null;
}

/**
 * How far a key moves among the items.
 * @param {string} key
 * @param {number} columns
 */
function step(key, columns) {
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -Infinity, End: Infinity };
  return steps[key] ?? 0;
}

/**
 * @param {HTMLElement} item
 * @param {KeyboardEvent} event
 */
function move(item, event) {
  const group = /** @type {HTMLElement | null} */ (item.closest("[data-inspect]"));
  if (!group) return;
  /** @type {HTMLElement[]} */
  const items = [...group.querySelectorAll("[data-routes], [data-title]")].filter((one) => one instanceof HTMLElement);
  const columns = item.parentElement?.querySelectorAll("[data-title]").length || 1;
  const distance = step(event.key, columns);
  if (!distance) return;
  event.preventDefault();
  const target = items.indexOf(item) + distance;
  const inside = Number.isFinite(distance) ? target : Math.max(0, Math.min(items.length - 1, target));
  const next = items[inside];
  if (!next) return;
  item.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

root?.addEventListener("mouseover", ({ target }) => {
  const item = itemOf(target);
  if (item) show(item);
  else if (!lens.contains(/** @type {Node} */ (target))) hide();
});
root?.addEventListener("mouseleave", hide);
root?.addEventListener("focusin", ({ target }) => {
  const item = itemOf(target);
  if (item) show(item);
});
root?.addEventListener("focusout", hide);
root?.addEventListener("click", ({ target }) => itemOf(target)?.focus());
document.addEventListener("keydown", (event) => {
  const item = itemOf(event.target);
  if (event.key === "Escape") hide();
  else if (item) move(item, event);
});
