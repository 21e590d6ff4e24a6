// The hand on the page: where the pointer has put it, moving there as hands do, 15 frames a second for the sensor.

import { REST, frame } from "./hand.js";

const PERIOD_MS = 1000 / 15;
const SPEED = 0.45; // of the way to where it is wanted, in each period
const OUTSIDE_MM = 330;
const DEGREES_A_PIXEL = 0.16;
const STILL_FRAMES = 20; // after the last movement; then the last frame holds
export const DETENT_DEG = 14.5, FURTHER_DEG = 10; // into the middle of a detent of firmware/pin/gestures.py

export class LiveHand extends EventTarget {
  #now = { ...REST, y: OUTSIDE_MM };
  #wanted = { ...REST, y: OUTSIDE_MM };
  #still = 0;
  #timer = 0;
  #send;

  // `send` gets each frame as the body of a message `d`.
  constructor(send) {
    super();
    this.#send = send;
    this.#change();
  }

  get present() { return this.#wanted.y < OUTSIDE_MM / 2; }
  get closed() { return this.#wanted.fist > 0.5; }
  get pose() { return this.#now; }

  show() { this.#want({ ...REST }); }

  away() { this.#want({ ...REST, y: OUTSIDE_MM }); }

  // Detents from its rest: right has the hand's right edge nearer, down its lower one.
  turn(right, down) {
    const degrees = (n) => Math.sign(n) * (n ? DETENT_DEG + FURTHER_DEG * (Math.abs(n) - 1) : 0);
    this.#want({ roll: -degrees(right), pitch: degrees(down) });
  }

  drag(pixelsX, pixelsY) {
    const limit = (value) => Math.max(-40, Math.min(40, value));
    this.#want({ roll: limit(-pixelsX * DEGREES_A_PIXEL), pitch: limit(pixelsY * DEGREES_A_PIXEL) });
  }

  close(closed) { this.#want({ fist: closed ? 1 : 0 }); }

  async fist(held = 250) {
    this.close(true);
    await wait(held + 150);
    this.close(false);
  }

  async push() {
    this.#want({ distance: REST.distance + 100 });
    await wait(700);
    this.#want({ distance: REST.distance });
  }

  // To the left for the next (1), to the right for the previous (-1), a rest there, and back.
  async swipe(step) {
    this.#want({ x: -step * 90 });
    await wait(600);
    this.#want({ x: 0 });
  }

  stop() { clearInterval(this.#timer); }

  #want(changes) {
    Object.assign(this.#wanted, changes);
    this.#change();
  }

  #change() {
    this.#still = 0;
    if (!this.#timer) this.#timer = setInterval(() => this.#step(), PERIOD_MS);
  }

  #step() {
    let moved = false;
    for (const key of Object.keys(this.#now)) {
      const left = this.#wanted[key] - this.#now[key];
      if (Math.abs(left) < 0.01) continue;
      moved ||= Math.abs(left) > 0.5;
      this.#now[key] += Math.abs(left) < 0.5 ? left : left * SPEED;
    }
    const seen = this.#now.y < OUTSIDE_MM - 5;
    this.#send(frame(seen ? this.#now : null));
    this.dispatchEvent(new Event("moved"));
    this.#still = moved ? 0 : this.#still + 1;
    if (this.#still > STILL_FRAMES && !seen) {
      clearInterval(this.#timer);
      this.#timer = 0;
    }
  }
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
