// A pin to press, a palm to look at: the firmware itself runs behind it.

import { get, post } from "../api.js";
import { h, toast } from "../dom.js";
import { Beam } from "../pin/beam.js";
import { LiveHand } from "../pin/live-hand.js";
import { Microphone } from "../pin/mic.js";
import { BrowserPin } from "../pin/pin.js";
import { Speaker } from "../pin/speaker.js";
import { t } from "../words.js";

const FLASH = "lapel.flash"; // this browser's own pin: what it keeps, its key and settings among them
const HAND_DRAG_PX = 4; // less is a click
const STATES = {
  asleep: "Asleep", connecting: "Looking for the relay", idle: "Ready", listening: "Listening", thinking: "Thinking",
  showing: "Showing", offline: "The relay does not answer", fault: "This pin has a fault", starting: "Starting",
};

export async function show(main) {
  const bundle = await get("/browser-pin/firmware.json");
  const pin = new BrowserPin(bundle, await ownFlash());
  const beam = newBeam();
  const hand = new LiveHand((body) => pin.set("d", body), bundle.files["pin/gestures.py"]);
  const microphone = new Microphone((pcm, at) => { level(pcm); pin.sound(pcm, at); });

  const speaker = new Speaker();
  const state = h("p", { class: "state", role: "status" }, t(STATES.starting));
  const skin = h("img", { class: "skin", src: "/browser-pin/palm.jpg", alt: "", draggable: "false" });
  const stage = h("div", { class: "hand away", role: "img", "aria-label": t("A palm with the pin's light on it") },
    skin, beam.canvas, h("p", { class: "hint", "aria-hidden": "true" }, t("Click here to raise a palm: the pin writes on it.")), state);
  const text = h("input", { type: "text", maxlength: "300", "aria-label": t("Type a question"), placeholder: t("Type a question"),
    autocomplete: "off" });
  const meter = h("div");
  const press = h("button", { class: "press main", "aria-describedby": "press-help" }, t("Hold and speak"));
  const log = h("div", { class: "log", tabindex: "0", "aria-label": t("Log of the pin") });

  function level(pcm) {
    const samples = new Int16Array(pcm);
    const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    meter.style.width = `${Math.min(100, 100 * Math.sqrt(loudest / 12000))}%`;
  }

  async function down() {
    if (pin.pressed) return;
    speaker.open();
    pin.press();
    press.classList.add("down");
    if (!hand.present) palm(true);
    try {
      await microphone.open();
    } catch {
      toast(t("The browser gives no microphone here. Type your question instead."), "bad");
    }
  }

  function up() {
    if (!pin.pressed) return;
    pin.release();
    press.classList.remove("down");
    meter.style.width = "0";
    microphone.release();
  }

  function palm(there) {
    if (there) hand.show(); else hand.away();
    stage.classList.toggle("away", !there);
    palmKey.textContent = there ? t("Take the palm away") : t("Show the palm");
  }

  const palmKey = h("button", { onclick: () => palm(!hand.present) }, t("Show the palm"));
  function tilt(right, downwards) {
    const { right: now, down } = hand.steps;
    hand.turn(now + right, down + downwards);
  }
  const soundKey = h("button", { hidden: true, onclick: () => {
    speaker.off = !speaker.off;
    soundKey.textContent = speaker.off ? t("Sound on") : t("Sound off");
  } }, t("Sound off"));
  const keys = h("div", { class: "keys", role: "group", "aria-label": t("Hand") },
    h("button", { onclick: () => tilt(-1, 0), "aria-label": t("Tilt left") }, "←"),
    h("button", { onclick: () => tilt(0, -1), "aria-label": t("Tilt up") }, "↑"),
    h("button", { onclick: () => tilt(1, 0), "aria-label": t("Tilt right") }, "→"),
    h("button", { onclick: () => hand.swipe(-1) }, t("Previous")),
    h("button", { onclick: () => tilt(0, 1), "aria-label": t("Tilt down") }, "↓"),
    h("button", { onclick: () => hand.swipe(1) }, t("Next")),
    h("button", { onclick: () => hand.fist() }, t("Fist")),
    h("button", { onclick: () => hand.turn(0, 0) }, t("Flat")),
    h("button", { onclick: () => hand.push() }, t("Push away")));

  press.addEventListener("pointerdown", (event) => { press.setPointerCapture(event.pointerId); down(); });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) press.addEventListener(end, up);
  press.addEventListener("contextmenu", (event) => event.preventDefault());
  const keyed = (event) => {
    if (event.code !== "Space" || event.target === text || event.target.matches("select, textarea, input")) return;
    event.preventDefault();
    if (event.type === "keydown" && !event.repeat) down();
    if (event.type === "keyup") up();
  };
  const keyDown = keyed, keyUp = keyed;
  addEventListener("keydown", keyDown);
  addEventListener("keyup", keyUp);
  addEventListener("blur", up);

  // The pointer on the palm: drag to tilt it, which stays; click to close the hand.
  let grabbed = null;
  stage.addEventListener("pointerdown", (event) => {
    if (!hand.present) { palm(true); return; }
    stage.setPointerCapture(event.pointerId);
    hand.grab();
    grabbed = { x: event.clientX, y: event.clientY, moved: false };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!grabbed) return;
    const dx = event.clientX - grabbed.x, dy = event.clientY - grabbed.y;
    grabbed.moved ||= Math.hypot(dx, dy) > HAND_DRAG_PX;
    if (grabbed.moved) hand.drag(dx, dy);
  });
  stage.addEventListener("pointerup", () => {
    if (grabbed && !grabbed.moved) hand.fist();
    if (grabbed?.moved) hand.settle();
    grabbed = null;
  });
  hand.addEventListener("moved", () => {
    const { x, pitch, roll, fist, distance } = hand.pose;
    skin.style.transform = hand.present
      ? `perspective(900px) translateX(${x}px) rotateY(${roll}deg) rotateX(${pitch}deg) scale(${250 / distance * (1 - 0.22 * fist)})`
      : "";
  });

  const form = h("form", { class: "row", onsubmit: (event) => {
    event.preventDefault();
    if (!text.value.trim()) return;
    if (!hand.present) palm(true);
    speaker.open();
    pin.type(text.value.trim());
    text.value = "";
  } }, text, h("button", {}, t("Ask")));

  main.append(h("h1", { class: "unseen" }, t("Pin")), h("div", { class: "stage" }, stage,
    h("div", { class: "talk" },
      press,
      h("div", { class: "meter", "aria-hidden": "true" }, meter),
      h("p", { id: "press-help", class: "soft" },
        t("Hold the button or the space bar while you speak. A tap moves the choice, a double tap takes it.")),
      form,
      palmKey,
      soundKey,
      keys,
      h("p", { class: "soft" }, t("On the palm: drag to tilt the hand, which moves the choice; click to close it, which takes the choice.")),
      h("details", {}, h("summary", {}, t("What the pin says of itself")), log))));

  pin.addEventListener("log", ({ detail }) => {
    const moved = /state: \w+ -> (\w+)/.exec(detail.line);
    if (moved) state.textContent = t(STATES[moved[1]] ?? moved[1]);
    if (detail.line.includes("depth: ready")) hand.watched();
    log.append(`${detail.line}\n`);
    while (log.childNodes.length > 200) log.firstChild.remove();
    log.scrollTop = log.scrollHeight;
    if (/Pair it again/.test(detail.line)) forget();
  });
  pin.addEventListener("light", ({ detail }) => beam.add(detail.samples));
  pin.addEventListener("kept", ({ detail }) => keep(detail.name, detail.text));
  pin.addEventListener("voice", ({ detail }) => {
    soundKey.hidden = false;
    speaker.play(detail.samples);
  });
  pin.addEventListener("haptic", () => navigator.vibrate?.(40));
  pin.addEventListener("failed", ({ detail }) => { state.textContent = t("The pin does not start: {why}", { why: detail.text }); });

  let running = true;
  const draw = (now) => {
    beam.draw(now);
    if (running) requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
  pin.start();
  document.documentElement.lapel = { pin, hand, beam, speaker }; // for who looks from the developer tools, and for tests

  return () => {
    running = false;
    pin.stop();
    hand.stop();
    microphone.close();
    speaker.close();
    removeEventListener("keydown", keyDown);
    removeEventListener("keyup", keyUp);
    removeEventListener("blur", up);
  };
}

function newBeam() {
  const canvas = h("canvas", { width: 720, height: 720 });
  const beam = new Beam(canvas);
  beam.canvas = canvas;
  return beam;
}

// This browser's own pin: paired once, with a key of its own. What it keeps outlives the page, as a pin's flash does.
async function ownFlash() {
  const flash = kept();
  if (!Object.keys(flash).some((name) => name.startsWith("settings."))) {
    flash["settings.json"] = JSON.stringify(await post("/browser-pin/pair"));
    localStorage.setItem(FLASH, JSON.stringify(flash));
  }
  return flash;
}

function kept() {
  try {
    return { ...JSON.parse(localStorage.getItem(FLASH)) };
  } catch { // what is there is not ours: a new pin is made
    return {};
  }
}

function keep(name, text) {
  const flash = kept();
  if (text === null) delete flash[name];
  else flash[name] = text;
  localStorage.setItem(FLASH, JSON.stringify(flash));
}

// Its owner revoked it: the next visit makes a new one.
function forget() {
  localStorage.removeItem(FLASH);
  toast(t("This browser's pin is not known any more. Load the page again for a new one."), "bad");
}
