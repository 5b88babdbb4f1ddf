// Unfold has controls that only a mouse can use: elements with a click handler that are neither
// links nor buttons. Give them a place in the tab order, a role, a name, and the keys of a button.
"use strict";

const NAMES = {
  dock_to_right: "Show or hide the navigation",
  close: "Hide the navigation",
  more_horiz: "More actions",
};

function makeReachable(element) {
  if (element.matches("a[href], button, input, select, textarea, body, [tabindex]")) return;
  element.tabIndex = 0;
  element.setAttribute("role", "button");
  const name = NAMES[element.textContent.trim()];
  if (name && !element.hasAttribute("aria-label")) element.setAttribute("aria-label", name);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    element.click();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  const clickable = "a:not([href]), span, div:not(#changelist-filter-close)";
  document.querySelectorAll(clickable).forEach((element) => {
    if (element.hasAttribute("x-on:click")) makeReachable(element);
  });
});
