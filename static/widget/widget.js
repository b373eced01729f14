// The loader that a shop puts on its pages: the launcher, the public functions, and nothing more until it is opened.
//
//   <script async src="https://HOST/widget.js" data-workspace="pk_…"></script>
//
// window.supportbot has open, close, toggle, show, hide and on(event, fn), which returns a function that unsubscribes.
// Events: ready, open, close, message, unread, error. Calls made before this file has loaded may be queued:
//
//   window.supportbot = window.supportbot || { q: [] };
//   supportbot.q.push(["on", "unread", (count) => …], ["open"]);
//
// The widget speaks English, Spanish, French, German, Portuguese or Italian: data-locale="de", else the page's language,
// else the browser's, until the conversation's own is known.
//
// A page may set the colour before the first opening: supportbot-widget { --supportbot-colour: #2f5d50; }

/** @import {Panel, Widget} from "./protocol.js" */

(() => {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement) || customElements.get("supportbot-widget")) return;

  const { origin } = new URL(script.src);
  const workspace = script.dataset.workspace ?? "";
  const storageKey = `supportbot:${workspace}`;
  const SVG = "http://www.w3.org/2000/svg";
  const BUBBLE =
    "M12 3.5c5 0 9 3.4 9 7.7s-4 7.7-9 7.7a10 10 0 0 1-3-.45L4.5 20.5l1-3.7A7.3 7.3 0 0 1 3 11.2c0-4.3 4-7.7 9-7.7z";
  const CHEVRON = "M5.5 9l6.5 6.5L18.5 9";

  /** What the launcher is called, one message unread, several, and after a failure. @type {Record<string, string[]>} */
  const LABELS = {
    en: ["Chat with us", "1 unread message", "unread messages", "Chat could not be loaded. Try again"],
    es: ["Chatee con nosotros", "1 mensaje sin leer", "mensajes sin leer", "No se pudo cargar el chat. Reintentar"],
    fr: ["Discutez avec nous", "1 message non lu", "messages non lus", "Le chat n'a pas pu être chargé. Réessayer"],
    de: ["Chatten Sie mit uns", "1 ungelesene Nachricht", "ungelesene Nachrichten", "Chat nicht geladen. Noch einmal"],
    pt: ["Fale connosco", "1 mensagem por ler", "mensagens por ler", "Não foi possível carregar o chat. Tentar de novo"],
    it: ["Chatti con noi", "1 messaggio non letto", "messaggi non letti", "Impossibile caricare la chat. Riprova"],
  };

  const STYLE = `
    :host { --rem: max(16px, 1rem); --brand: #1c2420; --on-brand: #fff; all: initial; }
    :host([hidden]) { display: none; }
    .launcher {
      position: fixed; z-index: 2147483000;
      inset: auto calc(20px + env(safe-area-inset-right)) calc(20px + env(safe-area-inset-bottom)) auto;
      display: grid; place-items: center; box-sizing: border-box; width: 60px; height: 60px; padding: 0;
      border: 0; border-radius: 50%; background: var(--brand); color: var(--on-brand); cursor: pointer;
      box-shadow: 0 1px 2px rgb(0 0 0 / 20%), 0 8px 24px rgb(0 0 0 / 22%);
      transition: transform .18s cubic-bezier(.2, .7, .2, 1), box-shadow .18s;
      -webkit-tap-highlight-color: transparent; touch-action: manipulation;
    }
    .launcher:hover {
      transform: translateY(-2px);
      box-shadow: 0 2px 4px rgb(0 0 0 / 20%), 0 12px 32px rgb(0 0 0 / 26%);
    }
    .launcher:active { transform: scale(.96); }
    .launcher:focus-visible {
      outline: 3px solid var(--brand); outline-offset: 3px;
      box-shadow: 0 0 0 3px #fff, 0 0 0 8px #fff;
    }
    .launcher svg {
      grid-area: 1 / 1; width: 30px; height: 30px; fill: none; stroke: currentColor; stroke-width: 1.9;
      stroke-linecap: round; stroke-linejoin: round; transition: opacity .15s, transform .18s;
    }
    .launcher[aria-expanded="false"] .chevron { opacity: 0; transform: rotate(-60deg) scale(.6); }
    .launcher[aria-expanded="true"] .bubble { opacity: 0; transform: rotate(40deg) scale(.6); }
    .launcher[aria-busy="true"] .bubble { animation: wait 1s ease-in-out infinite alternate; }
    .badge {
      position: absolute; inset: -3px -3px auto auto; min-width: 22px; box-sizing: border-box; padding: 0 6px;
      border-radius: 11px; background: #c62828; color: #fff; box-shadow: 0 0 0 2px #fff;
      font: 650 13px/22px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; text-align: center;
    }
    .badge:empty { display: none; }
    @keyframes wait { to { opacity: .35; } }
    @media (forced-colors: active) { .launcher, .badge { border: 1px solid; } }
    @media (prefers-reduced-motion: reduce) { .launcher, .launcher svg { transition: none; animation: none; } }
    @media print { .launcher { display: none; } }
  `;

  /** @type {Map<string, Set<(detail: unknown) => void>>} */
  const listeners = new Map();
  /** @type {Promise<Panel> | null} */
  let loading = null;
  /** @type {Panel | null} */
  let panel = null;
  let unread = 0;
  let language = chosenLanguage();

  function chosenLanguage() {
    const tags = [script?.dataset.locale ?? "", document.documentElement.lang, ...navigator.languages];
    return tags.map((tag) => tag.toLowerCase().slice(0, 2)).find((code) => code in LABELS) ?? "en";
  }

  /**
   * @param {string} event
   * @param {unknown} [detail]
   */
  function emit(event, detail) {
    for (const listener of listeners.get(event) ?? []) listener(detail);
  }

  /**
   * @param {string} name
   * @param {string} path
   */
  function symbol(name, path) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", name);
    svg.setAttribute("aria-hidden", "true");
    svg.appendChild(document.createElementNS(SVG, "path")).setAttribute("d", path);
    return svg;
  }

  /** The shares of red, green and blue, 0 to 1, of a colour written as #rrggbb. @param {string} hex */
  const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);

  /** @param {number} share */
  const linear = (share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4);

  /** Relative luminance, WCAG 2.2. @param {number[]} rgb */
  function luminance(rgb) {
    const [red, green, blue] = rgb.map(linear);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  /**
   * The colour, moved towards black or white until it can be read on a background of this luminance.
   * @param {number[]} rgb
   * @param {number} background
   * @param {number} towards
   */
  function readable(rgb, background, towards) {
    for (let share = 0; share <= 1; share += 0.05) {
      const mixed = rgb.map((channel) => channel + (towards - channel) * share);
      const [dark, light] = [luminance(mixed), background].sort((a, b) => a - b);
      if ((light + 0.05) / (dark + 0.05) < 4.6) continue;
      return `rgb(${mixed.map((channel) => Math.round(channel * 255)).join(" ")})`;
    }
    return towards ? "#fff" : "#000";
  }

  const host = document.createElement("supportbot-widget");
  const root = host.attachShadow({ mode: "open" });
  const launcher = document.createElement("button");
  const badge = document.createElement("span");

  /** The page's own colour wins over the workspace's. @param {string} colour */
  function paint(colour) {
    const chosen = getComputedStyle(host).getPropertyValue("--supportbot-colour").trim() || colour;
    if (!/^#[0-9a-f]{6}$/i.test(chosen)) return;
    const rgb = channels(chosen);
    host.style.setProperty("--brand", chosen);
    host.style.setProperty("--on-brand", luminance(rgb) > 0.2 ? "#10130f" : "#fff");
    host.style.setProperty("--brand-on-light", readable(rgb, 0.87, 0));
    host.style.setProperty("--brand-on-dark", readable(rgb, 0.02, 1));
  }

  function label() {
    const [name, one, several] = LABELS[language];
    const waiting = unread ? [unread === 1 ? one : `${unread} ${several}`] : [];
    launcher.setAttribute("aria-label", [name, ...waiting].join(", "));
    host.lang = language;
    badge.textContent = unread ? String(Math.min(unread, 99)) : "";
  }

  /** @type {Widget} */
  const widget = {
    root,
    launcher,
    origin,
    workspace,
    emit,
    paint,
    get language() {
      return language;
    },
    speak(spoken) {
      language = spoken;
      label();
    },
    opened(open) {
      launcher.setAttribute("aria-expanded", String(open));
      label();
      rememberOpen(open);
      emit(open ? "open" : "close");
    },
    unread(count) {
      if (count === unread) return;
      unread = count;
      label();
      emit("unread", count);
    },
  };

  /** The panel's modules, loaded once; a failed attempt may be repeated. */
  async function load() {
    launcher.setAttribute("aria-busy", "true");
    try {
      loading ??= import(`${origin}/static/widget/panel.js`).then(({ mount }) => mount(widget));
      panel = await loading;
    } catch (error) {
      loading = null;
      launcher.setAttribute("aria-label", LABELS[language][3]);
      emit("error", error);
    } finally {
      launcher.removeAttribute("aria-busy");
    }
  }

  /** @param {boolean} takeFocus */
  async function open(takeFocus) {
    await load();
    host.hidden = false;
    panel?.open(takeFocus);
  }

  const api = {
    open: () => void open(true),
    close: () => panel?.close(),
    toggle: () => (panel?.isOpen ? api.close() : api.open()),
    show: () => void (host.hidden = false),
    hide: () => {
      api.close();
      host.hidden = true;
    },
    /**
     * @param {string} event
     * @param {(detail: unknown) => void} listener
     */
    on(event, listener) {
      const group = listeners.get(event) ?? new Set();
      listeners.set(event, group.add(listener));
      return () => group.delete(listener);
    },
  };

  /** Whether the panel was open on the page before; a tab's own matter. @param {boolean} isOpen */
  function rememberOpen(isOpen) {
    try {
      sessionStorage.setItem(`${storageKey}:open`, String(isOpen));
    } catch {
      // Without storage the next page starts with the panel closed.
    }
  }

  /** A visitor who has chatted before gets messages without opening; everybody else loads and stores nothing. */
  function comeBack() {
    try {
      const visitor = JSON.parse(localStorage.getItem(storageKey) ?? "{}");
      if (visitor.colour) paint(visitor.colour);
      const isWide = matchMedia("(min-width: 481px) and (min-height: 481px)").matches;
      if (isWide && sessionStorage.getItem(`${storageKey}:open`) === "true") void open(false);
      else if (visitor.token) void load();
    } catch {
      // Blocked or illegible storage: as if the visitor came for the first time.
    }
  }

  function build() {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    launcher.type = "button";
    launcher.className = "launcher";
    launcher.setAttribute("aria-expanded", "false");
    launcher.setAttribute("aria-haspopup", "dialog");
    badge.className = "badge";
    badge.setAttribute("aria-hidden", "true");
    launcher.append(symbol("bubble", BUBBLE), symbol("chevron", CHEVRON), badge);
    launcher.onclick = api.toggle;
    root.append(launcher);
    label();
  }

  /** @param {unknown[]} call a function's name and its arguments */
  function run([name, ...values]) {
    const fn = /** @type {Record<string, (...values: any[]) => unknown>} */ (api)[String(name)];
    fn?.(...values);
  }

  function start() {
    document.body.append(host);
    paint("");
    addEventListener("load", () => paint(""));
    comeBack();
    const queued = Reflect.get(window, "supportbot")?.q ?? [];
    const q = { push: (/** @type {unknown[][]} */ ...calls) => calls.forEach(run) };
    Reflect.set(window, "supportbot", { ...api, q });
    queued.forEach(run);
    emit("ready");
  }

  customElements.define("supportbot-widget", class extends HTMLElement {});
  build();
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
