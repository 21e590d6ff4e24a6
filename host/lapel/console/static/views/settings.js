// The settings: the same file that the command line reads.

import { get, post, session } from "../api.js";
import { h, toast } from "../dom.js";
import { t } from "../words.js";

const TITLES = { speech: "Speech", llm: "Language model", voice: "Voice", history: "Memory", notices: "Notices" };
// What a setting means, for people; others are called by their own name.
const NAMES = {
  "speech.language": "Language that is spoken", "speech.url": "Address of a speech server", "speech.key": "Its key",
  "speech.model": "Its model", "llm.url": "Address of a model server", "llm.key": "Its key", "llm.model": "Its model",
  "llm.embedded": "The model inside Lapel", "llm.tools": "How the model acts", "history.days": "Days that conversations are kept",
  "voice.on": "Answers are spoken, too", "voice.url": "Address of a voice server", "voice.key": "Its key", "voice.model": "Its model",
  "voice.voice": "Voice", "voice.voice_zh": "Voice for Chinese",
  "notices.quiet_from": "Quiet from", "notices.quiet_to": "Quiet to",
};
const TESTED = ["speech", "llm", "voice"];

export async function show(main) {
  const settings = await get("/api/settings");
  const again = h("p", { class: "card warn", hidden: true, role: "status" },
    t("Some of it counts after a restart."), " ",
    h("button", { onclick: restart }, t("Restart Lapel")));
  const save = async (table, changes) => {
    try {
      const { restart: needed } = await post("/api/settings", { changes: { [table]: changes } });
      toast(t("Saved."));
      again.hidden = again.hidden && !needed;
    } catch (error) {
      toast(t(error.message), "bad");
    }
  };
  main.append(h("h1", {}, t("Settings")), again,
    ...settings.tables.map((group) => section(group.table, t(TITLES[group.table]), group.fields, save)),
    h("h2", { class: "part" }, t("Skills")),
    ...settings.skills.map((skill) => skillCard(skill, save)),
    h("h2", { class: "part" }, t("Servers of tools (MCP)")),
    ...settings.mcp.map((server) => h("section", { class: "card" }, h("h3", {}, server.name),
      h("p", {}, server.url ?? [server.command].flat().join(" ")),
      switched(server.on !== false, t("On"), (on) => save(`mcp.${server.name}`, { on })))),
    settings.mcp.length ? null : h("p", { class: "empty" }, t("None. They are named in config.toml, one table [mcp.NAME] each.")),
    passphrase());
}

function section(table, title, list, save) {
  const inputs = new Map(list.map((field) => [field.key, input(`${table}.${field.key}`, field)]));
  const result = h("p", { class: "soft", role: "status" });
  return h("section", { class: "card" }, h("h2", {}, title),
    h("form", { class: "fields", onsubmit: (event) => {
      event.preventDefault();
      save(table, changed(list, inputs));
    } },
    list.flatMap((field) => labelled(`${table}.${field.key}`, field, inputs.get(field.key))),
    h("div", { class: "row" }, h("button", { class: "main" }, t("Save")),
      TESTED.includes(table) ? h("button", { type: "button", onclick: async (event) => {
        event.target.disabled = true;
        result.textContent = t("Asking ...");
        try {
          const { said, ms } = await post("/api/settings/test", {
            kind: table, url: inputs.get("url").value, key: inputs.get("key").value, model: inputs.get("model").value });
          result.textContent = t("It said “{said}” after {ms} ms.", { said, ms });
        } catch (error) {
          result.textContent = t(error.message);
        }
        event.target.disabled = false;
      } }, t("Test")) : null, result)));
}

function skillCard(skill, save) {
  const table = `skills.${skill.name}`;
  const inputs = new Map(skill.fields.map((field) => [field.key, input(`${table}.${field.key}`, field)]));
  return h("details", { class: "card turn" },
    h("summary", {}, h("strong", {}, skill.name), " ", h("span", { class: skill.failure ? "bad" : "soft" }, skill.failure || skill.about)),
    switched(skill.on, t("On"), (on) => save(table, { on: on ? null : false })),
    skill.fields.length ? h("form", { class: "fields", onsubmit: (event) => {
      event.preventDefault();
      save(table, changed(skill.fields, inputs));
    } }, skill.fields.flatMap((field) => labelled(`${table}.${field.key}`, field, inputs.get(field.key))),
    h("button", { class: "main" }, t("Save"))) : null,
    h("p", { class: "soft" }, skill.origin));
}

function input(id, field) {
  const disabled = Boolean(field.fixed);
  if (field.choices) {
    return h("select", { id, disabled }, field.choices.map((choice) => h("option", { value: choice, selected: choice === field.value }, choice)));
  }
  if (field.kind === "switch") return h("input", { id, type: "checkbox", checked: field.value, disabled });
  if (field.kind === "secret") {
    return h("input", { id, type: "password", autocomplete: "off", disabled, placeholder: field.value ? t("kept; empty changes nothing") : "" });
  }
  const number = field.kind === "number";
  return h("input", { id, type: number ? "number" : "text", step: number ? "any" : null, value: String(field.value ?? ""),
    min: field.least ?? null, max: field.most ?? null, disabled });
}

function labelled(id, field, element) {
  const note = field.fixed === "keyring" ? t("A secret: keyring set lapel {name}", { name: id.replace("skills.", "") })
    : field.fixed ? t("Set by {name} in the environment.", { name: field.fixed }) : "";
  return [h("label", { for: id }, t(NAMES[id] ?? field.key)), h("div", {}, element, note ? h("small", { class: "soft" }, note) : null)];
}

// What is another than it was; a default is not written down.
function changed(list, inputs) {
  const changes = {};
  for (const field of list) {
    const element = inputs.get(field.key);
    if (element.disabled) continue;
    if (field.kind === "secret") {
      if (element.value) changes[field.key] = element.value;
      continue;
    }
    const value = field.kind === "switch" ? element.checked : field.kind === "number" ? Number(element.value) : element.value;
    if (value !== field.value) changes[field.key] = value === field.default ? null : value;
  }
  return changes;
}

function switched(on, text, change) {
  const box = h("input", { type: "checkbox", checked: on, onchange: () => change(box.checked) });
  return h("label", { class: "row" }, box, text);
}

function passphrase() {
  const old = h("input", { type: "password", id: "old", autocomplete: "current-password", required: true });
  const fresh = h("input", { type: "password", id: "fresh", autocomplete: "new-password", minlength: "8", required: true });
  return h("section", { class: "card" }, h("h2", {}, t("Passphrase")),
    h("form", { class: "fields", onsubmit: async (event) => {
      event.preventDefault();
      try {
        await post("/api/passphrase", { old: old.value, new: fresh.value });
        await session(); // with its new token
        toast(t("Every other browser is signed out."));
        event.target.reset();
      } catch (error) {
        toast(t(error.message), "bad");
      }
    } }, h("label", { for: "old" }, t("The old one")), old, h("label", { for: "fresh" }, t("The new one")), fresh,
    h("button", { class: "main" }, t("Change"))));
}

async function restart() {
  await post("/api/restart").catch(() => {});
  toast(t("Lapel starts again. This takes a few seconds."));
  for (let i = 0; i < 60; i++) {
    await new Promise((done) => setTimeout(done, 1000));
    if (await get("/api/session").then(() => true, () => false)) {
      location.reload();
      return;
    }
  }
}
