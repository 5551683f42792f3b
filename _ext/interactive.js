// Makes the interactive figures of a page move. `View` and `parse` are Vega's, see interactive.py.

async function bringToLife(figure) {
  const [chart, controls, caption, data] = figure.children;
  const spec = JSON.parse(data.textContent);
  const stage = document.createElement("div");
  const view = new View(parse(spec), { renderer: "svg" });
  await view.initialize(stage, controls).runAsync();

  const picture = stage.querySelector("svg");
  picture.setAttribute("role", "img");
  const tell = () => {
    const lines = view.signal("caption");
    caption.textContent = lines.join("; ");
    picture.setAttribute("aria-label", lines.join("; "));
  };
  tell();
  caption.setAttribute("aria-live", "polite"); // from now on
  view.addSignalListener("caption", tell);

  for (const slider of controls.querySelectorAll("input")) {
    slider.setAttribute("aria-label", slider.previousSibling.textContent);
  }
  const start = spec.signals.filter((signal) => signal.bind).map(({ name, value }) => [name, value]);
  const reset = document.createElement("button");
  reset.type = "button";
  reset.textContent = "Reset";
  reset.addEventListener("click", () => {
    for (const [name, value] of start) view.signal(name, value);
    view.runAsync();
  });
  controls.append(reset);
  chart.replaceChildren(stage);
}

for (const figure of document.querySelectorAll("figure.interactive")) {
  bringToLife(figure).catch(console.error); // the picture of the start stays
}
