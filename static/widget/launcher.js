// The round button in the corner of the page. Knows no chat.

const SVG = "http://www.w3.org/2000/svg";
const BUBBLE =
  "M12 3.5c5 0 9 3.4 9 7.7s-4 7.7-9 7.7a10 10 0 0 1-3-.45L4.5 20.5l1-3.7A7.3 7.3 0 0 1 3 11.2c0-4.3 4-7.7 9-7.7z";
const CHEVRON = "M5.5 9l6.5 6.5L18.5 9";

/** What it is called, one message unread, several, and after a failure. @type {Record<string, string[]>} */
export const LABELS = {
  en: ["Chat with us", "1 unread message", "unread messages", "Chat could not be loaded. Try again"],
  es: ["Chatee con nosotros", "1 mensaje sin leer", "mensajes sin leer", "No se pudo cargar el chat. Reintentar"],
  fr: ["Discutez avec nous", "1 message non lu", "messages non lus", "Le chat n'a pas pu être chargé. Réessayer"],
  de: ["Chatten Sie mit uns", "1 ungelesene Nachricht", "ungelesene Nachrichten", "Chat nicht geladen. Noch einmal"],
  pt: ["Fale connosco", "1 mensagem por ler", "mensagens por ler", "Não foi possível carregar o chat. Tentar de novo"],
  it: ["Chatti con noi", "1 messaggio non letto", "messaggi non letti", "Impossibile caricare la chat. Riprova"],
};

/** The style sheet of the launcher; the server puts the text of launcher.css here. */
export const STYLE = `{launcher.css}`;

/**
 * @param {string} text beside the symbol, if any
 * @param {() => void} pressed
 */
export function makeLauncher(text, pressed) {
  const button = document.createElement("button");
  const badge = document.createElement("span");
  button.type = "button";
  button.className = text ? "launcher worded" : "launcher";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-haspopup", "dialog");
  badge.className = "badge";
  badge.setAttribute("aria-hidden", "true");
  button.append(symbol("bubble", BUBBLE), symbol("chevron", CHEVRON), ...(text ? [words(text)] : []), badge);
  button.onclick = pressed;

  /**
   * @param {string} language
   * @param {number} unread
   */
  function label(language, unread) {
    const [name, one, several] = LABELS[language];
    const waiting = unread ? [unread === 1 ? one : `${unread} ${several}`] : [];
    button.setAttribute("aria-label", [text || name, ...waiting].join(", "));
    badge.textContent = unread ? String(Math.min(unread, 99)) : "";
  }

  /** @param {string} language */
  function complain(language) {
    button.setAttribute("aria-label", LABELS[language][3]);
  }

  return { button, label, complain };
}

/** @param {string} text */
function words(text) {
  const shown = document.createElement("span");
  shown.className = "words";
  shown.textContent = text;
  return shown;
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
