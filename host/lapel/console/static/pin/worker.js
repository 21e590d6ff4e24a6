// The pin itself: MicroPython with the real firmware, in a worker, so that drawing a card never stops the page.

import { Clock } from "./clock.js";
import { World } from "./world.js";

const TICK_MS = 4; // half of the scanner's refill, and what browsers give a timer
const HEAP_BYTES = 16 << 20;
const ENTRY = "/";

let flash, clock, world, tick, socket, closed = { code: 1006, reason: "not opened" };
let inbox = [];
let incoming = new Uint8Array(0); // a binary message that the pin reads through its channel's file
let settings = {};
let dog = Infinity;

function tell(kind, fields = {}, transfer = []) {
  postMessage({ kind, ...fields }, transfer);
}

// What the firmware's page modules call.
const page = {
  clock_us: () => clock.us() + 0.25, // never a whole number: those are cut to 32 bits on the way
  environment: (name) => settings[name] ?? null,
  random: (count) => crypto.getRandomValues(new Uint8Array(count)),
  skip_us: (us) => clock.skip(us),
  waiting: () => world.waiting,
  watch: (ms) => { dog = ms; },
  reset: (cause, ms) => { tell("reset", { cause, ms }); },
  // A file in the root of the pin's flash was written or removed.
  kept: (name) => {
    if (name.includes("/")) return;
    const { exists } = flash.analyzePath(ENTRY + name);
    tell("kept", { name, text: exists ? flash.readFile(ENTRY + name, { encoding: "utf8" }) : null });
  },
  open(path) {
    inbox = [];
    const url = new URL(path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const opened = socket = new WebSocket(url);
    opened.binaryType = "arraybuffer";
    opened.onmessage = (event) => { if (opened === socket) inbox.push(event.data); };
    opened.onclose = (event) => { if (opened === socket) closed = { code: event.code, reason: event.reason }; };
  },
  ready: () => socket ? socket.readyState : WebSocket.CLOSED,
  buffered: () => socket ? socket.bufferedAmount : 0,
  send_text: (text) => { socket.send(text); },
  // A text, or how many bytes there are to read, or null.
  receive: () => {
    const message = inbox.length ? inbox.shift() : null;
    if (!(message instanceof ArrayBuffer)) return message;
    incoming = new Uint8Array(message);
    return incoming.length;
  },
  close: (code, reason) => {
    // A page may close with 1000 or from 3000 on only.
    if (socket && socket.readyState <= WebSocket.OPEN) socket.close(code === 1000 ? 1000 : 3000 + code % 1000, reason);
  },
  close_code: () => closed.code,
  close_reason: () => closed.reason,
};

function hear(kind, body) {
  if (kind === "l") {
    const view = new DataView(body.buffer);
    const frame = Number(view.getBigInt64(0, true));
    const samples = body.buffer.slice(16);
    tell("light", { frame, samples }, [samples]);
  } else if (kind === "o") {
    tell("output", { gpio: body[0], level: body[1] });
  } else if (kind === "p") {
    const samples = body.buffer.slice(16);
    tell("voice", { samples }, [samples]);
  } else if (kind === "v") {
    tell("haptic", { effect: body[0] });
  } else if (kind === "c") {
    tell("counters", { counters: JSON.parse(new TextDecoder().decode(body)) });
  }
}

async function start(options) {
  const { loadMicroPython } = await import(options.interpreter);
  clock = new Clock();
  world = new World(hear);
  const mp = await loadMicroPython({
    heapsize: HEAP_BYTES,
    linebuffer: true,
    stdout: (line) => tell("log", { line }),
    stderr: (line) => tell("log", { line }),
  });
  const { FS } = mp;
  flash = FS;
  for (const [path, text] of Object.entries(options.files)) {
    const parts = path.split("/");
    for (let i = 1; i < parts.length; i++) {
      const folder = ENTRY + parts.slice(0, i).join("/");
      if (!FS.analyzePath(folder).exists) FS.mkdir(folder);
    }
    FS.writeFile(ENTRY + path, typeof text === "string" ? text : new Uint8Array(text));
  }
  FS.chdir(ENTRY);
  const channel = {
    open() {}, close() {},
    read: (stream, buffer, offset, length) => {
      const part = incoming.subarray(0, length);
      buffer.set(part, offset);
      incoming = incoming.subarray(part.length);
      return part.length;
    },
    write: (stream, buffer, offset, length) => {
      socket.send(new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length).slice());
      return length;
    },
  };
  settings = {
    LAPEL_WORLD_FD: String(device(FS, "/dev/world", 0, world.device())),
    LAPEL_CHANNEL_FD: String(device(FS, "/dev/channel", 1, channel)),
    LAPEL_INPUTS: options.inputs,
  };
  mp.registerJsModule("page", page);
  mp.runPython(
    "import sys\nsys.path[:] = ['/', '/browser', '/stand_ins', '.frozen']\nimport start, pump\ntick = pump.tick");
  tick = mp.globals.get("tick");
  mp.runPythonAsync("import start\nawait start.run()").catch((error) => tell("log", { line: String(error) }));
  tell("started");
  setInterval(beat, TICK_MS);
}

function device(FS, path, minor, functions) {
  const number = FS.makedev(70, minor);
  FS.registerDevice(number, functions);
  FS.mkdev(path, number);
  return FS.open(path, "r+").fd;
}

let catching = false;
const again = new MessageChannel();
again.port1.onmessage = () => { catching = false; beat(); };

// One tick, and at once another while the pin's time is behind.
function beat() {
  try {
    tick();
  } catch (error) {
    tell("log", { line: String(error) });
  }
  if (clock.us() / 1000 > dog) tell("reset", { cause: "watchdog", ms: 0 });
  if (!catching && clock.behind() > TICK_MS * 1000) {
    catching = true;
    again.port2.postMessage(0);
  }
}

onmessage = ({ data }) => {
  if (data.kind === "start") start(data).catch((error) => tell("failed", { text: String(error) }));
  else if (data.kind === "sound") {
    const body = new Uint8Array(8 + data.pcm.byteLength);
    new DataView(body.buffer).setBigInt64(0, BigInt(Math.round(clock.usOf(data.at - performance.timeOrigin))), true);
    body.set(new Uint8Array(data.pcm), 8);
    world.send("a", body);
  } else if (world) world.send(data.kind, data.body);
};
