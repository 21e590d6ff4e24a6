// A hand of capsules before the pin's depth sensor: a small brother of lapel/virtual/hand.py, in the sensor's frame
// (x right, y down, z away from it, millimetres), with the same proportions.

const SIDE = 8, ZONES = 64, RAYS = 4;
const FIELD = Math.tan(45 / 2 * Math.PI / 180);
const VALID = 5, NO_TARGET = 255;
const ROOM_MM = 1200;
const MERGE_MM = 90; // returns closer than this are one
const LEAST_SHARE = 0.12; // of a zone, for a return to be reported
const LENGTH_MM = 180;
const PALM_RADIUS = 0.075, PALM_CENTRE_Y = 0.3;
const FINGERS = [ // knuckle x, y, length, radius, spread in degrees
  [0.135, 0.53, 0.385, 0.046, 7], [0.045, 0.55, 0.44, 0.046, 1],
  [-0.045, 0.53, 0.41, 0.044, -5], [-0.13, 0.48, 0.325, 0.039, -13],
];
const PHALANGES = [0.46, 0.29, 0.25], FLEXION = [84, 100, 62];
const THUMB_OPEN = [[0.24, 0.30, -0.02], [0.34, 0.43, -0.03], [0.40, 0.53, -0.03]];
const THUMB_FIST = [[0.14, 0.30, -0.08], [0.11, 0.41, -0.20], [0, 0.43, -0.25]];
const radians = (degrees) => degrees * Math.PI / 180;
const mix = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);

export const REST = Object.freeze({ x: 0, y: 0, distance: 250, pitch: 0, roll: 0, fist: 0 });

// The frame of a hand, or of the room without one, as the world's message `d` (firmware/stand_ins/world_link.py).
export function frame(hand) {
  const body = new Uint8Array(1 + 3 * ZONES);
  const view = new DataView(body.buffer);
  const capsules = hand ? placed(hand) : [];
  for (let zone = 0; zone < ZONES; zone++) {
    const depths = [];
    for (let i = 0; i < RAYS * RAYS; i++) {
      const column = zone % SIDE * RAYS + i % RAYS, row = Math.floor(zone / SIDE) * RAYS + Math.floor(i / RAYS);
      depths.push(depth(capsules, place(column), place(row)));
    }
    const mm = measured(depths);
    view.setUint16(1 + 2 * zone, mm, true);
    body[1 + 2 * ZONES + zone] = mm ? VALID : NO_TARGET;
  }
  return body;
}

const place = (n) => ((n + 0.5) / (SIDE * RAYS) * 2 - 1) * FIELD;

// The nearest return that is strong enough, mixed with what lies too close behind it; a little noise.
function measured(depths) {
  let left = depths;
  while (left.length) {
    const nearest = Math.min(...left);
    const ours = left.filter((z) => z <= nearest + MERGE_MM);
    if (ours.length > LEAST_SHARE * depths.length) {
      const mean = ours.reduce((sum, z) => sum + z, 0) / ours.length;
      return Math.round(mean + (Math.random() + Math.random() - 1) * (2 + 0.008 * mean));
    }
    left = left.filter((z) => z > nearest + MERGE_MM);
  }
  return 0;
}

function depth(capsules, dx, dy) {
  let nearest = ROOM_MM;
  for (const capsule of capsules) nearest = Math.min(nearest, meet(capsule, dx, dy));
  return nearest;
}

// z where the ray (dx, dy, 1) from the origin meets a capsule: the cylinder's side, else the two balls at its ends.
function meet({ start, end, radius }, dx, dy) {
  const ray = [dx, dy, 1];
  const axis = end.map((value, i) => value - start[i]);
  const length2 = dot(axis, axis), along = dot(axis, ray), from = -dot(axis, start);
  const rr = dot(ray, ray), rs = -dot(ray, start), ss = dot(start, start);
  const a = length2 * rr - along * along;
  const b = length2 * rs - from * along;
  const c = length2 * ss - from * from - radius * radius * length2;
  if (a > 1e-9) {
    const root = b * b - a * c;
    if (root < 0) return Infinity;
    const z = (-b - Math.sqrt(root)) / a;
    const where = from + z * along;
    if (where > 0 && where < length2) return z > 0 ? z : Infinity;
  }
  return Math.min(ball(start, radius, ray), ball(end, radius, ray));
}

function ball(centre, radius, ray) {
  const rr = dot(ray, ray), b = dot(ray, centre);
  const root = b * b - rr * (dot(centre, centre) - radius * radius);
  const z = root < 0 ? Infinity : (b - Math.sqrt(root)) / rr;
  return z > 0 ? z : Infinity;
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

function placed(hand) {
  const pitch = radians(hand.pitch), roll = radians(hand.roll);
  const [cp, sp, cr, sr] = [Math.cos(pitch), Math.sin(pitch), Math.cos(roll), Math.sin(roll)];
  const put = ([x, y, z]) => {
    // Centred on the palm's skin; the model's y goes to the fingertips, the sensor's goes down.
    const mx = x * LENGTH_MM, my = -(y - PALM_CENTRE_Y) * LENGTH_MM, mz = (z + PALM_RADIUS) * LENGTH_MM;
    const rx = cr * mx - sr * mz, rz = sr * mx + cr * mz; // about the middle finger
    return [rx + hand.x, cp * my + sp * rz + hand.y, -sp * my + cp * rz + hand.distance];
  };
  return parts(hand.fist).map(([start, end, radius]) =>
    ({ start: put(start), end: put(end), radius: radius * LENGTH_MM }));
}

// Capsules in shares of the hand's length: x to the thumb, y to the fingertips, z into the back of the palm.
function parts(fist) {
  const list = [];
  for (const [x, y, length, radius, spread] of FINGERS) {
    list.push([[x * 0.62, 0.07, 0], [x, y, 0], PALM_RADIUS]);
    let at = [x, y, 0], bent = 0;
    const sideways = radians(spread * (1 - fist));
    PHALANGES.forEach((share, i) => {
      bent += radians(FLEXION[i]) * (0.04 + 0.96 * fist);
      const step = [Math.sin(sideways) * Math.cos(bent), Math.cos(sideways) * Math.cos(bent), -Math.sin(bent)];
      const end = at.map((value, j) => value + step[j] * length * share);
      list.push([at, end, radius]);
      at = end;
    });
  }
  const joints = THUMB_OPEN.map((open, i) => mix(open, THUMB_FIST[i], 0.1 + 0.9 * fist));
  list.push([[0.1, 0.13, -0.01], joints[0], 0.075], [joints[0], joints[1], 0.054], [joints[1], joints[2], 0.048]);
  for (const x of [-0.055, 0.055]) { // the forearm drops away behind the palm's plane
    const drop = radians(30);
    list.push([[x, 0.03, 0.015], [x, 0.03 - 1.6 * Math.cos(drop), 0.015 + 1.6 * Math.sin(drop)], 0.1]);
  }
  return list;
}
