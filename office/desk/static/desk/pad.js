"use strict";
// The customer signs on the screen: strokes by finger, pen or mouse become a PNG in the form's file field.
(() => {
  const MAX_BYTES = 256 * 1024;
  const form = document.querySelector("form[data-pad]");
  const canvas = form.querySelector("canvas"), file = form.querySelector("[data-drawn]");
  const refusal = form.querySelector("[data-refusal]");
  const pen = canvas.getContext("2d");
  let drawn = false, sending = false;

  const wipe = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#101828";
    drawn = false;
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...at(event));
    pen.stroke();
    drawn = true;
  });
  form.querySelector("[data-clear]").addEventListener("click", wipe);
  form.addEventListener("submit", (event) => {
    if (sending) return;
    event.preventDefault();
    if (!drawn) {
      refusal.textContent = canvas.dataset.empty;
      refusal.hidden = false;
      return;
    }
    canvas.toBlob((blob) => {
      if (blob === null || blob.size > MAX_BYTES) return;
      const given = new DataTransfer();
      given.items.add(new File([blob], "signature.png", { type: "image/png" }));
      file.files = given.files;
      sending = true;
      form.requestSubmit();
    }, "image/png");
  });
  wipe();
})();
