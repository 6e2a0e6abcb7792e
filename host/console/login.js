// The login: a user's name with the password, or an API key.

import { h } from "./dom.js";

let asking;

/** Asks once, however many calls are waiting; answers a token. */
export function login(problem) {
  asking ??= ask(problem).finally(() => { asking = undefined; });
  return asking;
}

function ask(problem) {
  return new Promise((resolve) => {
    const said = h("p", { role: "alert", class: "problem" }, problem ?? "");
    const field = (label, attributes) => h("label", {}, label, h("input", attributes));
    const submit = async (event) => {
      event.preventDefault();
      const { username, password, key } = Object.fromEntries(new FormData(event.target));
      try {
        resolve(key || (await exchange(username, password)));
        dialog.close();
        dialog.remove();
      } catch (error) {
        said.textContent = error.message;
      }
    };
    const dialog = h("dialog", { class: "login", "aria-labelledby": "login" },
      h("form", { onsubmit: submit },
        h("h2", { id: "login" }, "Sign in"),
        field("Name", { name: "username", autocomplete: "username" }),
        field("Password", { name: "password", type: "password", autocomplete: "current-password" }),
        h("p", { class: "or" }, "or"),
        field("API key", { name: "key", type: "password", autocomplete: "off" }),
        said,
        h("button", { class: "primary" }, "Sign in")));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
}

async function exchange(username, password) {
  if (!username || !password) throw new Error("Enter a name and its password, or an API key.");
  const body = new URLSearchParams({ grant_type: "password", username, password });
  const response = await fetch("token", { method: "POST", body });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail ?? "The host did not accept this.");
  return answer.access_token;
}
