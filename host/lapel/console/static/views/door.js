// The door: the first passphrase, through the link that Lapel printed, and later just the passphrase.

import { post } from "../api.js";
import { h } from "../dom.js";
import { t } from "../words.js";

const LEAST = 8;

export function door(main, session, open) {
  const invitation = location.hash.startsWith("#welcome=") ? location.hash.slice(9) : "";
  const first = !session.owned;
  const wrong = h("p", { class: "wrong", role: "alert" });
  const passphrase = h("input", {
    id: "passphrase", type: "password", required: true, minlength: first ? String(LEAST) : null,
    autocomplete: first ? "new-password" : "current-password", autofocus: true,
  });
  const form = h("form", { class: "door card", onsubmit: async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    try {
      await (first ? post("/api/welcome", { invitation, passphrase: passphrase.value })
        : post("/api/sign-in", { passphrase: passphrase.value }));
      history.replaceState(null, "", location.pathname); // the link is used up
      open();
    } catch (error) {
      wrong.textContent = t(error.message);
      passphrase.select();
    }
  } },
  h("h1", {}, first ? t("Welcome to Lapel") : t("Lapel")),
  first && !invitation
    ? h("p", {}, t("Nobody owns this Lapel yet. Open the link that it printed when it started."))
    : [
      h("p", {}, first ? t("Choose a passphrase. Whoever knows it may ask, read and change everything here.")
        : t("Your passphrase, please.")),
      h("label", { for: "passphrase" }, t("Passphrase")),
      passphrase,
      wrong,
      h("button", { class: "main" }, first ? t("Begin") : t("Sign in")),
    ]);
  main.append(form);
  passphrase.focus();
}
