// The clock of the pin in this page.
//
// The interpreter cannot be interrupted, and drawing a card takes it up to a third of a second; on a board the light
// goes on meanwhile. So the pin's time stands almost still within one call into the interpreter and catches up in the
// calls after it: what is due every 4 ms happens every 4 ms of the pin's time, just a little late.

const STEP_US = 8000; // no call sees more time than this pass

export class Clock {
  #now = 0; // the pin's time at the beginning of this call
  #began = null; // performance.now() of that
  #epoch = performance.now();

  #real() {
    return (performance.now() - this.#epoch) * 1000;
  }

  // Microseconds of the pin's time.
  us() {
    if (this.#began === null) {
      this.#now = Math.min(this.#real(), this.#now + STEP_US);
      this.#began = this.#real();
      queueMicrotask(() => { // runs when the interpreter has returned
        this.#now = Math.min(this.#real(), this.#now + STEP_US);
        this.#began = null;
      });
    }
    return Math.min(this.#now + (this.#real() - this.#began), this.#now + STEP_US);
  }

  // The interpreter sleeps: nobody can wait, so the clock is put forward.
  skip(us) {
    this.us();
    this.#epoch -= us / 1000;
    this.#now += us;
    this.#began += us;
  }

  // How far the pin's time is behind, in microseconds.
  behind() {
    return this.#began === null ? this.#real() - this.#now : 0;
  }

  // The pin's time of a moment of performance.now(), for sound that was recorded then.
  usOf(milliseconds) {
    return (milliseconds - this.#epoch) * 1000;
  }
}
