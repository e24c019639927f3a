// The console: charts drawn from the tables beside them, and the keys of the reading queue.
// Everything here is extra: without it, the pages say and do the same.

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const charts = [];

// ---- charts

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// First column: labels. Each header with data-series is a series: "bar", "line", or "past" (a
// dashed line: the period compared with).
function read(table) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const labels = rows.map((row) => row.cells[0].dataset.label ?? row.cells[0].textContent.trim());
  const series = heads
    .map((cell, column) => ({ cell, column }))
    .filter(({ cell }) => cell.dataset.series)
    .map(({ cell, column }) => ({
      name: cell.textContent.trim(),
      kind: cell.dataset.series,
      ink: cell.dataset.ink ?? "1",
      values: rows.map((row) => {
        const value = row.cells[column].dataset.value;
        return value ? Number(value) : null;
      }),
    }));
  return { labels, series };
}

function dataset({ name, kind, ink, values }, at) {
  const paint = colour(`--chart-${ink}`);
  const common = { label: name, data: values, borderColor: paint };
  if (kind === "bar") {
    return {
      ...common,
      type: "bar",
      backgroundColor: paint,
      borderRadius: 3,
      maxBarThickness: 36,
      grouped: false, // one in front of the other: a part of the same messages
      order: -at,
      pointStyle: "rectRounded",
    };
  }
  const past = kind === "past";
  return {
    ...common,
    type: "line",
    backgroundColor: paint,
    borderWidth: 2,
    borderDash: past ? [5, 4] : [],
    pointRadius: 0,
    pointHitRadius: 12,
    tension: 0.25,
    order: -100, // above the bars
    pointStyle: "line",
  };
}

function draw(figure) {
  const { labels, series } = read(figure.querySelector("table"));
  const ink = colour("--ink-soft");
  const line = colour("--chart-grid");
  const format = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 1 });
  const suffix = figure.dataset.unit ? `\u00a0${figure.dataset.unit}` : "";
  const show = (value) => `${format.format(value)}${suffix}`;
  figure.querySelector(".plot").hidden = false;
  return new window.Chart(figure.querySelector("canvas"), {
    data: { labels, datasets: series.map(dataset) },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      font: { family: getComputedStyle(document.body).fontFamily },
      scales: {
        x: {
          grid: { display: false },
          border: { color: line },
          ticks: { color: ink, maxRotation: 0, autoSkipPadding: 14 },
        },
        y: {
          beginAtZero: true,
          grid: { color: line },
          border: { display: false },
          ticks: { color: ink, maxTicksLimit: 6, precision: 0, callback: show },
        },
      },
      plugins: {
        legend: {
          display: series.length > 1,
          align: "start",
          labels: {
            color: ink,
            usePointStyle: true,
            pointStyleWidth: 24,
            sort: (one, other) => one.datasetIndex - other.datasetIndex,
          },
        },
        tooltip: { usePointStyle: true, callbacks: { label: (item) => ` ${item.dataset.label} : ${show(item.raw)}` } },
      },
    },
  });
}

function drawAll() {
  for (const chart of charts.splice(0)) chart.destroy();
  for (const figure of document.querySelectorAll("figure[data-chart]")) charts.push(draw(figure));
}

if (window.Chart && document.querySelector("figure[data-chart]")) {
  window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawAll();
  dark.addEventListener("change", drawAll);
}

// ---- the reading queue: j and k move, the other keys press what bears data-key

const OFF = "allobot-console-keys-off";
const queue = document.querySelector("[data-queue]");

function items() {
  return [...queue.querySelectorAll("[data-item]")];
}

function current() {
  return document.activeElement?.closest("[data-item]") ?? null;
}

function move(step) {
  const all = items();
  const at = all.indexOf(current());
  const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
  all[next]?.focus();
}

function isTyping(target) {
  return target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

function press(event) {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
  const off = document.querySelector("[data-keys]")?.checked === false;
  if (!plain || off || isTyping(event.target)) return;
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") {
    event.preventDefault();
    move(key === "j" ? 1 : -1);
    return;
  }
  const button = (current() ?? items()[0])?.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (button) {
    event.preventDefault();
    button.click();
  }
}

function kept() {
  try {
    return localStorage.getItem(OFF) === null;
  } catch {
    return true; // a browser that keeps nothing still has its keys
  }
}

function keep(on) {
  try {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {
    // nothing to do: the choice lasts as long as the page
  }
}

if (queue) {
  const box = document.querySelector("[data-keys]");
  if (box) {
    box.closest("[hidden]")?.removeAttribute("hidden");
    box.checked = kept();
    box.addEventListener("change", () => keep(box.checked));
  }
  document.addEventListener("keydown", press);
  if (queue.dataset.queue === "again") items()[0]?.focus(); // after one was put aside, the next
}

// ---- a form sent twice does the same thing once

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
