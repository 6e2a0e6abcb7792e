// The page: which model, which view. An address is `#/{model}/{view}` and what the view needs.

import { forgetToken, get, token } from "./api.js";
import { settle } from "./chart.js";
import { h } from "./dom.js";
import { drawEvaluations } from "./evaluations.js";
import { drawLive } from "./live.js";
import { drawModel } from "./model.js";
import { drawTry } from "./try.js";

const VIEWS = {
  model: ["Model", drawModel],
  try: ["Try it", drawTry],
  evaluations: ["Evaluations", drawEvaluations],
  live: ["Live", drawLive],
};

const [main, models, nav, leave] = ["main", "models", "views", "leave"].map((id) => document.getElementById(id));
let leaving = new AbortController();

async function show(event) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  try {
    const list = await get("models");
    const [, name, view, ...rest] = decodeURI(location.hash).split("/");
    const known = list.models.some((model) => model.name === name);
    const model = known ? name : list.default;
    const chosen = known && view in VIEWS ? view : "model";
    drawFrame(list, model, chosen);
    const [title, draw] = VIEWS[chosen];
    document.title = `${title} · ${model} · Canopy`;
    const content = await draw({ model, path: `models/${model}`, rest, signal, again: show });
    if (signal.aborted) return;
    main.replaceChildren(...content);
  } catch (error) {
    if (signal.aborted) return;
    main.replaceChildren(h("p", { role: "alert", class: "problem" }, error.message));
  }
  settle();
  if (event?.type === "hashchange") {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

function drawFrame(list, model, chosen) {
  models.replaceChildren(...list.models.map(({ name }) => h("option", { selected: name === model }, name)));
  document.getElementById("chooser").hidden = list.models.length < 2;
  nav.replaceChildren(...Object.entries(VIEWS).map(([view, [title]]) =>
    h("a", { href: `#/${model}/${view}`, "aria-current": view === chosen ? "page" : null }, title)));
  leave.hidden = token() === null;
  models.onchange = () => { location.hash = `#/${models.value}/${chosen}`; };
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
leave.addEventListener("click", () => {
  forgetToken();
  show();
});
addEventListener("signed-in", () => { leave.hidden = false; });
addEventListener("hashchange", show);
show();
