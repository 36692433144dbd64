// Runs before the first paint, so that a theme that was chosen in this browser does not flash. Without one the profile's holds,
// which the page came with.
(function () {
  document.documentElement.dataset.script = "on";
  var theme = null;
  try { theme = localStorage.getItem("theme"); } catch (e) { /* storage is blocked: the profile's theme holds */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  if (theme === "system") delete document.documentElement.dataset.theme;
})();
