// What the parts of a page that are fetched again and again must not spoil.
"use strict";

// --- Of what is replaced, what somebody opened stays open, and what he selected is left alone.

let opened = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.detail.target;
  const selection = document.getSelection();
  if (!selection.isCollapsed && part.contains(selection.anchorNode)) event.detail.shouldSwap = false;
  opened = [...part.querySelectorAll("details[id]")].map(({ id, open }) => [id, open]);
});

document.addEventListener("htmx:afterSwap", () => {
  for (const [id, open] of opened) document.getElementById(id)?.toggleAttribute("open", open);
  opened = [];
});

// --- The log of an execution follows its end, and holds while somebody reads further up.

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
