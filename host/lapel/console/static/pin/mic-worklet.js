// Sound from the microphone as blocks of 16 kHz, 16 bit, mono.

const RATE_HZ = 16000;
const BLOCK = 320; // 20 ms

class Microphone extends AudioWorkletProcessor {
  #block = new Int16Array(BLOCK);
  #have = 0;
  #position = 0; // of the next output sample, in input samples
  #low = 0; // a one-pole low-pass where the browser's rate is higher than ours

  process(inputs) {
    const input = inputs[0][0];
    if (!input) return true;
    const step = sampleRate / RATE_HZ;
    const share = step > 1 ? Math.min(1, 2 / step) : 1;
    for (let i = 0; i < input.length; i++) {
      this.#low += share * (input[i] - this.#low);
      if (this.#position <= i) {
        this.#put(this.#low);
        this.#position += step;
      }
    }
    this.#position -= input.length;
    return true;
  }

  #put(value) {
    this.#block[this.#have++] = Math.max(-32768, Math.min(32767, Math.round(value * 32767)));
    if (this.#have < BLOCK) return;
    this.port.postMessage(this.#block.buffer, [this.#block.buffer]);
    this.#block = new Int16Array(BLOCK);
    this.#have = 0;
  }
}

registerProcessor("lapel-microphone", Microphone);
