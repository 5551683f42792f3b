// Lets the quick checks of a page answer; see quick_checks.py. What there is to say stands in each one's fold.

function numberIn(text) {
  const found = text.trim().replace(",", ".").replace("−", "-").match(/^([-+]?(?:\d+\.?\d*|\.\d+))(?:\s*\/\s*(\d+\.?\d*)|\s*(%))?$/);
  if (!found) return NaN;
  return Number(found[1]) / (found[2] ? Number(found[2]) : found[3] ? 100 : 1);
}

// Returns the entry of the fold for what the reader has answered, or what to do first.
function judged(form) {
  const entries = [...form.querySelectorAll("[data-answer]")];
  const box = form.querySelector("input[inputmode]");
  if (!box) {
    const chosen = form.querySelector("input:checked");
    return chosen ? entries[Number(chosen.value)] : "Choose an answer first.";
  }
  const number = numberIn(box.value);
  if (!Number.isFinite(number)) return "Enter a number first, such as 0.25, 1/4 or 25 %.";
  const near = ({ dataset }) => Math.abs(number - Number(dataset.number)) <= Number(dataset.tolerance) + 1e-12;
  return entries.find((entry) => entry.dataset.number && near(entry)) ?? entries.at(-1);
}

function tell(form, result) {
  const verdict = form.querySelector(".verdict");
  verdict.classList.remove("right", "wrong");
  if (typeof result === "string") {
    verdict.textContent = result;
    return;
  }
  const right = result.dataset.right === "true";
  const word = document.createElement("strong");
  word.textContent = right ? "Right." : "Not right.";
  verdict.replaceChildren(word, " ", ...result.lastElementChild.cloneNode(true).childNodes);
  verdict.classList.add(right ? "right" : "wrong");
  form.querySelector("details").hidden = false;
}

document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form.quick-check")) {
    const button = form.querySelector("button");
    button.disabled = button.hidden = false;
    form.querySelector("details").hidden = true; // until the first try
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      tell(form, judged(form));
    });
    form.addEventListener("input", () => tell(form, "")); // a verdict is about the answer that was checked
  }
});
