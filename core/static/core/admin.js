// Unfold has controls that only a mouse can use, and icons that are read out by their names. Give
// the former a place in the tab order, a role and the keys of a button; hide the latter from ears
// and name what shows nothing but an icon.
"use strict";

(() => {
  const NAMES = {
    dock_to_right: "Show or hide the navigation",
    close: "Hide the navigation",
    more_horiz: "More actions",
    search: "Search",
    schedule: "Overview",
  };

  function makeReachable(element) {
    if (element.matches("a[href], button, input, select, textarea, body, [tabindex]")) return;
    element.tabIndex = 0;
    element.setAttribute("role", "button");
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      element.click();
    });
  }

  function nameByIcon(control) {
    const name = NAMES[control.textContent.trim()];
    if (name && !control.title && !control.ariaLabel) control.ariaLabel = name;
  }

  // A field that searches stands in for a hidden one, and does not take over its label.
  function nameSearchField(hidden) {
    const label = hidden.labels[0];
    const shown = hidden.parentElement.querySelector(".select2-selection");
    if (!label || !shown) return;
    label.id ||= `${hidden.id}_label`;
    const value = shown.getAttribute("aria-labelledby") || "";
    shown.setAttribute("aria-labelledby", `${label.id} ${value}`);
  }

  window.addEventListener("load", () => {
    document.querySelectorAll("select.select2-hidden-accessible").forEach(nameSearchField);
  });

  document.addEventListener("DOMContentLoaded", () => {
    const clickable = "a:not([href]), span, div:not(#changelist-filter-close)";
    document.querySelectorAll(clickable).forEach((element) => {
      if (element.hasAttribute("x-on:click")) makeReachable(element);
    });
    document.querySelectorAll("a, button, [role=button]").forEach(nameByIcon);
    document.querySelectorAll(".material-symbols-outlined:not([role])").forEach((icon) => {
      icon.ariaHidden = "true";
    });
    // A date and a time stand under one label, of which only the date is the target.
    document.querySelectorAll(".field-line .datetime input").forEach((input) => {
      const label = input.closest(".field-line").querySelector("label")?.textContent.trim();
      if (label) input.ariaLabel = `${label}: ${input.placeholder.toLowerCase()}`;
    });
    const search = document.getElementById("searchbar");
    if (search) search.ariaLabel = `Search: ${search.placeholder}`;
  });
})();
