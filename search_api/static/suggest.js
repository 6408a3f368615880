// Names of measures, initiatives and organisations while somebody types: a combobox with a list (WAI-ARIA 1.2).

const PAUSE = 150; // milliseconds without a key before names are asked for
const MOST = 8;

/** @typedef {{iri: string, kind: string, label: Record<string, string> | string, number?: string | null, plan?: string | null}} Name */

/** Offer names under a text field; choosing one opens its page.
 * @param {HTMLInputElement} box
 */
export function offerNames(box) {
  const list = document.createElement("ul");
  list.className = "options";
  list.id = `${box.id}-options`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.labels?.[0]?.textContent ?? "");
  list.hidden = true;
  box.form?.append(list);
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");
  let chosen = -1;
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  const close = () => {
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  /** @param {number} place */
  const choose = (place) => {
    const options = [...list.children];
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    chosen = place;
    if (place >= 0) {
      box.setAttribute("aria-activedescendant", options[place].id);
      options[place].scrollIntoView({ block: "nearest" });
    } else box.removeAttribute("aria-activedescendant");
  };
  const ask = async () => {
    const text = box.value.trim();
    const mine = ++asked;
    if (text.length < 2) return close();
    const address = `${box.dataset.suggest}?${new URLSearchParams({ q: text, lang: document.documentElement.lang })}`;
    /** @type {Name[]} */
    let names = [];
    try {
      const reply = await fetch(address, { headers: { accept: "application/json" } });
      if (!reply.ok) return close();
      const found = await reply.json();
      names = (found.items ?? found.suggestions ?? []).slice(0, MOST);
    } catch {
      return close(); // typing goes on without names
    }
    if (mine !== asked || document.activeElement !== box) return;
    list.replaceChildren(...names.map((name, place) => option(name, `${list.id}-${place}`)));
    list.hidden = names.length === 0;
    box.setAttribute("aria-expanded", String(names.length > 0));
    chosen = -1;
  };

  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void ask(), PAUSE);
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const size = list.children.length;
    if (event.key === "ArrowDown") choose((chosen + 1) % size);
    else if (event.key === "ArrowUp") choose((chosen + size - 1) % size);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && chosen >= 0) list.children[chosen].querySelector("a")?.click();
    else return;
    if (event.key !== "Enter" || chosen >= 0) event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the field keeps the focus
    /** @type {HTMLElement} */ (event.target).closest("li")?.querySelector("a")?.click();
  });
  box.addEventListener("blur", close);
}

/** @param {Name} name @param {string} id */
function option(name, id) {
  const lang = document.documentElement.lang;
  const label = typeof name.label === "string" ? name.label : (name.label[lang] ?? Object.values(name.label)[0] ?? name.iri);
  const item = document.createElement("li");
  item.id = id;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  const link = document.createElement("a");
  link.tabIndex = -1;
  const path = new URL(name.iri).pathname.replace(/^\/(id|auth)\//, (_, start) => (start === "id" ? "/doc/" : "/doc/auth/"));
  link.href = `${path}?lang=${lang}`;
  link.textContent = name.number ? `${name.number} ${label}` : label;
  item.append(link);
  if (name.plan) {
    const plan = document.createElement("span");
    plan.className = "kind";
    plan.textContent = name.plan.replace("gvpp-", "");
    item.append(plan);
  }
  return item;
}
