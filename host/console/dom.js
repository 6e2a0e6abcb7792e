// Elements, made without markup: whatever a model or a client calls itself stays text.

/** An element with attributes, listeners (`onclick: …`) and children. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A table that scrolls sideways where it must; `columns` are `[heading, class]`. */
export function table(caption, columns, rows) {
  const heading = ([text, kind]) => h("th", { scope: "col", class: kind }, text);
  const row = (cells) =>
    h("tr", {}, cells.map((cell, position) =>
      h(position === 0 ? "th" : "td", { scope: position === 0 ? "row" : null, class: columns[position][1] }, cell)));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {},
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, columns.map(heading))),
      h("tbody", {}, rows.map(row))));
}

/** Figures with their names. */
export function figures(pairs) {
  return h("dl", { class: "figures" }, pairs.map(([name, value, note]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, value, note ? h("small", {}, note) : null))));
}

/** Whether something drifted, in words, with a colour besides. */
export function verdict(drifted) {
  return h("span", { class: drifted ? "verdict drifted" : "verdict" }, drifted ? "drifted" : "no drift");
}
