// Shows when a schedule fires while it is being edited: asks the API, and says at the field what
// is wrong with it.
"use strict";

(() => {
  const WAIT_MS = 350;
  const MEND = "something above has to be mended first.";
  const FIELDS = {
    one_time: ["oneTimeExecutionDate"],
    daily: ["timeOfDay"],
    weekly: ["timeOfDay", "daysOfWeek"],
    monthly: ["timeOfDay", "dayOfMonth"],
    cron: ["cronExpression"],
    interval: ["intervalSeconds"],
    delay: ["delaySeconds"],
  };
  const ROWS = {
    scheduleType: "schedule_type", timeOfDay: "time_of_day", daysOfWeek: "days_of_week",
    dayOfMonth: "day_of_month", cronExpression: "cron_expression",
    oneTimeExecutionDate: "one_time_at", intervalSeconds: "interval_seconds",
    delaySeconds: "delay_seconds", timezone: "timezone", startDateUtc: "start_at",
    endDateUtc: "end_at",
  };

  const text = (form, name) => form.elements[name]?.value.trim() || null;
  const number = (form, name) => (text(form, name) === null ? null : Number(text(form, name)));

  function moment(form, name) {
    const day = text(form, `${name}_0`);
    const clock = text(form, `${name}_1`);
    return day && clock ? `${day}T${clock}Z` : null;
  }

  function days(form) {
    const ticked = form.querySelectorAll("[name=days_of_week]:checked");
    return [...ticked].reduce((bits, box) => bits + Number(box.value), 0) || null;
  }

  function readRule(form) {
    const kind = text(form, "schedule_type");
    const all = {
      oneTimeExecutionDate: moment(form, "one_time_at"),
      timeOfDay: text(form, "time_of_day"),
      daysOfWeek: days(form),
      dayOfMonth: number(form, "day_of_month"),
      cronExpression: text(form, "cron_expression"),
      intervalSeconds: number(form, "interval_seconds"),
      delaySeconds: number(form, "delay_seconds"),
    };
    const own = FIELDS[kind] || [];
    return {
      scheduleType: kind,
      ...Object.fromEntries(own.map((name) => [name, all[name]])),
      timezone: text(form, "timezone"),
      startDateUtc: moment(form, "start_at"),
      endDateUtc: moment(form, "end_at"),
    };
  }

  // A saved interval keeps its grid. The API counts from where its answer begins: begin on the grid.
  function gridPoint(rule, anchor) {
    const every = rule.intervalSeconds * 1000;
    if (rule.scheduleType !== "interval" || !anchor || !(every >= 1000)) return {};
    const start = Date.parse(anchor);
    const passed = Math.max(0, Math.floor((Date.now() - start) / every));
    return { afterUtc: new Date(start + passed * every).toISOString() };
  }

  // Nothing is said about a rule that nobody has begun to write.
  function isBegun(rule) {
    return (FIELDS[rule.scheduleType] || []).some((name) => rule[name] !== null);
  }

  function cell(row, words, look = "") {
    const made = row.insertCell();
    made.textContent = words;
    made.className = look;
  }

  function spoken(iso, zone) {
    const [day, clock] = iso.split("T");
    const weekday = new Date(`${day}T12:00:00Z`)
      .toLocaleDateString("en-GB", { weekday: "short", timeZone: "UTC" });
    return `${weekday} ${day} ${clock.slice(0, 8)}${zone === "UTC" ? "" : ` ${clock.slice(8)}`}`;
  }

  function showFires(panel, answer, zone) {
    const body = panel.querySelector("tbody");
    body.replaceChildren();
    for (const fire of answer.fires) {
      const row = body.insertRow();
      cell(row, spoken(fire.local, zone), "nowrap");
      cell(row, fire.fireUtc.replace("T", " ").slice(0, 19), "nowrap");
      cell(row, fire.notes.join("; "));
    }
    panel.classList.toggle("preview-plain", !answer.fires.some((fire) => fire.notes.length));
    panel.querySelector(".scroller").hidden = !answer.fires.length;
    const ends = answer.exhausted && answer.fires.length ? " Nothing comes after these." : "";
    say(panel, answer.fires.length ? answer.description + "." + ends : "Nothing will come.");
  }

  function say(panel, words) {
    panel.querySelector(".preview-words").textContent = words;
  }

  function clearProblems(form) {
    form.querySelectorAll(".live-problem").forEach((element) => element.remove());
  }

  // Returns what could not be shown at a field.
  function showProblems(form, errors) {
    return errors.filter((error) => {
      const name = ROWS[(error.pointer || "").replace("#/", "")];
      const place = name && form.querySelector(`.field-${name} > .grow`);
      if (!place) return true;
      const words = document.createElement("p");
      words.className = "live-problem";
      words.textContent = error.detail;
      place.append(words);
      return false;
    });
  }

  async function ask(panel, form, rule) {
    const answer = await fetch(panel.dataset.url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
      },
      body: JSON.stringify({
        ...rule,
        ...gridPoint(rule, panel.dataset.anchor),
        count: Number(panel.dataset.count),
      }),
    });
    return [answer.ok, await answer.json()];
  }

  function watch(panel, form) {
    let shown = panel.hasAttribute("data-saved") ? JSON.stringify(readRule(form)) : "";
    let timer = null;
    let latest = 0;

    async function refresh() {
      const rule = readRule(form);
      const written = JSON.stringify(rule);
      if (written === shown) return;
      shown = written;
      const turn = ++latest;
      clearProblems(form);
      panel.querySelector(".scroller").hidden = true;
      if (!isBegun(rule)) return say(panel, "Fill in the rule to see when it fires.");
      try {
        const [isOk, answer] = await ask(panel, form, rule);
        if (turn !== latest) return;
        if (isOk) return showFires(panel, answer, rule.timezone);
        const left = showProblems(form, answer.errors || []);
        const words = left.length ? left.map((error) => error.detail).join(" ") : answer.detail;
        say(panel, left.length < (answer.errors || []).length ? `No fires: ${MEND}` : words);
      } catch {
        if (turn === latest) say(panel, "The server did not answer; there is no preview now.");
      }
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
    const panel = document.getElementById("schedule-preview");
    const form = panel?.closest("form");
    if (form?.elements.schedule_type) watch(panel, form);
  });
})();
