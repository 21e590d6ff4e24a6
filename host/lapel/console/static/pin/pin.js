// A pin in this page: the worker that runs it, and the wires, the hand and the sound around it.

const BUTTON = 1; // GPIO numbers of firmware/boards/virtual.py
const LASER_ARM = 2;
const RESTART_MS = 500;

export class BrowserPin extends EventTarget {
  #worker = null;
  #pressed = false;
  #options;
  #restarting = 0;
  #world = new Map(); // what a pin that starts again must be told

  // `bundle` is the firmware as /browser-pin/firmware.json has it, `flash` what this pin kept: its files' texts by name.
  constructor(bundle, flash) {
    super();
    const files = { ...bundle.files, ...flash };
    for (const [path, text] of Object.entries(bundle.binaries)) {
      files[path] = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
    }
    this.#options = {
      kind: "start",
      files,
      interpreter: new URL("/browser-pin/interpreter/micropython.mjs", location.href).href,
      inputs: `${BUTTON}=1`,
    };
    this.armed = false;
  }

  start() {
    this.#worker?.terminate();
    this.armed = false;
    const worker = this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => this.#hear(data);
    worker.onerror = (event) => this.#tell("failed", { text: event.message || "The pin's worker did not start." });
    worker.postMessage(this.#options);
  }

  stop() {
    clearTimeout(this.#restarting);
    this.#worker?.terminate();
    this.#worker = null;
  }

  press() { this.#wire(BUTTON, 0); }

  release() { this.#wire(BUTTON, 1); }

  get pressed() { return this.#pressed; }

  // `pcm` is 16-bit samples at 16 kHz, `at` when they began, in performance.now().
  sound(pcm, at) {
    this.#worker?.postMessage({ kind: "sound", pcm, at: performance.timeOrigin + at }, [pcm]);
  }

  type(text) {
    this.#send("t", new TextEncoder().encode(text));
  }

  // A message about the world that stays true until the next of its kind.
  set(kind, body) {
    this.#world.set(kind, body);
    this.#send(kind, body);
  }

  #wire(gpio, level) {
    this.#pressed = level === 0;
    this.#send("g", Uint8Array.of(gpio, level));
  }

  #send(kind, body) {
    this.#worker?.postMessage({ kind, body });
  }

  #hear(data) {
    if (data.kind === "started") {
      for (const [kind, body] of this.#world) this.#send(kind, body);
    } else if (data.kind === "output" && data.gpio === LASER_ARM) {
      this.armed = data.level === 1;
    } else if (data.kind === "kept") {
      if (data.text === null) delete this.#options.files[data.name];
      else this.#options.files[data.name] = data.text;
    } else if (data.kind === "reset") {
      this.#restarting = setTimeout(() => this.start(), Math.max(RESTART_MS, data.ms));
    }
    this.#tell(data.kind, data);
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
