// Draws the charts, then folds the parts that the decision does not need: a chart takes the width
// that it finds, so it is drawn in an open part. Links, and paper, find parts open.
const drawn = [...document.querySelectorAll(".chart")].map((el) => {
  const spec = JSON.parse(document.getElementById(el.id + "-spec").textContent);
  const how = {mode: "vega-lite", renderer: "svg", actions: false};
  return vegaEmbed(el, spec, how).catch((error) => {
    el.textContent = "This chart could not be drawn: " + error.message;
    el.classList.add("broken");
  });
});
const parts = [...document.querySelectorAll("details.part")];
const named = () => parts.find((part) => "#" + part.parentElement.id === location.hash);
const unfold = () => { const part = named(); if (part) part.open = true; };
Promise.all(drawn).then(() => { for (const part of parts) part.open = part === named(); });
addEventListener("hashchange", unfold);
document.querySelector("nav")?.addEventListener("click", () => setTimeout(unfold));
addEventListener("beforeprint", () => { for (const part of parts) part.open = true; });
