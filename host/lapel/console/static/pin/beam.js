// Light on a palm: the scanner's samples through a mirror onto a canvas that forgets as an eye does.

const RATE_HZ = 48000;
const FULL_SCALE_FIELDS = 2; // the converter swings to twice the field's half width
const BLANK = 4;
const FIELD_SHARE = 70 / 74; // of the picture's width, as lapel/virtual/light.py has it
const FULL_MS = 60, GONE_MS = 140; // an eye keeps what it saw so long; slower than the slowest page repeats
const GLOW = [[9, 10, 60, 26], [4.5, 20, 130, 58], [2.2, 190, 255, 210]]; // width, and its light
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
  #count = 0; // of samples in them
  #canvas;
  #seen = []; // paths of the last moments, the oldest first

  constructor(canvas) {
    this.#canvas = canvas;
    this.frames = 0; // pictures drawn, for measuring
    this.lastLit = 0; // performance.now()
  }

  add(samples) {
    this.#waiting.push(new Int32Array(samples));
    this.#count += samples.byteLength / 8;
  }

  // Draws what the eye still sees; call it for each animation frame.
  draw(now) {
    if (!this.#waiting.length && !this.#seen.length) return;
    this.#trace(now);
    while (this.#seen.length && now - this.#seen[0].at > GONE_MS) this.#seen.shift();
    const context = this.#canvas.getContext("2d", { alpha: false });
    const { width, height } = this.#canvas;
    context.globalCompositeOperation = "source-over";
    context.fillStyle = "#000"; // the page adds this picture to the palm's
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "lighten"; // a stroke drawn twice is not brighter
    context.lineCap = context.lineJoin = "round";
    const unit = width / 380;
    for (const [size, red, green, blue] of GLOW) {
      context.lineWidth = size * unit;
      for (const { at, path } of this.#seen) {
        const light = Math.min(1, Math.max(0, (GONE_MS - (now - at)) / (GONE_MS - FULL_MS)));
        context.strokeStyle = `rgb(${red * light} ${green * light} ${blue * light})`;
        context.stroke(path);
      }
    }
    this.frames++;
  }

  // The lit parts of what came since the last picture, as one path.
  #trace(now) {
    const { width, height } = this.#canvas;
    const half = width / 2 * FIELD_SHARE;
    const scale = FULL_SCALE_FIELDS / (1 << 23);
    const path = new Path2D();
    let lit = false, drawing = false;
    // After a pause of the page the mirror follows all of it, the eye sees the end.
    let unseen = this.#count - LONGEST_MS * RATE_HZ / 1000;
    this.#count = 0;
    for (const block of this.#waiting) {
      for (let i = 0; i < block.length; i += 2) {
        const word = block[i];
        const px = width / 2 + half * this.#x.follow((word >> 8) * scale);
        const py = height / 2 - half * this.#y.follow((block[i + 1] >> 8) * scale);
        const on = --unseen < 0 && !(word & BLANK) && (word >> 3 & 15) > 0;
        if (on && !drawing) path.moveTo(px - 0.1, py); // so that a single sample is a dot
        if (on) path.lineTo(px, py);
        drawing = on;
        lit ||= on;
      }
    }
    this.#waiting = [];
    if (!lit) return;
    this.lastLit = now;
    this.#seen.push({ at: now, path });
  }
}
