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
    const lines = [...stage.querySelectorAll(".caption_marks tspan")].map((line) => line.textContent).join("; ");
    if (lines === caption.textContent) return;
    caption.textContent = lines;
    picture.setAttribute("aria-label", lines);
  };
  tell();
  caption.setAttribute("aria-live", "polite"); // from now on
  new MutationObserver(tell).observe(stage, { characterData: true, childList: true, subtree: true });

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
