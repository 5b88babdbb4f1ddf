// Shows what a form would do while it is being edited: sends it as it stands, shows what comes back
// in its panel, and says at each field what is wrong with it.
"use strict";

(() => {
  const WAIT_MS = 350;

  // What is chosen or typed; a job's parameters have no part in when it fires.
  function readForm(form) {
    const written = new URLSearchParams(new FormData(form));
    written.delete("parameters");
    return written;
  }

  function clearProblems(form) {
    form.querySelectorAll(".live-problem").forEach((element) => element.remove());
  }

  function showProblems(form, problems) {
    for (const [name, detail] of Object.entries(problems)) {
      const place = form.querySelector(`.field-${name} > .grow`);
      if (!place) continue;
      const words = document.createElement("p");
      words.className = "live-problem";
      words.textContent = detail;
      place.append(words);
    }
  }

  async function ask(url, written) {
    const answer = await fetch(url, { method: "POST", body: written });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }

  function watch(panel, form) {
    let shown = "";
    let timer = null;
    let latest = 0;

    async function refresh() {
      const written = readForm(form);
      if (String(written) === shown) return;
      shown = String(written);
      const turn = ++latest;
      panel.setAttribute("aria-busy", "true");
      try {
        const answer = await ask(panel.dataset.url, written);
        if (turn !== latest) return;
        clearProblems(form);
        panel.innerHTML = answer.panel;
        showProblems(form, answer.problems);
      } catch {
        if (turn !== latest) return;
        clearProblems(form);
        const words = document.createElement("p");
        words.textContent = "The server did not answer; there is no preview now.";
        panel.replaceChildren(words);
      }
      panel.removeAttribute("aria-busy");
    }

    function soon() {
      clearTimeout(timer);
      timer = setTimeout(refresh, WAIT_MS);
    }

    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    // Django's shortcuts for dates and times write into the fields without an event.
    document.addEventListener("click", soon);
    soon();
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const panel of document.querySelectorAll(".live-panel[data-url]")) {
      const form = panel.closest("form");
      if (form) watch(panel, form);
    }
  });
})();
