// The page's frame: who is there, which view is up, and the words it is in.

import * as api from "./api.js";
import { h, toast } from "./dom.js";
import { door } from "./views/door.js";
import { begin, choose, keep, language, languages, t } from "./words.js";

const VIEWS = {
  pin: ["Pin", () => import("./views/pin.js")],
  pins: ["Pins", () => import("./views/pins.js")],
  history: ["History", () => import("./views/history.js")],
  settings: ["Settings", () => import("./views/settings.js")],
  health: ["Health", () => import("./views/health.js")],
};
let leave = () => {};
let turn = 0;

async function show() {
  const mine = ++turn;
  leave();
  leave = () => {};
  const session = await api.session().catch((error) => ({ failed: error.message }));
  if (mine !== turn) return;
  const main = h("main", { id: "main", tabindex: "-1" });
  if (session.failed) {
    document.body.replaceChildren(frame(main, false));
    main.append(h("p", { class: "empty" }, t(session.failed)), h("button", { onclick: show }, t("Try again")));
    return;
  }
  if (!session.signed_in) {
    document.body.replaceChildren(frame(main, false));
    door(main, session, show);
    return;
  }
  const name = location.hash.slice(1).split("/")[0];
  const [title, load] = VIEWS[name] ?? VIEWS.pin;
  document.title = `${t(title)} · Lapel`;
  document.body.replaceChildren(frame(main, true, VIEWS[name] ? name : "pin"));
  try {
    const view = await load();
    if (mine !== turn) return;
    leave = (await view.show(main, session)) ?? (() => {});
    if (mine !== turn) leave();
  } catch (error) {
    if (error.status !== 401) main.replaceChildren(h("p", { class: "empty", role: "alert" }, t(error.message)));
  }
}

function frame(main, signedIn, current) {
  const links = Object.entries(VIEWS).map(([name, [title]]) =>
    h("a", { href: `#${name}`, "aria-current": name === current ? "page" : null }, t(title)));
  return h("div", { class: "frame" },
    h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, t("Skip to the page")),
    h("header", {},
      h("a", { class: "brand", href: "#pin" }, h("img", { src: "/static/icon.svg", alt: "", width: "28", height: "28" }), "Lapel"),
      signedIn ? h("nav", { "aria-label": t("Pages") }, links) : null,
      h("div", { class: "end" },
        h("label", { class: "quiet" }, h("span", { class: "unseen" }, t("Language")),
          h("select", { onchange: changeLanguage },
            languages().map(([code, own]) => h("option", { value: code, selected: code === language }, own)))),
        signedIn ? h("button", { class: "quiet", onclick: signOut }, t("Sign out")) : null)),
    main,
    h("div", { id: "toasts" }));
}

async function changeLanguage(event) {
  keep(event.target.value);
  await choose(event.target.value);
  show();
}

async function signOut() {
  await api.post("/api/sign-out").catch((error) => toast(t(error.message), "bad"));
  show();
}

addEventListener("hashchange", show);
addEventListener("signedout", () => show());
await begin();
show();
