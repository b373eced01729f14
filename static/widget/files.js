// What shows and sends files and emoji: fetched with the first of them.

import { styleSheet } from "./dom.js";
import { Door } from "./files/door.js";
import { emojiGrid } from "./files/emoji.js";
import { gallery } from "./files/gallery.js";
import { Tray } from "./files/tray.js";

export { Door, emojiGrid, gallery, Tray };
export const sheet = styleSheet(`{files/files.css}`);
