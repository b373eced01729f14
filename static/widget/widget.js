// The loader that a shop puts on its pages: the launcher, the public functions, and nothing more until it is opened.
// The server sends it with its imports put in, as one script that is no module.
//
//   <script async src="https://HOST/widget.js" data-workspace="pk_…"></script>
//
// docs/widget.md describes window.supportbot, its events and the settings of a page.

/** @import {Panel, Person, Profile, Settings, Widget} from "./protocol.js" */

import { shades } from "./colours.js";
import { LABELS, makeLauncher, STYLE } from "./launcher.js";
import { clear, follow } from "./storage.js";

/** @param {HTMLScriptElement} script */
function load(script) {
  const { origin } = new URL(script.src);
  const { workspace = "", ...data } = script.dataset;
  const storageKey = `supportbot:${workspace}`;

  /** @type {Settings} */
  const settings = {
    ...data,
    hideLauncher: "hideLauncher" in data,
    frame: "frame" in data,
    ...Reflect.get(window, "supportbotSettings"),
  };

  /** @returns {Profile} */
  const nobody = () => ({ user: {}, attributes: {}, conversation: {} });

  let profile = nobody();
  /** @type {Map<string, Set<(detail: unknown) => void>>} */
  const listeners = new Map();
  /** @type {Promise<Panel> | null} */
  let loading = null;
  /** @type {Panel | null} */
  let panel = null;
  let unread = 0;
  let isReady = false;
  let language = chosenLanguage();
  /** @type {string} */
  let known = visitor().colour ?? "";

  function chosenLanguage() {
    const tags = [settings.locale ?? "", document.documentElement.lang, ...navigator.languages];
    return tags.map((tag) => tag.toLowerCase().slice(0, 2)).find((code) => code in LABELS) ?? "en";
  }

  /** A page that renders its whole body anew takes the widget with it, so it comes back; a copy of the page has none. */
  class Host extends HTMLElement {
    connectedCallback() {
      if (this !== host) this.remove();
    }

    disconnectedCallback() {
      if (this === host) setTimeout(attach);
    }
  }
  customElements.define("supportbot-widget", Host);
  /** @type {HTMLElement} */
  const host = new Host();
  const root = host.attachShadow({ mode: "open" });
  const launcher = makeLauncher(settings.launcherText ?? "", () => api.toggle());
  const sheet = new CSSStyleSheet();

  /**
   * A listener of the page that fails is the page's matter.
   * @param {string} event
   * @param {unknown} [detail]
   */
  function emit(event, detail) {
    for (const listener of listeners.get(event) ?? []) {
      try {
        listener(detail);
      } catch (error) {
        reportError(error);
      }
    }
  }

  /** The page's own colour wins over the workspace's. @param {string} colour the last one that is known */
  function paint(colour = known) {
    known = colour;
    for (const [name, value] of Object.entries(shades(widget.colour || colour))) host.style.setProperty(name, value);
  }

  function label() {
    launcher.label(language, unread);
    host.lang = language;
  }

  /** @type {Widget} */
  const widget = {
    root,
    launcher: launcher.button,
    origin,
    workspace,
    emit,
    paint,
    get language() {
      return language;
    },
    get page() {
      return location.origin + location.pathname;
    },
    get colour() {
      return settings.colour ?? getComputedStyle(host).getPropertyValue("--supportbot-colour").trim();
    },
    speak(spoken) {
      language = spoken;
      label();
    },
    said: "",
    get profile() {
      return profile;
    },
    opened(open) {
      launcher.button.setAttribute("aria-expanded", String(open));
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
    restart() {
      const wasOpen = panel?.isOpen;
      drop();
      void (wasOpen ? open(false) : fetchPanel());
    },
    forget,
  };

  /** @returns {Promise<Panel>} */
  function mountPanel() {
    return import(`${origin}/widget/${settings.frame ? "frame" : "panel"}.js`).then(({ mount }) => mount(widget));
  }

  /** The panel, loaded once; a failed attempt may be repeated. */
  async function fetchPanel() {
    launcher.button.setAttribute("aria-busy", "true");
    const attempt = (loading ??= mountPanel());
    try {
      const made = await attempt;
      if (attempt === loading) panel = made;
    } catch (error) {
      loading = null;
      launcher.complain(language);
      emit("error", { code: "not_loaded", message: String(error) });
    } finally {
      launcher.button.removeAttribute("aria-busy");
    }
  }

  /** @param {boolean} takeFocus */
  async function open(takeFocus) {
    await fetchPanel();
    host.hidden = false;
    panel?.open(takeFocus);
  }

  /** The panel goes, with all that it shows. */
  function drop() {
    panel?.close();
    if (panel) panel.destroy();
    else void loading?.then((made) => made.destroy(), () => {});
    panel = loading = null;
    root.adoptedStyleSheets = [sheet];
    widget.said = "";
    widget.unread(0);
  }

  function forget() {
    drop();
    profile = nobody();
    widget.speak(chosenLanguage());
    clear(storageKey);
  }

  /** A panel that is not there yet signs out when it is; in a frame, also one that was opened on an earlier page. */
  async function signOutLater() {
    const left = await (loading ?? (visitor().framed ? mountPanel() : null))?.catch(() => null);
    left?.signOut();
    left?.destroy();
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
    /** @param {Person} user */
    setUser(user) {
      profile.user = { ...user };
      panel?.introduce(true);
    },
    /** @param {Profile["attributes"]} attributes */
    setCustomAttributes(attributes) {
      Object.assign(profile.attributes, attributes);
      panel?.introduce();
    },
    /** @param {Profile["attributes"]} attributes */
    setConversationAttributes(attributes) {
      Object.assign(profile.conversation, attributes);
      panel?.introduce();
    },
    /** @param {string} locale */
    setLocale(locale) {
      settings.locale = locale;
      widget.speak(chosenLanguage());
      panel?.speak(language);
    },
    /** For sign-out: the next customer at this browser finds nothing of this one. */
    reset() {
      if (panel) panel.signOut();
      else void signOutLater();
      forget();
    },
    /**
     * @param {string} event
     * @param {(detail: unknown) => void} listener
     */
    on(event, listener) {
      const group = listeners.get(event) ?? new Set();
      listeners.set(event, group.add(listener));
      if (event === "ready" && isReady) queueMicrotask(() => group.has(listener) && listener(undefined));
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

  /** What an earlier page has kept of the visitor. */
  function visitor() {
    try {
      return JSON.parse(localStorage.getItem(storageKey) ?? "{}");
    } catch {
      return {}; // blocked or illegible storage: as if the visitor came for the first time
    }
  }

  /** A visitor who has chatted before gets messages without opening; everybody else loads and stores nothing. */
  function comeBack() {
    const { token, framed } = visitor();
    if (!token && !framed) return;
    const isWide = matchMedia("(min-width: 481px) and (min-height: 481px)").matches;
    void (isWide && sessionStorage.getItem(`${storageKey}:open`) === "true" ? open(false) : fetchPanel());
  }

  /** The workspace's colour, and what it says by itself; the launcher does without if there is no answer. */
  async function ask() {
    try {
      const answer = await fetch(`${origin}/widget/${workspace}/start.json`);
      if (answer.status === 410) return host.remove(); // the workspace is closed
      const { colour, proactive } = await answer.json();
      paint(colour);
      if (!proactive.length) return;
      const { watch } = await import(`${origin}/widget/proactive.js`);
      await watch(widget, proactive, api);
    } catch (error) {
      emit("error", { code: "not_loaded", message: String(error) });
    }
  }

  function build() {
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    host.dataset.side = settings.position === "left" ? "left" : "right";
    launcher.button.hidden = host.toggleAttribute("data-bare", Boolean(settings.hideLauncher));
    // Keys typed in the chat are no shortcuts of the page.
    for (const type of ["keydown", "keypress", "keyup"]) root.addEventListener(type, (event) => event.stopPropagation());
    root.append(launcher.button);
    label();
  }

  /** @param {unknown[]} call a function's name and its arguments */
  function run([name, ...values]) {
    const fn = /** @type {Record<string, (...values: any[]) => unknown>} */ (api)[String(name)];
    fn?.(...values);
  }

  function start() {
    attach();
    // The colour that the page's styles name is read before the next frame, not now: that would style the page twice.
    requestAnimationFrame(() => paint());
    addEventListener("load", () => paint());
    follow(storageKey, { forget: () => loading && forget(), restart: () => loading && widget.restart() });
    const queued = Reflect.get(window, "supportbot")?.q ?? [];
    const q = { push: (/** @type {unknown[][]} */ ...calls) => calls.forEach(run) };
    Reflect.set(window, "supportbot", { ...api, q });
    queued.forEach(run);
    isReady = true;
    emit("ready");
    comeBack();
    void ask();
  }

  function attach() {
    if (!host.isConnected) (document.body ?? document.documentElement).append(host);
  }

  build();
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
}

const own = document.currentScript;
if (own instanceof HTMLScriptElement && !customElements.get("supportbot-widget")) load(own);
