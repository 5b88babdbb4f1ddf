// The live log of an execution's page: it follows its end, and holds while somebody reads further up.
"use strict";

const MOST_ROWS = 2000;

function atEnd(box) {
  return box.scrollTop + box.clientHeight >= box.scrollHeight - 40;
}

// Asked by the last row before it fetches what came after it.
function followsLog() {
  const box = document.getElementById("log-box");
  return !document.hidden && box !== null && atEnd(box);
}

function goToEnd(box) {
  box.scrollTop = box.scrollHeight;
}

function watchLog(box) {
  const rows = box.querySelector("tbody");
  box.addEventListener("scroll", () => {
    document.getElementById("log").classList.toggle("is-held", !atEnd(box));
  });
  // Whatever htmx adds, the end stays in sight: rows come only while it is.
  new MutationObserver(() => {
    while (rows.children.length > MOST_ROWS) rows.firstElementChild.remove();
    goToEnd(box);
  }).observe(rows, { childList: true });
  goToEnd(box);
}

document.addEventListener("htmx:load", (event) => {
  const box = event.detail.elt.querySelector?.("#log-box");
  if (box) watchLog(box);
});
