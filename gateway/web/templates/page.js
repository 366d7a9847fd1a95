"use strict";
// The language before anything is drawn; the page needs no script for anything else but comfort.
const root = document.documentElement;
function speak(language) {
  root.lang = language;
  root.dataset.language = language;
  for (const button of document.querySelectorAll("[data-language][aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}
speak(/^ja\b/i.test((navigator.languages && navigator.languages[0]) || navigator.language || "") ? "ja" : "en");

document.addEventListener("DOMContentLoaded", () => {
  speak(root.lang);
  document.querySelector(".languages").hidden = false;
  for (const button of document.querySelectorAll("button[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }

  // An arrow opens its message; Escape closes it and goes back to where it was opened from.
  let opener = null;
  function open(message, from) {
    for (let one = message; one; one = one.parentElement) {
      if (one.tagName === "DETAILS") one.open = true;
    }
    const summary = message.querySelector("summary");
    summary.focus({ preventScroll: true });
    message.scrollIntoView({ block: "start" });
    opener = from;
  }
  for (const arrow of document.querySelectorAll(".diagram a")) {
    arrow.addEventListener("click", (event) => {
      event.preventDefault();
      open(document.getElementById(arrow.getAttribute("href").slice(1)), arrow);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const inside = document.activeElement.closest("details[open]");
    if (!inside) return;
    inside.open = false;
    const arrow = opener && opener.getAttribute("href") === "#" + inside.id ? opener : null;
    (arrow || inside.querySelector("summary")).focus();
    if (arrow) opener = null;
  });
  function openNamed() {
    const named = document.getElementById(location.hash.slice(1));
    if (named && named.tagName === "DETAILS") open(named, null);
  }
  window.addEventListener("hashchange", openNamed);
  openNamed();

  // On paper everything is open; afterwards it is as it was.
  const closed = new Set();
  function unfold() {
    for (const details of document.querySelectorAll("details:not([open])")) {
      closed.add(details);
      details.open = true;
    }
  }
  function fold() {
    for (const details of closed) details.open = false;
    closed.clear();
  }
  window.addEventListener("beforeprint", unfold);
  window.addEventListener("afterprint", fold);
  window.matchMedia("print").addEventListener("change", (media) => (media.matches ? unfold() : fold()));

  // The exact bytes as a file, for somebody's own tools.
  const messages = JSON.parse(document.getElementById("messages").textContent);
  for (const button of document.querySelectorAll("button.save")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const one = messages[button.dataset.message];
      const bytes = Uint8Array.from(atob(one.base64), (character) => character.charCodeAt(0));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([bytes], { type: "application/xml" }));
      link.download = one.file;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }
});
