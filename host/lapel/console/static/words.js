// The page's words in the visitor's language. English is what is asked for by; what another lacks stays English.

const KEY = "lapel.language";
const LANGUAGES = { en: "English", zh: "中文" };
let table = {};

export let language = "en";

export async function choose(wanted) {
  language = wanted in LANGUAGES ? wanted : "en";
  table = language === "en" ? {} : await (await fetch(`/static/lang/${language}.json`)).json();
  document.documentElement.lang = language;
}

export async function begin() {
  const asked = localStorage.getItem(KEY) ?? navigator.languages.map((l) => l.slice(0, 2)).find((l) => l in LANGUAGES);
  await choose(asked ?? "en");
}

export function keep(wanted) {
  localStorage.setItem(KEY, wanted);
}

export const languages = () => Object.entries(LANGUAGES);

// t("{n} crashes", { n: 3 })
export function t(text, values = {}) {
  return (table[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function when(unixSeconds) {
  if (!unixSeconds) return t("never");
  const date = new Date(unixSeconds * 1000);
  const today = new Date().toDateString() === date.toDateString();
  return date.toLocaleString(language, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}
