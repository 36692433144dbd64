// Draws each <figure data-chart="id"> from its json_script. Colours come from the tokens, so both themes are right.
(() => {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const axis = () => ({ gridcolor: token("line"), zerolinecolor: token("line"), fixedrange: true });
  const dates = () => ({ ...axis(), type: "date", showgrid: false, tickformat: "%-d %b", hoverformat: "%-d %b %Y" });

  function bars(spec) {
    const most = Math.max(...spec.labels.map((_, i) => spec.series.reduce((sum, s) => sum + s.values[i], 0)));
    return {
      traces: spec.series.map((s) => ({
        type: "bar", orientation: "h", name: s.name, y: spec.labels, x: s.values, customdata: s.links,
        marker: { color: token(s.token), line: { width: 0 } },
        hovertemplate: `%{y}: %{x} ${s.name}<extra></extra>`,
      })),
      layout: {
        barmode: "stack", bargap: 0.35, height: 40 + 34 * spec.labels.length,
        xaxis: { ...axis(), rangemode: "tozero", tickformat: ",d", ...(most < 5 ? { dtick: 1 } : {}) },
        yaxis: { autorange: "reversed", automargin: true, fixedrange: true, ticksuffix: "  " },
      },
    };
  }

  // What only stands from an earlier day is hatched from the baseline up.
  const stands = (spec) => ({
    type: "scatter", mode: "lines", name: "not judged that day", x: spec.labels, y: spec.carried, fill: "tozeroy",
    line: { width: 0, shape: "hv" }, fillcolor: "rgba(0,0,0,0)",
    fillpattern: { shape: "/", fgcolor: token("bg"), bgcolor: "rgba(0,0,0,0)", size: 7, solidity: 0.2 },
    hovertemplate: "%{y} of these not judged that day<extra></extra>",
  });

  function area(spec) {
    return {
      traces: spec.series.map((s) => ({
        type: "scatter", mode: "lines+markers", stackgroup: "open", name: s.name, x: spec.labels, y: s.values, customdata: s.links,
        line: { color: token("bg"), width: 1, shape: "hv" }, fillcolor: token(s.token),
        marker: { color: token(s.token), size: spec.dots.map((dot) => (dot ? 5 : 0)), line: { width: 0 } },
        hovertemplate: `%{y} ${s.name}<extra></extra>`,
      })).concat(spec.carried.some((n) => n) ? [stands(spec)] : []),
      layout: {
        height: 260, hovermode: "x unified", xaxis: dates(),
        yaxis: { ...axis(), rangemode: "tozero", tickformat: ",d", automargin: true },
      },
    };
  }

  function mirror(spec) {
    const most = Math.max(1, ...spec.series.flatMap((s) => s.values));
    const step = [1, 2, 5].flatMap((n) => [n, 10 * n, 100 * n, 1000 * n, 10000 * n]).sort((a, b) => a - b).find((n) => 2 * n >= most) ?? most;
    const ticks = [-2, -1, 0, 1, 2].map((n) => n * step).filter((n) => Math.abs(n) <= most);
    return {
      traces: spec.series.map((s, down) => ({
        type: "bar", name: s.name, x: spec.labels, y: s.values.map((n) => (down ? -n : n)), customdata: s.links,
        marker: { color: token(s.token), line: { width: 0 } }, text: s.values.map((n) => n.toLocaleString("en")), textposition: "none",
        hovertemplate: `%{text} ${s.name}<extra></extra>`,
      })),
      layout: {
        barmode: "relative", bargap: 0.3, height: 180, hovermode: "x unified", xaxis: dates(),
        yaxis: { ...axis(), tickvals: ticks, ticktext: ticks.map((n) => Math.abs(n).toLocaleString()), automargin: true },
      },
    };
  }

  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const mixed = (from, to, share) => `rgb(${from.map((c, i) => Math.round(c + (to[i] - c) * share)).join(",")})`;

  // Each cell is a bar of length 1: what is not known can be hatched, and cells are as wide as there is room.
  function heat(spec, target) {
    const every = Math.ceil((48 * spec.series.length) / Math.max(200, target.clientWidth - 120)); // labels that there is room for
    const [none, full] = [rgb(token("surface")), rgb(token("accent"))];
    const most = Math.log1p(Math.max(1, ...spec.series.flatMap((s) => s.values)));
    const shade = (n) => (n ? mixed(none, full, 0.15 + 0.85 * (Math.log1p(n) / most)) : token("surface"));
    const colour = (n) => (n === null ? token("info") : shade(n)); // of a hatched cell, the lines
    const said = (n) => (n === null ? "unknown" : n === 1 ? "1 call" : `${n.toLocaleString("en")} calls`);
    return {
      traces: spec.series.map((s) => ({
        type: "bar", orientation: "h", name: s.name, y: spec.labels, x: s.values.map(() => 1), customdata: s.links,
        text: s.values.map(said), textposition: "none", hovertemplate: `%{y}, week of ${s.name}: %{text}<extra></extra>`,
        marker: {
          color: s.values.map(colour), line: { width: 1, color: token("bg") },
          pattern: { shape: s.values.map((n) => (n === null ? "/" : "")), bgcolor: token("bg"), size: 8, solidity: 0.15 },
        },
      })),
      layout: {
        barmode: "stack", bargap: 0, height: 48 + 24 * spec.labels.length,
        xaxis: {
          fixedrange: true, showgrid: false, zeroline: false, range: [0, spec.series.length], side: "top",
          tickvals: spec.series.map((_, i) => i + 0.5), ticktext: spec.series.map((s, i) => (i % every ? "" : s.name.replace(/ \(.*/, ""))), tickangle: 0,
        },
        yaxis: { autorange: "reversed", automargin: true, fixedrange: true, ticksuffix: "  " }, margin: { l: 8, r: 8, t: 28, b: 4 },
      },
    };
  }

  const kinds = { bars, area, mirror, heat };

  function draw(figure) {
    const spec = JSON.parse(document.getElementById(`${figure.dataset.chart}-data`).textContent);
    const target = figure.querySelector("[data-plot]");
    const { traces, layout } = kinds[spec.kind](spec, target);
    window.Plotly.react(target, traces, {
      margin: { l: 8, r: 8, t: 4, b: 28 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      font: { color: token("fg"), size: 12, family: "system-ui, sans-serif" },
      hoverlabel: { bgcolor: token("surface"), bordercolor: token("line"), font: { color: token("fg") } }, ...layout,
    }, { displayModeBar: false, responsive: true });
    target.removeAllListeners?.("plotly_click");
    target.on("plotly_click", (event) => {
      const link = event.points[0]?.customdata;
      if (link) window.location.assign(link);
    });
  }

  const all = () => document.querySelectorAll("figure[data-chart]").forEach(draw);
  all();
  document.addEventListener("themechange", all);
  for (const media of ["(prefers-color-scheme: dark)", "print"]) window.matchMedia(media).addEventListener("change", all); // paper is light
})();
