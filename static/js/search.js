// The box in the frame as a combobox with a list (ARIA Authoring Practices): the server draws the options, the focus stays in the box.
// Without this script the box is a form that leads to a page of results.
(function () {
  "use strict";
  const box = document.getElementById("find"), list = document.getElementById("find-options"), said = document.getElementById("find-said");
  if (!box || !list) return;
  const options = () => Array.from(list.querySelectorAll('[role="option"]'));
  const active = () => list.querySelector('[aria-selected="true"]');

  function show(on) {
    list.hidden = !on;
    box.setAttribute("aria-expanded", String(on));
    if (!on) choose(null);
  }
  function choose(option) {
    options().forEach((one) => one.setAttribute("aria-selected", String(one === option)));
    if (option) { box.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    else box.removeAttribute("aria-activedescendant");
  }
  function move(step) {
    const all = options(), here = all.indexOf(active());
    if (all.length) choose(all[(here < 0 && step < 0 ? 0 : here) + step] || all[step > 0 ? 0 : all.length - 1]);
  }

  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open && options().length) show(true);
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && open && active()) {
      event.preventDefault();
      active().click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (open) show(false); else if (box.value) box.value = ""; else box.blur();
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("htmx:afterSwap", () => {
    const n = options().length;
    show(n > 0 && document.activeElement === box);
    if (said) said.textContent = !box.value ? "" : n ? n + (n === 1 ? " result" : " results") : "Nothing found";
  });
  box.addEventListener("blur", () => show(false));
})();
