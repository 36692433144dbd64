// Runs before the first paint, so that a chosen theme does not flash.
(function () {
  var theme = null;
  try { theme = localStorage.getItem("theme"); } catch (e) { /* storage is blocked: the system's theme holds */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
