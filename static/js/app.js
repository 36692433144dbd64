// Comfort on top of plain links and forms: theme, keyboard, menus, focus. Every listener is delegated, so swaps keep it alive.
(function () {
  "use strict";
  const root = document.documentElement;
  const store = {
    get(key) { try { return localStorage.getItem(key); } catch (e) { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch (e) { /* blocked: holds for this page only */ } },
    drop(key) { try { localStorage.removeItem(key); } catch (e) { /* blocked: there is none */ } },
  };

  function prepare() {
    document.querySelectorAll("[data-script-only]").forEach((el) => { el.hidden = false; });
    document.querySelectorAll("[data-script-hides]").forEach((el) => { el.hidden = true; });
    showTheme(root.dataset.theme || "system");
  }
  // Where the frame's links stand in a row, the current one may be out of sight.
  const nav = document.querySelector(".nav"), current = nav && nav.querySelector("[aria-current]");
  if (current && nav.scrollWidth > nav.clientWidth) nav.scrollLeft = current.offsetLeft - nav.clientWidth / 2;

  // Theme: system -> light -> dark.
  const themes = ["system", "light", "dark"];
  function showTheme(theme) {
    const button = document.getElementById("theme");
    if (button) { button.setAttribute("aria-label", "Theme: " + theme); button.title = "Theme: " + theme; }
  }
  function nextTheme() {
    const theme = themes[(themes.indexOf(root.dataset.theme || "system") + 1) % themes.length];
    if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
    store.set("theme", theme);
    showTheme(theme);
    document.dispatchEvent(new CustomEvent("themechange"));
  }

  // Keyboard. A key that a field could take, or with a modifier, is never ours.
  let leader = 0;
  function onKey(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return closeMenus(null);
    if (document.body.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type='radio'], [type='checkbox']), textarea, select, [contenteditable]")) return;
    if (event.key === "g") { leader = Date.now(); return; }
    if (Date.now() - leader < 1500) {
      leader = 0;
      const link = document.querySelector('.nav a[data-key="' + CSS.escape(event.key) + '"]');
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const act = { "/": () => into("#find"), s: () => into('#list input[type="search"]'), "?": help, j: () => row(1), k: () => row(-1) }[event.key] || press(event.key);
    if (act) { event.preventDefault(); act(); }
  }
  // Pages give keys of their own to what they hold: data-press="n".
  function press(key) {
    const target = document.querySelector('[data-press="' + CSS.escape(key) + '"]');
    return target && (() => { target.focus(); if (!target.matches("textarea")) target.click(); });
  }
  function into(which) {
    const field = document.querySelector(which);
    if (field) { field.focus(); field.select(); }
  }
  function help() {
    const dialog = document.getElementById("help");
    if (dialog) dialog.showModal();
  }
  function row(step) {
    const links = Array.from(document.querySelectorAll("a.lead"));
    const here = links.findIndex((a) => a.closest("tr") === document.activeElement.closest("tr"));
    const next = links[here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }

  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu === except) return;
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      if (inside && !except) menu.querySelector("summary").focus();
    });
  }

  // One box for all boxes of a page.
  document.addEventListener("change", (event) => {
    const name = event.target.dataset && event.target.dataset.picks;
    if (name) document.querySelectorAll('input[name="' + CSS.escape(name) + '"]').forEach((box) => { box.checked = event.target.checked; });
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && button.id === "theme") nextTheme();
    if (button && button.id === "help-open") help();
    if (button && button.dataset.copy) copy(button);
    if (!event.target.closest("details.menu")) closeMenus(null);
    else closeMenus(event.target.closest("details.menu"));
  });
  // Whose data is shown: what the lists of this page were asked since it was loaded stays asked.
  const choice = ["account", "ou"], kept = (url) => [...choice, "days"].map((name) => url.searchParams.getAll(name).join(" ")).join("&");
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".where a.option");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const to = new URL(link.href), now = new URL(location.href);
    if (to.pathname !== now.pathname) return;
    event.preventDefault();
    [...choice, "after", "before", "more"].forEach((name) => now.searchParams.delete(name));
    choice.forEach((name) => to.searchParams.getAll(name).forEach((value) => now.searchParams.append(name, value)));
    now.hash = "";
    location.assign(now);
  });
  // Enter takes the first that was found, once what was typed has been looked for; until then it asks for the page of all choices.
  document.addEventListener("keydown", (event) => {
    const box = event.target, first = document.querySelector("#where-options a.option");
    if (event.key !== "Enter" || box.id !== "where" || !first || !box.value.trim()) return;
    if (document.getElementById("where-said").dataset.q !== box.value.trim()) return;
    event.preventDefault();
    first.click();
  });
  document.addEventListener("toggle", (event) => { if (event.target.matches("details.where[open]")) into("#where"); }, true);
  // What the profile says holds again in this browser.
  document.addEventListener("submit", (event) => { if (event.target.matches("form[data-profile]")) store.drop("theme"); });
  document.addEventListener("keydown", onKey);
  // Without the clipboard (it is for HTTPS and localhost only) the text is chosen, so that the keyboard can copy it.
  function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const word = button.firstElementChild || button;
    const done = () => {
      say("Copied");
      word.textContent = "Copied";
      setTimeout(() => { word.textContent = "Copy"; }, 2000);
    };
    const choose = () => {
      getSelection().selectAllChildren(source);
      say("Not copied. The text is chosen: copy it with the keyboard.");
    };
    if (navigator.clipboard) navigator.clipboard.writeText(source.textContent).then(done, choose); else choose();
  }
  function say(words) { document.getElementById("said").textContent = words; }

  // A link to a part of a page opens what it is folded into.
  function unfold() {
    const target = document.getElementById(location.hash.slice(1));
    let folded = false;
    for (let at = target; at; at = at.parentElement) if (at.matches("details:not([open], .menu)")) folded = at.open = true;
    if (folded) target.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);

  // htmx. Within a list, links change the list; one that leads to another page is followed as any link is, even if what it leads
  // to could be drawn as a list alone. So is one that changes what the frame shows and carries on.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { boosted, pathInfo, requestConfig } = event.detail;
    if (!boosted || requestConfig.verb !== "get") return;
    const to = new URL(pathInfo.finalRequestPath, location.href);
    if (to.pathname === location.pathname && kept(to) === kept(new URL(location.href))) return;
    event.preventDefault();
    if (pathInfo.anchor) to.hash = pathInfo.anchor;
    location.assign(to);
  });
  // A whole page in answer to a partial request is another page (sign-in, most often): go there.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const xhr = event.detail.xhr;
    if (/^\s*<!doctype/i.test(xhr.responseText)) {
      event.detail.shouldSwap = false;
      window.location.assign(xhr.responseURL || window.location.href);
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    prepare();
    if (event.detail.target?.id === "list") {
      const heading = document.querySelector("#list details.facet[open] > summary") || document.querySelector("main h1");
      if (heading) { heading.focus({ preventScroll: true }); window.scrollTo({ top: 0 }); }
    }
  });
  ["htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, () => {
    const list = document.getElementById("list");
    if (!list || list.querySelector(".offline")) return;
    const note = document.createElement("p");
    note.className = "notice error offline";
    note.setAttribute("role", "alert");
    note.textContent = "The server did not answer. What you see is as it was; try again.";
    list.prepend(note);
  }));
  document.addEventListener("htmx:historyRestore", prepare);
  prepare();
  unfold();
})();
