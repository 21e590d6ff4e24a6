// What was asked: searched, seen as it was on the palm, exported, erased.

import { get, post } from "../api.js";
import { h, toast } from "../dom.js";
import { t, when } from "../words.js";

// The waterfall's steps, in their order: name in the record, name for people.
const STEPS = [["transcript", "Words"], ["first_card", "First card"], ["last_card", "Last card"], ["shown", "First light"]];
const TYPING_MS = 250;

export async function show(main) {
  const list = h("div", {});
  const search = h("input", { type: "search", "aria-label": t("Search"), placeholder: t("Search what was asked and answered") });
  const more = h("button", { hidden: true }, t("Earlier"));
  let last = "";

  async function load(fresh) {
    const turns = await get(`/api/history?q=${encodeURIComponent(search.value)}${fresh ? "" : `&before=${last}`}`);
    if (fresh) list.replaceChildren();
    if (fresh && !turns.length) list.append(h("p", { class: "empty" }, t("Nothing was found.")));
    list.append(...turns.map((turn) => row(turn)));
    last = turns.at(-1)?.id ?? "";
    more.hidden = turns.length < 50;
  }

  const failing = (work) => async () => {
    try { await work(); } catch (error) { toast(t(error.message), "bad"); }
  };
  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(failing(() => load(true)), TYPING_MS);
  });
  more.addEventListener("click", failing(() => load(false)));

  function row(turn) {
    const details = h("div", {});
    const element = h("details", { class: "card turn", ontoggle: () => {
      if (element.open && !details.childNodes.length) details.append(...inside(turn));
    } },
    h("summary", {}, h("span", { class: "soft" }, when(turn.at_unix_s)), " ", h("strong", {}, turn.question || t("(nothing heard)")),
      h("br"), h("span", { class: turn.failure ? "bad" : "" }, turn.failure || turn.answer)),
    details,
    h("button", { class: "quiet bad", onclick: failing(async () => {
      await post(`/api/history/${turn.id}/delete`);
      element.remove();
    }) }, t("Delete")));
    return element;
  }

  main.append(h("h1", {}, t("History")), h("div", { class: "row tools" }, search,
    h("a", { href: "/api/history/export", download: "lapel.json" }, t("Export everything")),
    h("button", { class: "bad", onclick: failing(async () => {
      if (!confirm(t("Erase every question, answer, note and value that is kept here? This cannot be undone."))) return;
      await post("/api/history/erase", { everything: true });
      toast(t("Everything is erased."));
      await load(true);
    }) }, t("Erase everything"))), list, more);
  await load(true);
}

function inside(turn) {
  const pages = Array.from({ length: Math.min(turn.pages, 8) }, (_, page) =>
    h("img", { class: "palm", loading: "lazy", alt: t("Page {n} on the palm", { n: page + 1 }), src: `/api/history/${turn.id}/${page}.svg` }));
  const known = STEPS.filter(([name]) => turn.timings_ms[name] !== undefined);
  const longest = Math.max(1, ...known.map(([name]) => turn.timings_ms[name]));
  let before = 0;
  const bars = known.map(([name, title]) => {
    const ms = turn.timings_ms[name];
    const bar = h("span", { class: "bar" });
    bar.style.marginLeft = `${100 * before / longest}%`;
    bar.style.width = `${Math.max(0.5, 100 * (ms - before) / longest)}%`;
    before = ms;
    return h("tr", {}, h("th", { scope: "row" }, t(title)), h("td", { class: "wide" }, bar), h("td", {}, `${Math.round(ms)} ms`));
  });
  const frames = turn.frames.sent === undefined ? [] : [h("p", { class: "soft" },
    t("{received} of {sent} sound frames came.", turn.frames))];
  return [h("div", { class: "pages" }, pages),
    h("table", {}, h("caption", { class: "soft" }, t("After the release of the button")), h("tbody", {}, bars)), ...frames];
}
