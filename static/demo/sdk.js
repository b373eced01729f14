// The page's own script: it calls the widget's public functions through its queue, and shows what the widget tells.

const EVENTS = ["ready", "open", "close", "message", "unread", "conversation", "error"];
const list = document.querySelector("[data-events]");

/**
 * @param {string} name
 * @param {unknown[]} values
 */
function call(name, ...values) {
  const own = /** @type {any} */ (window);
  own.supportbot ??= { q: [] };
  own.supportbot.q.push([name, ...values]);
}

/**
 * @param {string} event
 * @param {unknown} detail
 */
function show(event, detail) {
  const line = document.createElement("li");
  const name = document.createElement("code");
  name.textContent = event;
  line.append(name, detail === undefined ? "" : ` ${JSON.stringify(detail)}`);
  list?.prepend(line);
}

for (const event of EVENTS) call("on", event, (/** @type {unknown} */ detail) => show(event, detail));

for (const button of document.querySelectorAll("[data-call]")) {
  const { call: name = "", value } = /** @type {HTMLElement} */ (button).dataset;
  button.addEventListener("click", () => call(name, ...(value ? [JSON.parse(value)] : [])));
}

for (const button of document.querySelectorAll("[data-customer]")) {
  const customer = /** @type {HTMLElement} */ (button).dataset.customer ?? "";
  const token = customer === "forged" ? "not.a.token" : () => fetch(`token/${customer}`).then((answer) => answer.text());
  button.addEventListener("click", () => call("setUser", { token }));
}
