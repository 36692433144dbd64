// Draws each <figure data-chart="id"> from its json_script. Colours come from the tokens, so both themes are right.
(() => {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function draw(figure) {
    const spec = JSON.parse(document.getElementById(`${figure.dataset.chart}-data`).textContent);
    const target = figure.querySelector("[data-plot]");
    const text = { color: token("fg"), size: 12, family: "system-ui, sans-serif" };
    const traces = spec.series.map((s) => ({
      type: "bar", orientation: "h", name: s.name, y: spec.labels, x: s.values, customdata: s.links,
      marker: { color: token(s.token), line: { width: 0 } },
      hovertemplate: `%{y}: %{x} ${s.name}<extra></extra>`,
    }));
    const layout = {
      barmode: "stack", bargap: 0.35, height: 40 + 34 * spec.labels.length, margin: { l: 8, r: 8, t: 4, b: 28 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: text, showlegend: false,
      xaxis: { gridcolor: token("line"), zerolinecolor: token("line"), rangemode: "tozero", fixedrange: true, tickformat: ",d" },
      yaxis: { autorange: "reversed", automargin: true, fixedrange: true, ticksuffix: "  " },
    };
    window.Plotly.react(target, traces, layout, { displayModeBar: false, responsive: true });
    target.removeAllListeners?.("plotly_click");
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
