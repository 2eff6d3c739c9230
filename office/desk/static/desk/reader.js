"use strict";
// A card at this PC's PC/SC reader, by the helper on the same PC (deskreader/). Both prove by a digest that they
// have the code; the code itself goes nowhere. Only a page that is looked at waits for cards.
(() => {
  const KEY = "gatehouse-desk-reader", RETRY_MS = 3000;
  const bar = document.getElementById("reader");
  if (!bar) return;
  const words = bar.dataset, hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
  let waiting = null;

  const say = (state, detail) => {
    bar.hidden = state === "";
    bar.dataset.state = state;
    bar.textContent = words[state] || "";
    bar.title = detail || "";
  };
  const sign = async (...parts) => {
    const encoded = new TextEncoder(), how = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", encoded.encode(localStorage.getItem(KEY)), how, false, ["sign"]);
    return hex(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoded.encode(parts.join("\n")))));
  };
  const ask = async (path, body, signal) => {
    const answer = await fetch(words.address + path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal,
      credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
    });
    if (!answer.ok) throw Object.assign(new Error(`the helper says ${answer.status}`), { status: answer.status });
    return answer.json();
  };
  const pause = (signal) => new Promise((done) => {
    const timer = setTimeout(done, RETRY_MS);
    signal.addEventListener("abort", () => { clearTimeout(timer); done(); });
  });

  // As a reader that types: the page's field for a chip, else the box that finds anything. Never over what
  // somebody is writing elsewhere.
  const fill = (told) => {
    const field = document.querySelector("#id_number") || document.querySelector("[data-tap]");
    const here = document.activeElement;
    if (here && here !== field && here.matches("input, select, textarea") && !here.matches("[data-tap]")) return say("busy");
    const technology = field.form.elements.namedItem("technology");
    if (technology) technology.value = String(told.technology);
    field.value = told.number;
    field.form.requestSubmit();
  };
  const hear = (told, known) => {
    if (told.state === "card") fill(told);
    else say(told.state === "quiet" ? known.state : told.state, told.cause);
  };

  // One question after the other; true: there is nothing more to ask for now.
  const converse = async (known, signal) => {
    let { challenge } = await ask("/hello", {}, signal);
    while (!signal.aborted) {
      const nonce = hex(crypto.getRandomValues(new Uint8Array(16)));
      const proof = await sign("page", challenge, nonce, known.state);
      const answer = await ask("/wait", { challenge, nonce, known: known.state, proof }, signal);
      if (answer.proof !== await sign("helper", nonce, answer.told)) { say("stranger"); return true; }
      const told = JSON.parse(answer.told);
      if (signal.aborted) return true;
      if (["ready", "none", "several", "away"].includes(told.state)) known.state = told.state;
      hear(told, known);
      if (told.state === "elsewhere") return true;
      challenge = told.challenge;
    }
    return true;
  };
  const wait = async (signal) => {
    const known = { state: "" };
    for (let done = false; !done && !signal.aborted;) {
      try {
        done = await converse(known, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 401) return say("unpaired");
        if (error.status !== 409) { say("helper"); known.state = ""; await pause(signal); }
      }
    }
  };
  const stop = () => { if (waiting) waiting.abort(); waiting = null; };
  const start = () => {
    stop();
    if (document.hidden || !localStorage.getItem(KEY)) return;
    if (!window.isSecureContext) return say("insecure");
    waiting = new AbortController();
    wait(waiting.signal);
  };
  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); else start(); });
  window.addEventListener("focus", () => { if (bar.dataset.state === "elsewhere") start(); });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => { if (event.persisted) start(); });
  bar.addEventListener("click", start);

  const pairing = document.getElementById("reader-pairing");
  if (pairing) {
    pairing.addEventListener("submit", (event) => {
      event.preventDefault();
      localStorage.setItem(KEY, pairing.elements.code.value.replace(/[\s-]/g, "").toUpperCase());
      pairing.reset();
      start();
    });
    document.getElementById("reader-forget").addEventListener("click", () => {
      localStorage.removeItem(KEY);
      stop();
      say("");
    });
  }
  start();
})();
