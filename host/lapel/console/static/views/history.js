import { h } from "../dom.js";
import { t } from "../words.js";
export async function show(main) { main.append(h("h1", {}, t("history"))); }
