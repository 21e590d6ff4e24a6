// Every pin: how it is, what its palm shows, and what its owner may do with it.

import { post } from "../api.js";
import { h, toast } from "../dom.js";
import { t, when } from "../words.js";

const PHASES = {
  offered: "The update waits until the pin is idle.", receiving: "The update is on its way.",
  verified: "The update came whole. The pin starts again with it.", switched: "The pin starts with the update.",
  good: "The pin runs the update.", current: "It has the newest firmware already.", refused: "The pin refuses the update.",
  reverted: "The update was no good: the pin runs what it had before.", failed: "The update failed.",
};

export async function show(main) {
  const grid = h("div", { class: "grid" });
  main.append(h("h1", {}, t("Pins")), grid, adding());
  const live = new EventSource("/api/live");
  live.addEventListener("pins", ({ data }) => {
    const pins = JSON.parse(data);
    if (pins.error) return toast(pins.error, "bad");
    if (document.activeElement?.closest(".grid input")) return; // not while a name is being written
    grid.replaceChildren(...pins.map(card));
    if (!pins.length) grid.append(h("p", { class: "empty" }, t("No pin is paired yet.")));
  });
  return () => live.close();
}

function card(pin) {
  const { status } = pin;
  const facts = [
    [t("Last heard"), when(pin.heard_unix_s)],
    [t("Battery"), status.battery_percent === undefined ? "–" : `${status.battery_percent} %${status.charging ? ` ⚡` : ""}`],
    [t("Signal"), status.rssi_dbm === undefined ? "–" : `${status.rssi_dbm} dBm`],
    [t("Firmware"), [pin.firmware, pin.board].filter(Boolean).join(" · ") || "–"],
    [t("Paired"), when(pin.paired_unix_s)],
  ];
  const act = (path, done, question) => async () => {
    if (question && !confirm(question)) return;
    try {
      await post(`/api/pins/${pin.id}/${path}`);
      toast(done);
    } catch (error) {
      toast(t(error.message), "bad");
    }
  };
  const name = h("h2", {}, h("span", { class: pin.connected ? "dot on" : "dot" }), pin.name,
    h("span", { class: "unseen" }, pin.connected ? t("connected") : t("away")),
    localStorage.getItem("lapel.flash")?.includes(pin.id) ? h("small", { class: "soft" }, ` ${t("in this browser")}`) : null);
  return h("article", { class: "card", "aria-label": pin.name },
    name,
    pin.connected ? h("img", { class: "palm", alt: pin.card ? pin.card.pages.flat().join(" ") : t("The palm is dark"),
      src: `/api/pins/${pin.id}/palm.svg?${pin.card ? `${pin.card.number}.${pin.card.rev}` : "dark"}` }) : null,
    h("table", {}, h("tbody", {}, facts.map(([what, value]) => h("tr", {}, h("th", { scope: "row" }, what), h("td", {}, value))))),
    pin.update ? progress(pin.update) : null,
    pin.crashes.length ? h("details", {}, h("summary", { class: "bad" }, t("{n} crashes", { n: pin.crashes.length })),
      h("pre", {}, pin.crashes.join("\n\n"))) : null,
    h("div", { class: "row" },
      h("button", { onclick: act("ring", t("It rings.")), disabled: !pin.connected }, t("Ring")),
      h("button", { onclick: () => rename(pin) }, t("Rename")),
      pin.takes_updates ? h("button", { onclick: act("update", t("It takes the update when it is idle.")), disabled: !pin.connected }, t("Update")) : null,
      h("button", { class: "quiet bad", onclick: act("revoke", t("Its key opens nothing any more."),
        t("Revoke {name}? It can be paired again.", { name: pin.name })) }, t("Revoke"))));
}

function progress({ phase, percent, text }) {
  const words = h("p", { class: ["failed", "refused", "reverted"].includes(phase) ? "bad" : "soft", role: "status" },
    t(PHASES[phase] ?? phase), text ? ` ${t(text)}` : "");
  return percent === null || percent === undefined ? words
    : h("div", {}, words, h("progress", { max: "100", value: String(percent), "aria-label": t("Update") }), ` ${percent} %`);
}

async function rename(pin) {
  const name = prompt(t("A new name for {name}", { name: pin.name }), pin.name);
  if (!name || name === pin.name) return;
  try {
    await post(`/api/pins/${pin.id}/name`, { name });
  } catch (error) {
    toast(t(error.message), "bad");
  }
}

function adding() {
  const place = h("div", {});
  return h("section", { class: "card" },
    h("h2", {}, t("Add a pin")),
    h("p", {}, t("Connect the board to a computer and make a ticket here. It is good once, for ten minutes.")),
    h("button", { onclick: async () => {
      try {
        const { ticket, command } = await post("/api/tickets");
        place.replaceChildren(h("p", {}, t("On the computer with the board:")), h("pre", {}, command),
          h("p", {}, t("It asks for this ticket:")), h("pre", {}, ticket));
      } catch (error) {
        toast(t(error.message), "bad");
      }
    } }, t("Make a ticket")), place);
}
