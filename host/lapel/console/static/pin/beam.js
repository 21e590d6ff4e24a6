// Light on a palm: the scanner's samples through a mirror onto a canvas that forgets as an eye does.

const RATE_HZ = 48000;
const FULL_SCALE_FIELDS = 2; // the converter swings to twice the field's half width
const BLANK = 4;
const FIELD_SHARE = 70 / 74; // of the picture's width, as lapel/virtual/light.py has it
const PERSISTENCE_MS = 60;
const LONGEST_MS = 120; // of light drawn at once after a pause of the page

// A second-order mirror under a drive that is held for a sample; exact, so it is stable at any frequency.
class Mirror {
  constructor(hz = 1000, damping = 0.7) {
    const w = 2 * Math.PI * hz, wd = w * Math.sqrt(1 - damping * damping), dt = 1 / RATE_HZ;
    const decay = Math.exp(-damping * w * dt), c = Math.cos(wd * dt), s = Math.sin(wd * dt);
    this.xx = decay * (c + damping * w / wd * s);
    this.xv = decay * s / wd;
    this.vx = -decay * w * w / wd * s;
    this.vv = decay * (c - damping * w / wd * s);
    this.x = this.v = 0;
  }

  follow(drive) {
    const away = this.x - drive, v = this.v;
    this.x = drive + this.xx * away + this.xv * v;
    this.v = this.vx * away + this.vv * v;
    return this.x;
  }
}

export class Beam {
  #x = new Mirror();
  #y = new Mirror();
  #waiting = []; // Int32Arrays of samples that no frame has drawn yet
  #canvas;
  #at = 0;
  #dark = true;

  constructor(canvas) {
    this.#canvas = canvas;
    this.frames = 0; // pictures drawn, for measuring
    this.lastLit = 0; // performance.now()
  }

  add(samples) {
    this.#waiting.push(new Int32Array(samples));
    let most = this.#waiting.reduce((sum, block) => sum + block.length / 2, 0) - LONGEST_MS * RATE_HZ / 1000;
    while (most > 0 && this.#waiting.length > 1) most -= this.#waiting.shift().length / 2;
  }

  // Draws what came since the last picture; call it for each animation frame.
  draw(now) {
    const context = this.#canvas.getContext("2d");
    const { width, height } = this.#canvas;
    const kept = Math.exp(-Math.min(200, now - this.#at) / PERSISTENCE_MS);
    this.#at = now;
    if (!this.#waiting.length && this.#dark) return;
    context.globalCompositeOperation = "destination-out";
    context.fillStyle = `rgba(0,0,0,${1 - kept})`;
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "source-over";
    context.lineCap = context.lineJoin = "round";
    if (!this.#waiting.length) { // the last traces of 8-bit alpha never fade by themselves
      if (now - this.lastLit > 8 * PERSISTENCE_MS) {
        context.clearRect(0, 0, width, height);
        this.#dark = true;
      }
      return;
    }
    const half = Math.min(width, height) / 2 * FIELD_SHARE;
    const path = new Path2D();
    let lit = false, drawing = false;
    for (const block of this.#waiting) {
      for (let i = 0; i < block.length; i += 2) {
        const word = block[i];
        const scale = FULL_SCALE_FIELDS / (1 << 23);
        const px = width / 2 + half * this.#x.follow((word >> 8) * scale);
        const py = height / 2 - half * this.#y.follow((block[i + 1] >> 8) * scale);
        const on = !(word & BLANK) && (word >> 3 & 15) > 0;
        if (on && !drawing) path.moveTo(px - 0.1, py); // so that a single sample is a dot
        if (on) path.lineTo(px, py);
        drawing = on;
        lit ||= on;
      }
    }
    this.#waiting = [];
    if (lit) {
      this.lastLit = now;
      this.#dark = false;
      const unit = half / 180;
      for (const [size, colour] of [[9, "rgba(40,255,110,0.10)"], [4.5, "rgba(60,255,120,0.30)"], [2.2, "#c9ffd8"]]) {
        context.lineWidth = size * unit;
        context.strokeStyle = colour;
        context.stroke(path);
      }
    }
    this.frames++;
  }
}
