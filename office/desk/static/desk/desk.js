"use strict";
(() => {
  // Desk readers type the card's number and Enter, wherever the caret is. Digits that come faster than a
  // person types, outside any field, go to the page's field for a chip, else to the box that finds anything.
  const FAST_MS = 80, SHORTEST = 6;
  let typed = "", last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("input, select, textarea")) return;
    if (event.timeStamp - last > FAST_MS) typed = "";
    last = event.timeStamp;
    if (event.key === "Enter" && typed.length >= SHORTEST) {
      event.preventDefault();
      const field = document.querySelector("#id_number") || document.querySelector("[data-tap]");
      field.value = typed;
      typed = "";
      field.form.requestSubmit();
    } else if (/^[0-9a-fA-F]$/.test(event.key)) {
      typed += event.key;
    }
  });

  // A form is sent once, however often its button is hit.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.getAttribute("method") !== "post") return;
    if ("again" in event.target.dataset) return; // it gives out a file: the page stays
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  for (const one of document.querySelectorAll("[data-print]")) one.addEventListener("click", () => window.print());

  // A menu closes when something else is used; Escape closes menus and what was found.
  const menus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    document.querySelector("#found").replaceChildren();
  });

  // An address that ends in #report opens what it leads to.
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.matches("details")) {
    target.open = true;
    target.scrollIntoView({ block: "center" });
    target.querySelector("select, input:not([type=hidden]), button").focus();
  }
})();
