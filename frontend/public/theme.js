// Before the first paint: the theme that was chosen here, else the system's.
(function () {
  var saved = null;
  try { saved = localStorage.getItem("qd.theme"); } catch (refused) { saved = null; }
  var dark = saved === "dark" || (saved !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
