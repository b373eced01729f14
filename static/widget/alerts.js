// Tells of a message that comes while nobody looks: by a sound, by the browser. Both are off until a click asks for them.

/** @import {Store} from "./store.js" */

const TONES = [660, 880]; // hertz
const TONE = 0.12; // seconds
const LOUDNESS = 0.08;
const LONGEST = 120; // characters

export class Alerts {
  #store;
  #open;
  /** @type {AudioContext | null} */
  #audio = null;

  /**
   * @param {Store} store
   * @param {() => void} open called when the customer answers a notification
   */
  constructor(store, open) {
    this.#store = store;
    this.#open = open;
  }

  get sounds() {
    return this.#store.visitor.sounds;
  }

  get notifies() {
    return this.#store.visitor.notifies && this.canNotify && Notification.permission === "granted";
  }

  /** Browsers allow no notifications from inside a frame. */
  get canNotify() {
    return "Notification" in window && window.top === window;
  }

  /** @param {boolean} on */
  setSound(on) {
    this.#store.remember({ sounds: on });
    if (on) this.#play();
  }

  /**
   * Ask the browser; whether it allows.
   * @param {boolean} on
   */
  async setNotifications(on) {
    const isKnown = this.canNotify && Notification.permission === "granted"; // then it is kept at once
    const isAllowed = !on || isKnown || (this.canNotify && (await Notification.requestPermission()) === "granted");
    this.#store.remember({ notifies: on && isAllowed });
    return isAllowed;
  }

  /**
   * @param {string} title
   * @param {string} body
   * @param {() => void} open called when the notification is clicked
   */
  tell(title, body, open = this.#open) {
    if (this.sounds) this.#play();
    if (!this.notifies) return;
    try {
      const shown = new Notification(title, { body: body.slice(0, LONGEST), tag: "supportbot" });
      shown.onclick = () => {
        window.focus();
        shown.close();
        open();
      };
    } catch {
      // Some browsers let only service workers notify.
    }
  }

  #play() {
    this.#audio ??= new AudioContext();
    const audio = this.#audio;
    if (audio.state !== "running") void audio.resume();
    TONES.forEach((tone, index) => {
      const at = audio.currentTime + index * TONE;
      const source = new OscillatorNode(audio, { frequency: tone });
      const volume = new GainNode(audio, { gain: 0 });
      volume.gain.setTargetAtTime(LOUDNESS, at, 0.01);
      volume.gain.setTargetAtTime(0, at + TONE / 2, 0.04);
      source.connect(volume).connect(audio.destination);
      source.start(at);
      source.stop(at + 3 * TONE);
    });
  }
}
