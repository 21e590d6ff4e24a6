// The hand on the page: where the pointer has put it, moving there as hands do, 15 frames a second for the sensor.

import { REST, frame } from "./hand.js";

const PERIOD_MS = 1000 / 15;
const SPEED = 0.45; // of the way to where it is wanted, in each period ...
const FIST_SPEED = 0.75; // ... and fingers are faster than arms
const FIST_MS = 450; // shorter than the fist that means back (LONG_FIST_MS)
const OUTSIDE_MM = 330;
const EMPTY_MS = 1500; // the pin takes a hand for raised only if it saw none before
const DEGREES_A_PIXEL = 0.16;
const MOST_STEPS = 2; // detents either way; a wrist goes no farther with ease
const STILL_FRAMES = 20; // after the last movement; then the last frame holds
const WELL_IN = 0.85; // of a detent: the tracker sees a hand with a forearm less tilted than it is

export class LiveHand extends EventTarget {
  #now = { ...REST, y: OUTSIDE_MM };
  #wanted = { ...REST, y: OUTSIDE_MM };
  #still = 0;
  #timer = 0;
  #send;

  #grabbed = REST;
  #from = Infinity; // performance.now() from which it may come
  #dead;
  #detent;

  // `send` gets each frame as the body of a message `d`; `gestures` is the source of firmware/pin/gestures.py.
  constructor(send, gestures) {
    super();
    this.#send = send;
    const degrees = (name) => Number(new RegExp(`^${name} = (\\d+)`, "m").exec(gestures)[1]) / 100;
    this.#dead = degrees("TILT_DEAD_CDEG");
    this.#detent = degrees("TILT_DETENT_CDEG");
    this.#change();
  }

  get present() { return this.#wanted.y < OUTSIDE_MM / 2; }
  get pose() { return this.#now; }

  // The pin's sensor looks now.
  watched() { this.#from = performance.now() + EMPTY_MS; }

  show() { this.#want({ ...REST }); }

  away() { this.#want({ ...REST, y: OUTSIDE_MM }); }

  // Detents from its rest, at most two: right has the hand's right edge nearer, down its lower one.
  turn(right, down) {
    const degrees = (n) => Math.sign(n) * (n ? this.#dead + this.#detent * (Math.abs(n) - 1 + WELL_IN) : 0);
    const bounded = (n) => Math.max(-MOST_STEPS, Math.min(MOST_STEPS, n));
    this.#want({ roll: -degrees(bounded(right)), pitch: degrees(bounded(down)) });
  }

  // The detents that it is wanted at, by name.
  get steps() {
    const steps = (degrees) => Math.sign(degrees)
      * Math.max(0, Math.min(MOST_STEPS, Math.round((Math.abs(degrees) - this.#dead) / this.#detent + 1 - WELL_IN / 2)));
    return { right: steps(-this.#wanted.roll), down: steps(this.#wanted.pitch) };
  }

  // From where it was grabbed; `settle` then puts it into the nearest detent, where it stays.
  grab() { this.#grabbed = { ...this.#wanted }; }

  drag(pixelsX, pixelsY) {
    const limit = (value) => Math.max(-40, Math.min(40, value));
    const { roll, pitch } = this.#grabbed;
    this.#want({ roll: limit(roll - pixelsX * DEGREES_A_PIXEL), pitch: limit(pitch + pixelsY * DEGREES_A_PIXEL) });
  }

  settle() {
    const { right, down } = this.steps;
    this.turn(right, down);
  }

  close(closed) { this.#want({ fist: closed ? 1 : 0 }); }

  async fist() {
    this.close(true);
    await wait(FIST_MS);
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
    const wanted = performance.now() < this.#from ? { ...this.#wanted, y: OUTSIDE_MM } : this.#wanted;
    for (const key of Object.keys(this.#now)) {
      const left = wanted[key] - this.#now[key];
      if (Math.abs(left) < 0.01) continue;
      const close = key === "fist" ? 0.05 : 0.5;
      moved ||= Math.abs(left) > close;
      this.#now[key] += Math.abs(left) < close ? left : left * (key === "fist" ? FIST_SPEED : SPEED);
    }
    const seen = this.#now.y < OUTSIDE_MM - 5;
    this.#send(frame(seen ? this.#now : null));
    this.dispatchEvent(new Event("moved"));
    this.#still = moved ? 0 : this.#still + 1;
    if (this.#still > STILL_FRAMES && !seen && !this.present) {
      clearInterval(this.#timer);
      this.#timer = 0;
    }
  }
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
