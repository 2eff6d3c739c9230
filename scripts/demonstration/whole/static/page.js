"use strict";
// Keeps each gate's picture fresh, and acts without leaving the page. Without this script forms still work.
const EVERY_MS = 500;

async function refresh(part) {
  try {
    const answer = await fetch(part.dataset.from);
    if (!answer.ok) throw new Error(String(answer.status));
    part.innerHTML = await answer.text();
    part.classList.remove("stale");
  } catch {
    part.classList.add("stale");
  }
}

async function keepFresh(part) {
  if (!document.hidden) await refresh(part);
  setTimeout(keepFresh, EVERY_MS, part);
}

for (const part of document.querySelectorAll(".live")) keepFresh(part);

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  await fetch(form.getAttribute("action"), { method: "POST", body }).catch(() => null);
  await refresh(form.closest(".gate").querySelector(".live"));
});
