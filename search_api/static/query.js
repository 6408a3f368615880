// The SPARQL editor: colours over the text, and prefixes, classes and properties while somebody types. Without this it is a text field.

const WORDS = new Set(
  ("select ask construct describe where filter optional union graph values bind as limit offset order by group having distinct reduced prefix base from named " +
    "not exists in minus asc desc count sum avg min max sample group_concat separator regex str lang langmatches datatype bound if coalesce contains strstarts " +
    "strends strlen lcase ucase isiri isliteral replace concat year now a").split(" "),
);
const TOKEN =
  /(?<comment>#[^\n]*)|(?<string>"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<iri><[^\s<>"{}|^`]*>)|(?<variable>[?$]\w+)|(?<name>[\p{L}_][\w.-]*:[\w.\-/%]*|:[\w.-]+)|(?<word>[\p{L}_]\w*)|(?<other>[\s\S])/gu;

/** @typedef {{prefixes: string[], terms: Record<string, string>}} Terms */

/** The query with a span for each token that has a colour.
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function coloured(text) {
  const found = document.createDocumentFragment();
  for (const match of text.matchAll(TOKEN)) {
    const [kind, value] = Object.entries(match.groups ?? {}).find(([, part]) => part !== undefined) ?? ["other", match[0]];
    if (kind === "other" || (kind === "word" && !WORDS.has(value.toLowerCase()))) {
      found.append(value);
      continue;
    }
    const span = document.createElement("span");
    span.className = `tok-${kind}`;
    span.textContent = value;
    found.append(span);
  }
  return found;
}

/** What can stand where the caret is: prefixes, then names below a prefix.
 * @param {Terms} terms
 * @param {string} before the text up to the caret
 * @returns {{start: number, options: {text: string, label: string}[]}}
 */
export function offers(terms, before) {
  const typed = /[\w:.-]*$/.exec(before)?.[0] ?? "";
  const wanted = typed.toLowerCase();
  const names = Object.entries(terms.terms).map(([text, label]) => ({ text, label }));
  const prefixes = terms.prefixes.map((prefix) => ({ text: `${prefix}:`, label: "" }));
  const every = typed.includes(":") ? names : [...prefixes, ...names];
  const options = every.filter(
    ({ text, label }) => text.toLowerCase().startsWith(wanted) || (wanted.length > 2 && label.toLowerCase().includes(wanted)),
  );
  return { start: before.length - typed.length, options: options.slice(0, 12) };
}

/** @param {HTMLElement} editor */
function enliven(editor) {
  const field = /** @type {HTMLTextAreaElement} */ (editor.querySelector("textarea"));
  const shown = document.createElement("pre");
  shown.setAttribute("aria-hidden", "true");
  editor.prepend(shown);
  editor.classList.add("lit");
  const list = document.createElement("ul");
  list.className = "options";
  list.id = "query-options";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.labels?.[0]?.textContent ?? "");
  list.hidden = true;
  editor.append(list);
  for (const hint of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-hint="editor"]'))) hint.hidden = false;
  /** @type {Promise<Terms> | undefined} */
  let terms;
  let place = -1;
  let start = 0;

  const paint = () => {
    shown.replaceChildren(coloured(field.value), "\n");
    shown.scrollTop = field.scrollTop;
  };
  const close = () => {
    list.hidden = true;
    place = -1;
    field.removeAttribute("aria-activedescendant");
  };
  /** @param {number} at */
  const choose = (at) => {
    place = at;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    const item = list.children[at];
    if (item) {
      field.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    }
  };
  const take = () => {
    const text = /** @type {HTMLElement} */ (list.children[place]).dataset.text ?? "";
    field.setRangeText(text, start, field.selectionStart, "end");
    close();
    paint();
    if (text.endsWith(":")) void offer();
  };
  const offer = async () => {
    terms ??= fetch(editor.dataset.terms ?? "").then((reply) => reply.json());
    /** @type {Terms} */
    let known;
    try {
      known = await terms;
    } catch {
      terms = undefined; // the next try may work
      return close();
    }
    const found = offers(known, field.value.slice(0, field.selectionStart));
    start = found.start;
    list.replaceChildren(
      ...found.options.map(({ text, label }, index) => {
        const item = document.createElement("li");
        item.id = `query-option-${index}`;
        item.dataset.text = text;
        item.setAttribute("role", "option");
        const name = document.createElement("code");
        name.textContent = text;
        const kind = document.createElement("span");
        kind.className = "kind";
        kind.textContent = label;
        item.append(name, kind);
        return item;
      }),
    );
    list.hidden = found.options.length === 0;
    if (!list.hidden) choose(0);
  };

  field.addEventListener("input", () => {
    paint();
    if (/[\w.-]+:[\w.-]*$/.test(field.value.slice(0, field.selectionStart))) void offer();
    else close();
  });
  field.addEventListener("scroll", paint);
  field.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) void offer();
    else if (event.key === "Enter" && event.ctrlKey) field.form?.requestSubmit();
    else if (list.hidden) return;
    else if (event.key === "ArrowDown") choose((place + 1) % list.children.length);
    else if (event.key === "ArrowUp") choose((place + list.children.length - 1) % list.children.length);
    else if (event.key === "Enter") take();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  field.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const item = /** @type {HTMLElement} */ (event.target).closest("li");
    if (item) {
      choose([...list.children].indexOf(item));
      take();
    }
  });
  new ResizeObserver(() => (shown.style.height = `${field.offsetHeight}px`)).observe(field);
  paint();
}

for (const editor of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".editor"))) enliven(editor);
