// A colour that somebody chose, and what can be read on it and beside it (contrast of WCAG 2.2).

const CONTRAST = 4.6; // 4.5 with room for rounding
const ON_LIGHT = 0.87; // luminance of the panel's darkest light surface
const ON_DARK = 0.02;

/**
 * The custom properties that draw the widget in this colour; none if it is no colour as #rrggbb.
 * @param {string} colour
 * @returns {Record<string, string>}
 */
export function shades(colour) {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return {};
  const rgb = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  return {
    "--brand": colour,
    "--on-brand": luminance(rgb) > 0.2 ? "#10130f" : "#fff",
    "--brand-on-light": readable(rgb, ON_LIGHT, 0),
    "--brand-on-dark": readable(rgb, ON_DARK, 1),
  };
}

/** @param {number[]} rgb each share from 0 to 1 */
function luminance(rgb) {
  const [red, green, blue] = rgb.map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
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
    if ((light + 0.05) / (dark + 0.05) < CONTRAST) continue;
    return `rgb(${mixed.map((channel) => Math.round(channel * 255)).join(" ")})`;
  }
  return towards ? "#fff" : "#000";
}
