// The page's end of the stream to the pin's virtual hardware. Messages: see firmware/stand_ins/world_link.py.

const HEADER_BYTES = 4;
const MOST_WAITING = 200; // messages that the pin has not read: more only come if it hangs

export class World {
  #inbox = []; // Uint8Arrays, to the pin
  #offset = 0;
  #partial = new Uint8Array(0);
  #hear;

  // `hear(kind, body)` gets each message of the pin.
  constructor(hear) {
    this.#hear = hear;
  }

  // How many messages the pin has not read.
  get waiting() { return this.#inbox.length; }

  // A character device for the interpreter's file system. The pin reads only while something is waiting.
  device() {
    return {
      open() {},
      close() {},
      read: (stream, buffer, offset, length) => {
        const first = this.#inbox[0];
        const count = Math.min(length, first.length - this.#offset);
        buffer.set(first.subarray(this.#offset, this.#offset + count), offset);
        this.#offset += count;
        if (this.#offset === first.length) {
          this.#inbox.shift();
          this.#offset = 0;
        }
        return count;
      },
      write: (stream, buffer, offset, length) => {
        this.#take(new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length));
        return length;
      },
    };
  }

  // Queues a message to the pin; `body` is a Uint8Array.
  send(kind, body = new Uint8Array(0)) {
    if (this.#inbox.length >= MOST_WAITING) return false;
    const message = new Uint8Array(HEADER_BYTES + body.length);
    message[0] = kind.charCodeAt(0);
    message[1] = body.length & 255;
    message[2] = body.length >> 8 & 255;
    message[3] = body.length >> 16;
    message.set(body, HEADER_BYTES);
    this.#inbox.push(message);
    return true;
  }

  #take(data) {
    const all = new Uint8Array(this.#partial.length + data.length);
    all.set(this.#partial);
    all.set(data, this.#partial.length);
    let at = 0;
    while (all.length - at >= HEADER_BYTES) {
      const length = all[at + 1] | all[at + 2] << 8 | all[at + 3] << 16;
      if (all.length - at - HEADER_BYTES < length) break;
      const body = all.slice(at + HEADER_BYTES, at + HEADER_BYTES + length);
      this.#hear(String.fromCharCode(all[at]), body);
      at += HEADER_BYTES + length;
    }
    this.#partial = all.slice(at);
  }
}
