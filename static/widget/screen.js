// Where the panel stands: over the whole of a small screen, in what its keyboard leaves free; and the focus before it.

/** @import {Widget} from "./protocol.js" */

export const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function isSmallScreen() {
  return matchMedia("(max-width: 480px), (max-height: 480px)").matches;
}

/**
 * Tell the style sheet the visible part of the window, whenever it changes.
 * @param {HTMLElement} panel
 * @param {() => void} changed
 * @param {AbortSignal} signal the end of the panel
 */
export function fillScreen(panel, changed, signal) {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const measure = () => {
    panel.style.setProperty("--visible-top", `${viewport.offsetTop}px`);
    panel.style.setProperty("--visible-height", `${viewport.height}px`);
    panel.classList.toggle("keyboard", window.innerHeight - viewport.height > 120);
    changed();
  };
  viewport.addEventListener("resize", measure, { signal });
  viewport.addEventListener("scroll", measure, { signal });
  measure();
}

/**
 * Gives the focus back, when the panel is closed, to what has it now.
 * @param {Widget} widget
 */
export function wayBack({ root, launcher }) {
  const active = document.activeElement;
  const isElsewhere = active instanceof HTMLElement && active !== document.body && active !== root.host;
  return () => (isElsewhere ? active : launcher).focus();
}
