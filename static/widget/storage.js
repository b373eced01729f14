// What the browser keeps of one workspace, whatever part of the widget has put it there.

/**
 * Delete all of it.
 * @param {string} key
 */
export function clear(key) {
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      const storage = /** @type {Storage} */ (Reflect.get(window, name));
      const own = Object.keys(storage).filter((one) => one === key || one.startsWith(`${key}:`));
      for (const one of own) storage.removeItem(one);
    } catch {
      // Blocked storage holds nothing.
    }
  }
}

/**
 * Hear that another tab has signed out, or begun anew for another customer.
 * @param {string} key
 * @param {{forget: () => void, restart: () => void}} listener
 */
export function follow(key, { forget, restart }) {
  addEventListener("storage", ({ key: changed, oldValue, newValue }) => {
    if (changed !== key) return;
    const [before, now] = [oldValue, newValue].map((value) => JSON.parse(value ?? "{}").token ?? "");
    if (before && !now) forget();
    else if (before && before !== now) restart();
  });
}
