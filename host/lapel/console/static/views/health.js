// How the house is doing, and what its doctor says.

import { get, post } from "../api.js";
import { h, toast } from "../dom.js";
import { t, when } from "../words.js";

const EVERY_MS = 3000;
const STAGES = { transcript: "Words", first_card: "First card", last_card: "Last card", shown: "First light" };

export async function show(main) {
  const now = h("div", { class: "grid" });
  const complaints = h("div", {});
  const doctor = h("div", {});
  main.append(h("h1", {}, t("Health")), now,
    h("section", { class: "card" }, h("h2", {}, t("Doctor")),
      h("button", { onclick: async (event) => {
        event.target.disabled = true;
        try {
          doctor.replaceChildren(findings(await post("/api/doctor")));
        } catch (error) {
          toast(t(error.message), "bad");
        }
        event.target.disabled = false;
      } }, t("Look at everything")), doctor),
    h("section", { class: "card" }, h("h2", {}, t("What went wrong lately")), complaints));

  async function look() {
    const health = await get("/api/health");
    const rows = [
      [t("Up since"), when(Date.now() / 1000 - health.up_s)],
      [t("Load"), `${health.load.toFixed(2)} / ${health.cores}`],
      [t("Memory"), `${Math.round(health.memory_bytes / 1e6)} MB`],
      [t("Lateness of the loop"), `${health.loop_lag_ms} ms`],
      ...Object.entries(health.queues).map(([name, depth]) => [t(name), String(depth)]),
    ];
    const stages = Object.entries(health.stages).map(([stage, { p50, p95, count }]) =>
      h("tr", {}, h("th", { scope: "row" }, t(STAGES[stage])), h("td", {}, `${Math.round(p50)} ms`), h("td", {}, `${Math.round(p95)} ms`), h("td", {}, count)));
    now.replaceChildren(
      h("section", { class: "card" }, h("h2", {}, t("Now")),
        h("table", {}, h("tbody", {}, rows.map(([what, value]) => h("tr", {}, h("th", { scope: "row" }, what), h("td", {}, value)))))),
      h("section", { class: "card" }, h("h2", {}, t("From release to ...")),
        stages.length ? h("table", {},
          h("thead", {}, h("tr", {}, h("th", {}, h("span", { class: "unseen" }, t("Stage"))), h("th", {}, t("Median")), h("th", {}, "95 %"), h("th", {}, t("Turns")))),
          h("tbody", {}, stages)) : h("p", { class: "empty" }, t("No question was asked since the start."))));
    complaints.replaceChildren(health.complaints.length ? h("ul", {}, health.complaints.slice(0, 30).map((entry) =>
      h("li", { class: entry.level === "error" ? "bad" : "warn" }, `${when(entry.at_unix_s)}: ${entry.text}`)))
      : h("p", { class: "empty" }, t("Nothing.")));
  }

  const again = () => look().catch((error) => { if (error.status !== 401) toast(t(error.message), "bad"); });
  await look();
  const timer = setInterval(again, EVERY_MS);
  return () => clearInterval(timer);
}

function findings(list) {
  return h("table", {}, h("tbody", {}, list.map(({ part, state, detail, advice }) =>
    h("tr", {}, h("th", { scope: "row" }, part),
      h("td", { class: { failed: "bad", warning: "warn" }[state] ?? "" }, t(state)),
      h("td", {}, detail, advice ? h("span", { class: "soft" }, ` — ${advice}`) : null)))));
}
