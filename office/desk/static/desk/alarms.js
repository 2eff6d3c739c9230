"use strict";
// Two tones for a new alarm. Browsers let a page sound only after somebody has pressed something on it,
// so the sound is switched on by its button, each time the page is opened.
(() => {
  const button = document.getElementById("sound"), box = document.getElementById("alarms");
  const state = () => document.getElementById("alarm-state").dataset;
  let audio = null, heard = Number(state().newest);
  const tone = (hertz, after_s) => {
    const source = audio.createOscillator(), volume = audio.createGain();
    source.frequency.value = hertz;
    volume.gain.value = 0.2;
    source.connect(volume).connect(audio.destination);
    source.start(audio.currentTime + after_s);
    source.stop(audio.currentTime + after_s + 0.25);
  };
  const sound = () => { if (audio) { tone(880, 0); tone(660, 0.3); } };
  button.addEventListener("click", () => {
    if (audio) { audio.close(); audio = null; } else { audio = new AudioContext(); sound(); }
    button.setAttribute("aria-pressed", String(audio !== null));
    button.textContent = audio ? button.dataset.on : button.dataset.off;
  });
  box.addEventListener("htmx:afterSettle", () => {
    const newest = Number(state().newest);
    if (newest > heard) sound();
    heard = Math.max(heard, newest);
    document.title = document.title.replace(/^(\(\d+\) )?/, Number(state().fresh) ? `(${state().fresh}) ` : "");
  });
})();
