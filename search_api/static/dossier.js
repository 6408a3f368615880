// The dossier: a draft of the question that stays in this browser, and copying what is ticked. The rest works without this.
import { copy } from "./page.js";

const KEY = "gvpp-draft-";

/** Keep what is typed in this browser, and put it back into an empty field.
 * @param {HTMLFormElement} form
 */
function keepDraft(form) {
  const field = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  const key = KEY + form.dataset.draft;
  try {
    if (!field.value) field.value = localStorage.getItem(key) ?? "";
    field.addEventListener("input", () => {
      if (field.value) localStorage.setItem(key, field.value);
      else localStorage.removeItem(key);
    });
  } catch {
    // a browser that keeps nothing: then there is no draft
  }
}

/** The text of a dossier without what is not ticked.
 * @param {HTMLElement} dossier
 * @returns {string}
 */
export function ticked(dossier) {
  const lines = [];
  for (const part of dossier.querySelectorAll("h2, h3, h4, .answer-text, .linked, tbody tr, .gap, textarea")) {
    const block = part.closest(".block");
    if (block?.querySelector('input[type="checkbox"]') && !block.querySelector("input:checked")) continue; // nor its heading
    const tick = /** @type {HTMLInputElement | null} */ (part.querySelector('input[type="checkbox"]'));
    if (tick && !tick.checked) continue;
    const text = part instanceof HTMLTextAreaElement ? part.value : words(part);
    if (text.trim()) lines.push(part.matches("h2, h3, h4") ? `\n${text}` : part.matches(".linked, tr") ? `– ${text}` : text);
  }
  return lines.join("\n").trim();
}

/** @param {Element} part */
function words(part) {
  const plain = /** @type {Element} */ (part.cloneNode(true));
  for (const extra of plain.querySelectorAll(".visually-hidden, .go, summary, input")) extra.remove();
  return (plain.textContent ?? "").replace(/\s+/g, " ").trim();
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-draft]"))) keepDraft(form);
for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copy-from]"))) {
  const dossier = document.getElementById(button.dataset.copyFrom ?? "");
  if (!dossier || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", () => void copy(button, ticked(dossier)));
}
