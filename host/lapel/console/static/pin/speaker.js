// The page's speaker for the pin's voice. A page is silent until somebody pressed something in it.

const RATE_HZ = 16000;
const LEAD_S = 0.08; // blocks come every 30 ms, not quite evenly

export class Speaker {
  #context = null;
  #gain = null;
  #next = 0; // when the next block begins, in the context's time
  #off = false;

  constructor() {
    this.played = 0; // samples, for measuring
  }

  get off() { return this.#off; }

  set off(off) {
    this.#off = off;
    if (this.#gain) this.#gain.gain.value = off ? 0 : 1;
  }

  // Call it when the wearer presses something: before, browsers let nothing sound.
  open() {
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#gain = new GainNode(this.#context, { gain: this.#off ? 0 : 1 });
      this.#gain.connect(this.#context.destination);
    }
    this.#context.resume();
  }

  // `pcm` is 16-bit samples at 16 kHz: an ArrayBuffer.
  play(pcm) {
    const context = this.#context;
    if (!context) return;
    const samples = Float32Array.from(new Int16Array(pcm), (value) => value / 32768);
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: RATE_HZ });
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(this.#gain);
    if (this.#next < context.currentTime) this.#next = context.currentTime + LEAD_S;
    source.start(this.#next);
    this.#next += buffer.duration;
    this.played += samples.length;
  }

  close() {
    this.#context?.close();
    this.#context = this.#gain = null;
  }
}
