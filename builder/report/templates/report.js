"use strict";

const search = document.getElementById("search");
const rows = [...document.querySelectorAll("#package-table tbody tr")];

function filterPackages() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    found += row.hidden ? 0 : 1;
  }
  document.getElementById("found").value = `${found} of ${rows.length}`;
}

if (search) {
  search.closest("p").hidden = false;
  search.addEventListener("input", filterPackages);
  filterPackages();
}

// A finger has no tooltip: what is touched or focused is told below the map.
const pointed = document.getElementById("pointed");
for (const cell of document.querySelectorAll(".cell")) {
  for (const event of ["click", "focus", "mouseenter"]) {
    cell.addEventListener(event, () => {
      pointed.textContent = cell.getAttribute("aria-label");
    });
  }
}

// Paper cannot be unfolded.
let folded = [];
window.addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const details of folded) details.open = true;
});
window.addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
});
