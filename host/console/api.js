// Calls of the host. Where it needs a credential, the user is asked for one.

import { login } from "./login.js";

const KEY = "canopy-token";

/** A refusal, with what the host says about it. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `the host answered ${status}`);
    this.status = status;
    this.errors = problem.errors ?? [];
  }
}

export const token = () => sessionStorage.getItem(KEY);

export function forgetToken() {
  sessionStorage.removeItem(KEY);
}

/** The address of a path of the host, wherever a proxy publishes it: paths are relative to the page. */
export const address = (path) => new URL(path, document.baseURI).href;

/** Calls the host; answers the response if it is a success. */
export async function call(path, { headers, ...options } = {}) {
  for (;;) {
    const known = token();
    const authorization = known ? { authorization: `Bearer ${known}` } : {};
    const response = await fetch(path, { ...options, headers: { accept: "application/json", ...authorization, ...headers } });
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    if (response.status !== 401) throw new Refusal(response.status, problem);
    sessionStorage.setItem(KEY, await login(known ? problem.detail : undefined));
    dispatchEvent(new Event("signed-in"));
  }
}

export const get = async (path) => (await call(path)).json();

export const post = (path, body) =>
  call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Saves an answer of the host as a file; a link could not send the credential. */
export async function save(path, name) {
  const blob = URL.createObjectURL(await (await call(path)).blob());
  const link = document.createElement("a");
  link.href = blob;
  link.download = name;
  link.click();
  URL.revokeObjectURL(blob);
}
