// Elements from code: h("button", { class: "quiet", onclick: f }, "Ring").

export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Says something to everybody, also to who cannot see it; it goes by itself.
export function toast(text, kind = "note") {
  const place = document.getElementById("toasts");
  const note = h("p", { class: `toast ${kind}`, role: kind === "bad" ? "alert" : "status" }, text);
  place.append(note);
  setTimeout(() => note.remove(), kind === "bad" ? 8000 : 4000);
}
