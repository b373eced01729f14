// One websocket that comes back by itself: back-off with jitter, heartbeat, wake-ups by the browser.
// Knows frames only as objects with a type; nothing of messages, storage or the page's elements.

const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;
const PING_EVERY = 25_000;
const DEAD_AFTER = 10_000;

/**
 * @template In
 * @typedef {object} Listener
 * @property {() => void} up called when the socket is open
 * @property {() => void} down called when it was lost
 * @property {(frame: In) => void} frame
 */

/**
 * @template {{type: string}} In frames of the server
 * @template {{type: string}} Out frames of ours
 */
export class Connection {
  #url;
  #listener;
  /** @type {WebSocket | null} */
  #socket = null;
  #attempts = 0;
  #stopped = true;
  /** @type {number | undefined} */
  #retry;
  /** @type {number | undefined} */
  #heartbeat;
  /** @type {number | undefined} */
  #deadline;

  /**
   * @param {string} url
   * @param {Listener<In>} listener
   */
  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
  }

  get isUp() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  start() {
    this.#stopped = false;
    addEventListener("online", this.#wake);
    addEventListener("offline", this.#lost);
    addEventListener("pageshow", this.#wake);
    document.addEventListener("visibilitychange", this.#seen);
    this.#connect();
  }

  /** End for good: a refusal that another attempt would not change. */
  stop() {
    this.#stopped = true;
    removeEventListener("online", this.#wake);
    removeEventListener("offline", this.#lost);
    removeEventListener("pageshow", this.#wake);
    document.removeEventListener("visibilitychange", this.#seen);
    this.#lost();
  }

  /** Drop the socket and open a new one after the usual delay. */
  restart() {
    this.#lost();
  }

  /**
   * Whether the frame could be handed to an open socket.
   * @param {Out | {type: "ping"}} frame
   */
  send(frame) {
    if (!this.isUp) return false;
    this.#socket?.send(JSON.stringify({ v: 1, ...frame }));
    return true;
  }

  #connect() {
    this.#drop();
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#expectFrame();
    socket.onopen = () => {
      this.#heartbeat = setInterval(() => this.#ping(), PING_EVERY);
      this.#listener.up();
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = this.#lost;
  }

  /** @param {string} text */
  #receive(text) {
    clearTimeout(this.#deadline);
    const frame = JSON.parse(text);
    if (frame.type !== "error") this.#attempts = 0;
    this.#listener.frame(frame);
  }

  #ping() {
    if (this.send({ type: "ping" })) this.#expectFrame();
  }

  /** A socket that stays silent is dead, whatever the browser believes. */
  #expectFrame() {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(this.#lost, DEAD_AFTER);
  }

  #drop() {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#deadline);
    clearTimeout(this.#retry);
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
    this.#listener.down();
  }

  #lost = () => {
    this.#drop();
    if (!this.#stopped) this.#retryLater();
  };

  #retryLater() {
    const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#retry = setTimeout(() => this.#connect(), ceiling * (0.5 + Math.random() / 2));
  }

  #seen = () => {
    if (document.visibilityState === "visible") this.#wake();
  };

  #wake = () => {
    if (this.isUp) this.#ping();
    else if (this.#socket?.readyState !== WebSocket.CONNECTING) this.#connect();
  };
}
