// The page's microphone. It is asked for at the first press, and open only as long as the button is held and a
// little longer, so that the browser's own light tells the truth.

const LEAD_MS = 40; // sound comes in blocks, not quite evenly
const CLOSE_MS = 4000; // two questions in a row should not open it twice

export class Microphone {
  #hear;
  #context = null;
  #stream = null;
  #closing = 0;
  #next = 0; // when the next block begins, in performance.now()

  // `hear(pcm, at)` gets blocks of 16-bit samples at 16 kHz and when they began.
  constructor(hear) {
    this.#hear = hear;
  }

  get isOpen() { return this.#context !== null; }

  // Throws a DOMException if the wearer or the browser refuses.
  async open() {
    clearTimeout(this.#closing);
    if (this.#context) return;
    this.#stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    try {
      this.#context = await this.#listen({ sampleRate: 16000 });
    } catch { // Firefox connects a microphone only at the computer's own rate: the worklet converts then
      this.#context = await this.#listen({});
    }
  }

  async #listen(options) {
    const context = new AudioContext(options);
    try {
      await context.audioWorklet.addModule(new URL("mic-worklet.js", import.meta.url));
      const worklet = new AudioWorkletNode(context, "lapel-microphone", { numberOfOutputs: 0 });
      worklet.port.onmessage = ({ data }) => this.#block(data);
      context.createMediaStreamSource(this.#stream).connect(worklet);
    } catch (error) {
      await context.close();
      throw error;
    }
    this.#next = 0;
    return context;
  }

  #block(pcm) {
    const now = performance.now();
    this.#next = Math.max(this.#next, now + LEAD_MS - 20);
    if (this.#next > now + 300) this.#next = now + LEAD_MS; // its clock runs ahead of ours
    this.#hear(pcm, this.#next);
    this.#next += pcm.byteLength / 2 / 16;
  }

  release() {
    clearTimeout(this.#closing);
    this.#closing = setTimeout(() => this.close(), CLOSE_MS);
  }

  close() {
    clearTimeout(this.#closing);
    this.#context?.close();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#context = this.#stream = null;
  }
}
