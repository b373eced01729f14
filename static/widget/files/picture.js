// Pictures drawn on a canvas: a page's content security policy may forbid images of other origins, and of blobs.

import { element } from "../dom.js";

/**
 * A canvas that shows a picture as soon as it is there, or its description if it never is.
 * @param {string} name what a screen reader says
 * @param {{width: number | null, height: number | null}} size as far as it is known, so that nothing jumps
 * @param {Promise<Blob>} content
 * @param {number} longest side in pixels
 * @param {Element} otherwise what stands there if it can't be drawn
 */
export function picture(name, { width, height }, content, longest, otherwise = element("span", { class: "broken" }, name)) {
  const canvas = element("canvas", { role: "img", "aria-label": name });
  if (width && height) fit(canvas, width, height, longest);
  content.then(createImageBitmap).then((bitmap) => {
    fit(canvas, bitmap.width, bitmap.height, longest);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    canvas.classList.add("drawn");
  }).catch(() => canvas.replaceWith(otherwise));
  return canvas;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {number} longest
 */
function fit(canvas, width, height, longest) {
  const share = Math.min(1, longest / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * share));
  canvas.height = Math.max(1, Math.round(height * share));
}
