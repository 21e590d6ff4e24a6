// The console's own server: JSON in, JSON out, and a token that no other page knows.

let token = "";

export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export async function session() {
  const state = await call("/api/session");
  token = state.token;
  return state;
}

export const get = (path) => call(path);

export const post = (path, body = {}) => call(path, {
  method: "POST",
  headers: { "content-type": "application/json", "x-lapel-token": token },
  body: JSON.stringify(body),
});

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new Refused(0, "Lapel does not answer.");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    if (response.status === 401) dispatchEvent(new Event("signedout"));
    throw new Refused(response.status, body.error ?? `Lapel answered ${response.status}.`);
  }
  return body;
}
