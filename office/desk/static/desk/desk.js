"use strict";
// Desk readers type the card's number and Enter, wherever the caret is. Digits that come faster than a
// person types, outside any field, go to the box that finds anything.
(() => {
  const FAST_MS = 40, SHORTEST = 6;
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
})();
