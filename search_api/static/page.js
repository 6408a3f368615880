// Every page: copy links, put the focus on a cited passage, offer names while typing. All of it works without this too.
import { offerNames } from "./suggest.js";

/** Copy an address or a text, and say so beside what was pressed.
 * @param {HTMLElement} pressed
 * @param {string} text
 */
export async function copy(pressed, text) {
  await navigator.clipboard.writeText(text);
  const told = document.createElement("span");
  told.className = "copied";
  told.setAttribute("role", "status");
  told.textContent = document.body.dataset.copied ?? "";
  pressed.after(told);
  setTimeout(() => told.remove(), 2500);
}

for (const link of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-copy]"))) {
  link.addEventListener("click", (event) => {
    if (!navigator.clipboard) return; // the link itself is the address
    event.preventDefault();
    void copy(link, new URL(link.dataset.copy ?? "", location.href).href);
  });
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copy-field]"))) {
  const field = /** @type {HTMLTextAreaElement | null} */ (document.getElementById(button.dataset.copyField ?? ""));
  if (!field || !navigator.clipboard) continue; // the text can be marked and copied by hand
  button.hidden = false;
  button.addEventListener("click", () => void copy(button, field.value));
}

const cited = /** @type {HTMLElement | null} */ (document.querySelector(".para.cited"));
if (cited) cited.focus({ preventScroll: true });

for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[data-suggest]"))) offerNames(box);
