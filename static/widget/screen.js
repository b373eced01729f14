// Keeps a full-screen panel inside what the on-screen keyboard leaves free.

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
