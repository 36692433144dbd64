// Draws each <figure data-chart="id"> from its json_script. Colours come from the tokens, so both themes are right.
(() => {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const axis = () => ({ gridcolor: token("line"), zerolinecolor: token("line"), fixedrange: true });
  const dates = () => ({ ...axis(), type: "date", showgrid: false, tickformat: "%-d %b", hoverformat: "%-d %b %Y" });

  function bars(spec) {
    return {
      traces: spec.series.map((s) => ({
        type: "bar", orientation: "h", name: s.name, y: spec.labels, x: s.values, customdata: s.links,
        marker: { color: token(s.token), line: { width: 0 } },
        hovertemplate: `%{y}: %{x} ${s.name}<extra></extra>`,
      })),
      layout: {
        barmode: "stack", bargap: 0.35, height: 40 + 34 * spec.labels.length,
        xaxis: { ...axis(), rangemode: "tozero", tickformat: ",d" },
        yaxis: { autorange: "reversed", automargin: true, fixedrange: true, ticksuffix: "  " },
      },
    };
  }

  function area(spec) {
    return {
      traces: spec.series.map((s) => ({
        type: "scatter", mode: "lines+markers", stackgroup: "open", name: s.name, x: spec.labels, y: s.values,
        line: { color: token("bg"), width: 1, shape: "hv" }, fillcolor: token(s.token),
        marker: { color: token(s.token), size: spec.dots.map((dot) => (dot ? 5 : 0)), line: { width: 0 } },
        hovertemplate: `%{y} ${s.name}<extra></extra>`,
      })),
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
        type: "bar", name: s.name, x: spec.labels, y: s.values.map((n) => (down ? -n : n)), customdata: s.values,
        marker: { color: token(s.token), line: { width: 0 } },
        hovertemplate: `%{customdata} ${s.name}<extra></extra>`,
      })),
      layout: {
        barmode: "relative", bargap: 0.3, height: 180, hovermode: "x unified", xaxis: dates(),
        yaxis: { ...axis(), tickvals: ticks, ticktext: ticks.map((n) => Math.abs(n).toLocaleString()), automargin: true },
      },
    };
  }

  const kinds = { bars, area, mirror };

  function draw(figure) {
    const spec = JSON.parse(document.getElementById(`${figure.dataset.chart}-data`).textContent);
    const target = figure.querySelector("[data-plot]");
    const { traces, layout } = kinds[spec.kind](spec);
    window.Plotly.react(target, traces, {
      margin: { l: 8, r: 8, t: 4, b: 28 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      font: { color: token("fg"), size: 12, family: "system-ui, sans-serif" },
      hoverlabel: { bgcolor: token("surface"), bordercolor: token("line"), font: { color: token("fg") } }, ...layout,
    }, { displayModeBar: false, responsive: true });
    target.removeAllListeners?.("plotly_click");
    if (spec.kind !== "bars") return;
    target.on("plotly_click", (event) => {
      const link = event.points[0]?.customdata;
      if (link) window.location.assign(link);
    });
  }

  const all = () => document.querySelectorAll("figure[data-chart]").forEach(draw);
  all();
  document.addEventListener("themechange", all);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
})();
