// The page of `open_thoughts_gen view`, and of the self-contained pages that it writes: facets, a list, one row.
//
// Rows come from the server that `view` started, or stand in the page itself, as JSON. All that they say is shown as
// text: every element is made by `element`, text is only ever set as text content, and nothing is parsed as HTML.
// Markdown and LaTeX are read by the two small parsers below, which make elements for what they know and show the rest
// as it is written.

// --- Elements --------------------------------------------------------------------------------------------------------

const MATHML = "http://www.w3.org/1998/Math/MathML";
const byId = (id) => document.getElementById(id);

function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (typeof value === "boolean") node.toggleAttribute(key, value);
    else if (value !== undefined && value !== null) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function math(name, properties = {}, ...children) {
  const node = document.createElementNS(MATHML, name);
  for (const [key, value] of Object.entries(properties)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const count = (number) => Number(number).toLocaleString("en");

// Characters that change the order of others, or are not seen, are shown by their number.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

function shown(text) {
  if (!UNSEEN.test(text)) return [text];
  return text.split(new RegExp(`(${UNSEEN.source})`, "u")).map((part) => {
    if (!UNSEEN.test(part)) return part;
    const number = part.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return element("span", { class: "shown" }, `U+${number}`);
  });
}

// --- LaTeX -----------------------------------------------------------------------------------------------------------

const LETTERS = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ϵ", varepsilon: "ε", zeta: "ζ", eta: "η", theta: "θ",
  vartheta: "ϑ", iota: "ι", kappa: "κ", lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", pi: "π", rho: "ρ", sigma: "σ", tau: "τ",
  upsilon: "υ", phi: "ϕ", varphi: "φ", chi: "χ", psi: "ψ", omega: "ω", Gamma: "Γ", Delta: "Δ", Theta: "Θ", Lambda: "Λ",
  Xi: "Ξ", Pi: "Π", Sigma: "Σ", Upsilon: "Υ", Phi: "Φ", Psi: "Ψ", Omega: "Ω", infty: "∞", ell: "ℓ", hbar: "ℏ",
  emptyset: "∅", varnothing: "∅", partial: "∂", nabla: "∇", Re: "ℜ", Im: "ℑ", aleph: "ℵ", angle: "∠", triangle: "△",
  square: "□", degree: "°", circ: "∘", prime: "′", top: "⊤", bot: "⊥",
};
const SIGNS = {
  cdot: "·", times: "×", div: "÷", pm: "±", mp: "∓", ast: "∗", star: "⋆", bullet: "•", oplus: "⊕", otimes: "⊗",
  cup: "∪", cap: "∩", setminus: "∖", wedge: "∧", land: "∧", vee: "∨", lor: "∨", neg: "¬", lnot: "¬", forall: "∀",
  exists: "∃", le: "≤", leq: "≤", leqslant: "≤", ge: "≥", geq: "≥", geqslant: "≥", ne: "≠", neq: "≠", approx: "≈",
  equiv: "≡", sim: "∼", simeq: "≃", cong: "≅", propto: "∝", ll: "≪", gg: "≫", in: "∈", notin: "∉", ni: "∋", subset: "⊂",
  subseteq: "⊆", supset: "⊃", supseteq: "⊇", mid: "∣", nmid: "∤", parallel: "∥", perp: "⊥", to: "→", rightarrow: "→",
  leftarrow: "←", gets: "←", leftrightarrow: "↔", Rightarrow: "⇒", implies: "⟹", Leftarrow: "⇐", Leftrightarrow: "⇔",
  iff: "⟺", mapsto: "↦", longrightarrow: "⟶", uparrow: "↑", downarrow: "↓", therefore: "∴", because: "∵", ldots: "…",
  dots: "…", cdots: "⋯", vdots: "⋮", ddots: "⋱", colon: ":", vdash: "⊢", models: "⊨", lfloor: "⌊", rfloor: "⌋",
  lceil: "⌈", rceil: "⌉", langle: "⟨", rangle: "⟩", lvert: "|", rvert: "|", vert: "|", lVert: "‖", rVert: "‖", Vert: "‖",
  lbrace: "{", rbrace: "}", lbrack: "[", rbrack: "]", backslash: "\\", "{": "{", "}": "}", "%": "%", "$": "$", "#": "#",
  "&": "&", "_": "_", "|": "‖",
};
const LARGE = { sum: "∑", prod: "∏", int: "∫", iint: "∬", oint: "∮", bigcup: "⋃", bigcap: "⋂", coprod: "∐" };
const NAMES = new Set(
  (
    "sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan log ln lg exp lim max min sup inf " +
    "det gcd lcm deg dim ker arg Pr bmod mod"
  ).split(" "),
);
const SPACES = { ",": "0.17em", ":": "0.22em", ";": "0.28em", "!": "0", " ": "0.3em", quad: "1em", qquad: "2em" };
const ACCENTS = { hat: "^", widehat: "^", bar: "¯", overline: "¯", vec: "→", overrightarrow: "→", dot: "˙", ddot: "¨", tilde: "~", widetilde: "~", underline: "_" };
const FONTS = { mathbb: "double-struck", mathcal: "script", mathfrak: "fraktur" };
const BLACKBOARD = { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" };
const FENCES = { matrix: ["", ""], pmatrix: ["(", ")"], bmatrix: ["[", "]"], vmatrix: ["|", "|"], Vmatrix: ["‖", "‖"], Bmatrix: ["{", "}"], cases: ["{", ""], aligned: ["", ""], align: ["", ""], "align*": ["", ""], array: ["", ""], gathered: ["", ""], split: ["", ""] };
const IGNORED = new Set(
  "displaystyle textstyle limits nolimits big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr hline".split(" "),
);
const MAX_LATEX = 4000;
const MAX_DEPTH = 40;

// An operator as tall as a letter: only what stands after \left and \right grows with what is between them.
const operator = (text) => math("mo", { stretchy: "false" }, text === "-" ? "−" : text);

class Latex {
  constructor(source) {
    this.tokens = source.match(/\\[A-Za-z]+\*?|\\[^]|\s+|\d+(?:\.\d+)?|[^]/gu) || [];
    this.at = 0;
    this.depth = 0;
  }

  get next() {
    while (/^\s+$/.test(this.tokens[this.at] || "")) this.at += 1;
    return this.tokens[this.at];
  }

  take(expected) {
    const token = this.next;
    if (token === undefined || (expected && token !== expected))
      throw new SyntaxError(`expected ${expected || "more"}`);
    this.at += 1;
    return token;
  }

  // Everything up to one of the tokens that end it, as one row.
  row(...ends) {
    if ((this.depth += 1) > MAX_DEPTH) throw new SyntaxError("too deep");
    const row = math("mrow");
    while (this.next !== undefined && !ends.includes(this.next)) row.append(this.scripted());
    if (ends.length && this.next === undefined) throw new SyntaxError(`expected ${ends[0]}`);
    this.depth -= 1;
    return row;
  }

  // One atom with what stands above and below it.
  scripted() {
    const base = this.atom();
    let [above, below] = [null, null];
    for (let token = this.next; token === "^" || token === "_" || token === "'"; token = this.next) {
      this.take();
      if (token === "_" && !below) below = this.atom();
      else if (token === "^" && !above) above = this.atom();
      else if (token === "'") above = math("mrow", {}, ...(above ? [above] : []), math("mo", {}, "′"));
      else throw new SyntaxError("two scripts");
    }
    const limits = base.getAttribute("data-limits") ? ["munderover", "munder", "mover"] : ["msubsup", "msub", "msup"];
    if (above && below) return math(limits[0], {}, base, below, above);
    return below ? math(limits[1], {}, base, below) : above ? math(limits[2], {}, base, above) : base;
  }

  atom() {
    const token = this.take();
    if (token === "{") return this.group();
    if (token === "}" || token === "&" || token === "^" || token === "_") throw new SyntaxError(`unexpected ${token}`);
    if (token === "~") return math("mspace", { width: "0.3em" });
    if (/^\d/.test(token)) return math("mn", {}, token);
    if (/^\p{L}$/u.test(token)) return math("mi", {}, token);
    return token.startsWith("\\") && token.length > 1 ? this.command(token.slice(1)) : operator(token);
  }

  group() {
    const row = this.row("}");
    this.take("}");
    return row;
  }

  command(name) {
    if (name in LETTERS) return math("mi", {}, LETTERS[name]);
    if (name in SIGNS) return operator(SIGNS[name]);
    if (name in LARGE) return math("mo", { "data-limits": "1" }, LARGE[name]);
    if (name in SPACES) return math("mspace", { width: SPACES[name] });
    if (name in ACCENTS) return this.accented(name);
    if (name in FONTS) return this.lettered(name);
    if (NAMES.has(name)) return math("mi", /^(lim|max|min|sup|inf)$/.test(name) ? { "data-limits": "1" } : {}, name);
    if (IGNORED.has(name)) return math("mrow");
    if (/^[dtc]?frac$/.test(name)) return math("mfrac", {}, this.atom(), this.atom());
    if (/^[dt]?binom$/.test(name)) {
      return math(
        "mrow",
        {},
        math("mo", {}, "("),
        math("mfrac", { linethickness: "0" }, this.atom(), this.atom()),
        math("mo", {}, ")"),
      );
    }
    if (name === "sqrt") return this.root();
    if (name === "boxed" || name === "fbox") return math("mrow", { class: "boxed" }, this.atom());
    if (name === "left") return this.fenced();
    if (name === "pmod") return math("mrow", {}, math("mtext", {}, " (mod "), this.atom(), math("mtext", {}, ")"));
    if (name === "begin") return this.environment();
    if (/^(text|textbf|textit|textrm|mathrm|mathbf|mathit|mathsf|mathtt|operatorname\*?|mbox|boldsymbol)$/.test(name)) {
      return math("mtext", {}, this.words().replace(/ /g, "\u00a0"));
    }
    throw new SyntaxError(`\\${name} is not known`);
  }

  accented(name) {
    const mark = math("mo", { stretchy: /^(wide|over|under)/.test(name) ? "true" : "false" }, ACCENTS[name]);
    return math(name === "underline" ? "munder" : "mover", { accent: "true" }, this.atom(), mark);
  }

  lettered(name) {
    const letters = this.words();
    return math("mi", {}, name === "mathbb" ? [...letters].map((each) => BLACKBOARD[each] || each).join("") : letters);
  }

  root() {
    if (this.next !== "[") return math("msqrt", {}, this.atom());
    this.take();
    const degree = this.row("]");
    this.take("]");
    return math("mroot", {}, this.atom(), degree);
  }

  fenced() {
    const [open, inside] = [this.fence(), this.row("\\right")];
    this.take("\\right");
    return math("mrow", {}, open, inside, this.fence());
  }

  fence() {
    const token = this.take();
    const sign = token === "." ? "" : token.startsWith("\\") ? SIGNS[token.slice(1)] : token;
    if (sign === undefined) throw new SyntaxError(`${token} is not a fence`);
    return math("mo", { stretchy: "true" }, sign);
  }

  environment() {
    const name = this.words();
    if (!(name in FENCES)) throw new SyntaxError(`the environment ${name} is not known`);
    if (name === "array") this.words();
    const table = math("mtable", { displaystyle: /align|gather|split/.test(name) ? "true" : "false" });
    let line = math("mtr");
    for (;;) {
      line.append(math("mtd", {}, this.row("&", "\\\\", "\\end")));
      const token = this.take();
      if (token === "&") continue;
      table.append(line);
      line = math("mtr");
      if (token === "\\end") break;
    }
    if (this.words() !== name) throw new SyntaxError(`\\end of another environment than ${name}`);
    const [open, close] = FENCES[name];
    return math("mrow", {}, math("mo", {}, open), table, math("mo", {}, close));
  }

  // What stands between braces, as it is written.
  words() {
    if (this.next !== "{") return this.take();
    this.take();
    let [text, open] = ["", 1];
    for (;;) {
      const token = this.tokens[this.at++];
      if (token === undefined) throw new SyntaxError("expected }");
      open += token === "{" ? 1 : token === "}" ? -1 : 0;
      if (!open) return text;
      text += /^\\[^A-Za-z]$/.test(token) ? token.slice(1) : token;
    }
  }
}

// A formula, or its source where something in it is not known.
function formula(source, display) {
  try {
    if (source.length > MAX_LATEX || UNSEEN.test(source.replace(/\n/g, " "))) throw new SyntaxError("not a formula");
    const row = new Latex(source).row();
    return math("math", { display: display ? "block" : "inline" }, row);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return element("code", { class: "latex", title: error.message }, shown(source));
  }
}

// --- Markdown --------------------------------------------------------------------------------------------------------

const MAX_NESTED = 6;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const ITEM = /^( {0,12})(?:[-*+]|(\d{1,9})[.)]) +(.*)$/;
const isRule = (line) => /^ {0,3}([-*_])(?: *\1){2,} *$/.test(line);
const cellsOf = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
const isDashes = (line) =>
  line !== undefined && line.includes("-") && cellsOf(line).every((cell) => /^:?-+:?$/.test(cell));

function markdown(text, depth = 0) {
  const [lines, blocks] = [text.split("\n"), []];
  let at = 0;
  const until = (ends, from = at) => {
    let end = from;
    while (end < lines.length && !ends(lines[end])) end += 1;
    return end;
  };
  while (at < lines.length) {
    const line = lines[at];
    const [fence, heading, item] = [FENCE.exec(line), /^ {0,3}(#{1,6}) +(.*)$/.exec(line), ITEM.exec(line)];
    const display = /^\s*(\$\$|\\\[)/.exec(line);
    if (!line.trim()) {
      at += 1;
    } else if (fence) {
      const end = until((each) => each.trim().startsWith(fence[1]), at + 1);
      blocks.push(element("pre", {}, element("code", {}, shown(lines.slice(at + 1, end).join("\n")))));
      at = end + 1;
    } else if (display) {
      const close = display[1] === "$$" ? "$$" : "\\]";
      const [first, rest] = [line.trim().slice(2), lines.slice(at + 1)];
      const source = [first, ...rest].join("\n");
      const end = source.indexOf(close);
      if (end < 0) {
        blocks.push(element("p", {}, inline(line, depth)));
        at += 1;
      } else {
        blocks.push(formula(source.slice(0, end).trim(), true));
        at += source.slice(0, end).split("\n").length;
        lines[--at] = source.slice(end + 2).split("\n")[0];
      }
    } else if (heading) {
      blocks.push(element("p", { class: "heading" }, inline(heading[2], depth)));
      at += 1;
    } else if (isRule(line)) {
      blocks.push(element("hr"));
      at += 1;
    } else if (line.startsWith(">") && depth < MAX_NESTED) {
      const end = until((each) => !each.startsWith(">"));
      const inside = lines
        .slice(at, end)
        .map((each) => each.replace(/^> ?/, ""))
        .join("\n");
      blocks.push(element("blockquote", {}, markdown(inside, depth + 1)));
      at = end;
    } else if (line.includes("|") && isDashes(lines[at + 1])) {
      const end = until((each) => !each.includes("|"), at + 2);
      blocks.push(table(cellsOf(line), lines.slice(at + 2, end).map(cellsOf), depth));
      at = end;
    } else if (item && depth < MAX_NESTED) {
      const end = until(
        (each, indent = item[1].length) => each.trim() && !ITEM.test(each) && !each.startsWith(" ".repeat(indent + 1)),
        at + 1,
      );
      blocks.push(listed(lines.slice(at, end), item, depth));
      at = end;
    } else {
      const starts = (each) =>
        !each.trim() ||
        FENCE.test(each) ||
        /^ {0,3}#{1,6} |^>|^\s*(\$\$|\\\[)/.test(each) ||
        isRule(each) ||
        (ITEM.test(each) && depth < MAX_NESTED);
      const end = until(starts, at + 1);
      blocks.push(element("p", {}, inline(lines.slice(at, end).join("\n"), depth)));
      at = end;
    }
  }
  return blocks;
}

function listed(lines, first, depth) {
  const list = element(first[2] ? "ol" : "ul", first[2] ? { start: first[2] } : {});
  let inside = null;
  const close = () =>
    inside &&
    list.append(
      element("li", {}, inside.length > 1 ? markdown(inside.join("\n"), depth + 1) : inline(inside[0], depth)),
    );
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && item[1].length <= first[1].length) {
      close();
      inside = [item[3]];
    } else {
      inside.push(line.replace(new RegExp(`^ {0,${first[1].length + 3}}`), ""));
    }
  }
  close();
  return list;
}

function table(head, rows, depth) {
  const cells = (row, name) =>
    element(
      "tr",
      {},
      row.slice(0, 40).map((cell) => element(name, {}, inline(cell, depth))),
    );
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      {},
      element("thead", {}, cells(head, "th")),
      element(
        "tbody",
        {},
        rows.map((row) => cells(row, "td")),
      ),
    ),
  );
}

// Marks around a stretch of text: what opens it, what closes it, and what it becomes.
const STRETCHES = [
  ["\\(", "\\)", (inside) => formula(inside, false)],
  ["\\[", "\\]", (inside) => formula(inside, true)],
  ["$$", "$$", (inside) => formula(inside, true)],
  ["$", "$", (inside, after) => (/^\S(?:[^]*\S)?$/.test(inside) && !/^\d/.test(after) ? formula(inside, false) : null)],
  ["``", "``", (inside) => element("code", {}, shown(inside.trim()))],
  ["`", "`", (inside) => element("code", {}, shown(inside))],
  ["**", "**", (inside, _, depth) => (/^\S/.test(inside) ? element("strong", {}, inline(inside, depth + 1)) : null)],
  ["__", "__", (inside, _, depth) => (/^\S/.test(inside) ? element("strong", {}, inline(inside, depth + 1)) : null)],
  ["~~", "~~", (inside, _, depth) => element("s", {}, inline(inside, depth + 1))],
  ["*", "*", (inside, _, depth) => (/^\S(?:[^]*\S)?$/.test(inside) ? element("em", {}, inline(inside, depth + 1)) : null)],
  ["_", "_", (inside, after, depth) => (/^\S(?:[^]*\S)?$/.test(inside) && !/^\w/.test(after) ? element("em", {}, inline(inside, depth + 1)) : null)],
];

function inline(text, depth = 0) {
  const parts = [];
  let [plain, at] = ["", 0];
  const add = (node, end) => {
    parts.push(...shown(plain), node);
    [plain, at] = ["", end];
  };
  while (at < text.length) {
    const match = depth < MAX_NESTED && "\\$`*_~[!<".includes(text[at]) ? stretch(text, at, depth) : null;
    if (match) {
      add(...match);
    } else if (text[at] === "\\" && /[!-/:-@[-`{-~]/.test(text[at + 1] || "")) {
      plain += text[at + 1];
      at += 2;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  return [...parts, ...shown(plain)];
}

// The element that begins here, and where it ends; null where none does.
function stretch(text, at, depth) {
  const link = /^!?\[([^[\]]{0,500})\]\(([^()\s]{1,2000})(?: "[^"]{0,200}")?\)|^<(https?:\/\/[^<>\s]{1,2000})>/.exec(
    text.slice(at, at + 3000),
  );
  if (link) {
    const [all, words, target, bare] = link;
    return [linked(words ? inline(words, depth + 1) : [bare || target], bare || target), at + all.length];
  }
  for (const [open, close, become] of STRETCHES) {
    if (!text.startsWith(open, at) || (open === "_" && /\w/.test(text[at - 1] || ""))) continue;
    const end = text.indexOf(close, at + open.length);
    const node =
      end > at + open.length
        ? become(text.slice(at + open.length, end), text.slice(end + close.length, end + close.length + 1), depth)
        : null;
    if (node) return [node, end + close.length];
  }
  return null;
}

// A link to the web, which says where it leads; of any other, the words and the target as text. Pictures are not loaded.
function linked(words, target) {
  if (!/^https?:\/\/[^\s]+$/i.test(target)) return element("span", {}, words, " (", shown(target), ")");
  return element("a", { href: target, title: target, target: "_blank", rel: "noopener noreferrer nofollow" }, words);
}

// --- Where rows come from --------------------------------------------------------------------------------------------

class Server {
  constructor(token) {
    this.token = token;
    this.labels = true;
  }

  async ask(name, question = {}, signal = undefined) {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${this.token}` };
    const response = await fetch(`/api/${name}`, { method: "POST", headers, body: JSON.stringify(question), signal });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    return answer;
  }
}

// Rows that stand in the page: the same questions, answered here.
class Embedded {
  constructor(page) {
    this.page = page;
    this.labels = false;
  }

  async ask(name, question = {}) {
    return name === "page" ? this.list(question) : this[name](question);
  }

  overview() {
    const tables = Object.fromEntries(Object.entries(this.page.tables).map(([name, rows]) => [name, rows.length]));
    return { ...this.page, tables };
  }

  value(row, facet) {
    const name = facet.name;
    if (name.startsWith("length of ")) return [...(row[name.slice(10)] ?? "")].length;
    if (name.startsWith("verdict of "))
      return row.verdicts?.find((each) => `verdict of ${each.verifier}` === name)?.outcome ?? null;
    return row[name] ?? null;
  }

  matching(question, without = "") {
    const facets = this.page.facets[question.table].filter(
      (facet) => facet.name in question.filters && facet.name !== without,
    );
    const wanted = question.search.toLowerCase();
    return this.page.tables[question.table]
      .map((row, n) => ({ row, n }))
      .filter(
        ({ row }) =>
          facets.every((facet) => {
            const [chosen, value] = [question.filters[facet.name], this.value(row, facet)];
            if (chosen.values) return chosen.values.includes(value === null ? null : String(value));
            return value !== null && value >= (chosen.least ?? -Infinity) && value <= (chosen.most ?? Infinity);
          }) &&
          (!wanted ||
            Object.values(row).some((cell) => typeof cell === "string" && cell.toLowerCase().includes(wanted))),
      );
  }

  facets(question) {
    return this.page.facets[question.table].map((facet) => {
      const counts = new Map();
      for (const { row } of this.matching(question, facet.name)) {
        let value = this.value(row, facet);
        if (value !== null)
          value = facet.kind === "range" ? Math.floor(value / facet.step) * facet.step : String(value);
        counts.set(value, (counts.get(value) || 0) + 1);
      }
      const bars = [...counts].map(([value, num]) => ({ value, num }));
      return { ...facet, bars: bars.sort((a, b) => (facet.kind === "range" ? a.value - b.value : b.num - a.num)) };
    });
  }

  list(question) {
    const rows = this.matching(question);
    const facet = this.page.facets[question.table].find((each) => each.name === question.order);
    if (facet) {
      const sign = question.descending ? -1 : 1;
      rows.sort((a, b) => sign * (this.value(a.row, facet) > this.value(b.row, facet) ? 1 : -1));
    }
    const badges = ({ outcome, reason, level, domain }) => ({ outcome, reason, level, domain });
    const some = rows.slice(question.offset, question.offset + question.limit);
    return {
      total: rows.length,
      rows: some.map(({ row, n }) => ({
        n,
        id: row.id,
        attempt: row.attempt,
        head: row.question ?? "",
        ...badges(row),
      })),
    };
  }

  row({ table, n, id, attempt }) {
    const rows = this.page.tables[table] || [];
    const number = n ?? rows.findIndex((row) => row.id === id && (attempt == null || row.attempt === attempt));
    if (!rows[number]) throw new Error(`there is no row with the id ${id}`);
    const cells = rows[number];
    const related = Object.entries(this.page.tables).flatMap(([name, others]) =>
      others.flatMap((other, i) => {
        const [same, twin] = [
          other.id === cells.id,
          (other.id && other.id === (cells.twin_of ?? cells.twin)) || (cells.id && other.twin_of === cells.id),
        ];
        if ((!same && !twin) || !other.id || other === cells) return [];
        return [
          {
            table: name,
            n: i,
            id: other.id,
            attempt: other.attempt,
            outcome: other.outcome,
            relation: same ? "attempt" : "twin",
          },
        ];
      }),
    );
    return {
      n: number,
      cells,
      related,
      label: { id: cells.id, attempt: cells.attempt ?? null, label: null, note: "" },
    };
  }
}

// --- What is shown, and its address ----------------------------------------------------------------------------------

const PAGE_SIZE = 50;
const MAX_SHOWN = 20_000; // characters of a text at first, and of those that are read as Markdown
const LABELS = ["good", "bad", "unsure"];
const NOTHING_CHOSEN = {
  table: "rows",
  filters: {},
  search: "",
  order: "",
  descending: false,
  offset: 0,
  id: null,
  attempt: null,
};

let rows = null; // a Server or Embedded
let overview = null;
let state = { ...NOTHING_CHOSEN };
let page = { total: 0, rows: [] };
let current = null; // the row that is shown: n, cells, related, label
let asSource = false;
let asking = new AbortController();

function address(changes = {}) {
  const wanted = { ...state, ...changes };
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) {
    const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
    if (text && text !== "{}" && text !== "false" && text !== "0" && value !== NOTHING_CHOSEN[name])
      parts.set(name, text);
  }
  if (wanted.id && wanted.attempt !== null && wanted.attempt !== undefined) parts.set("attempt", wanted.attempt);
  return `#${parts}`;
}

function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  state = { ...NOTHING_CHOSEN };
  for (const name of ["table", "search", "order", "id"]) if (parts.get(name)) state[name] = parts.get(name);
  state.descending = parts.get("descending") === "true";
  state.offset = Math.max(0, Number.parseInt(parts.get("offset") || "0", 10) || 0);
  state.attempt = parts.has("attempt") ? Number(parts.get("attempt")) : null;
  try {
    const filters = JSON.parse(parts.get("filters") || "{}");
    if (filters && typeof filters === "object" && !Array.isArray(filters)) state.filters = filters;
  } catch {
    say("the filters of this address cannot be read; all rows are shown");
  }
  if (overview && !(state.table in overview.tables)) state.table = "rows";
}

const say = (text) => byId("status").replaceChildren(text);
const query = () => ({ table: state.table, filters: state.filters, search: state.search });

async function change(changes) {
  state = { ...state, offset: 0, ...changes };
  history.replaceState(null, "", address());
  await refresh();
}

async function refresh({ openFirst = true } = {}) {
  asking.abort();
  asking = new AbortController();
  const signal = asking.signal;
  if (openFirst) current = null; // no key is meant for the row that is about to go
  say(state.search ? "searching …" : "…");
  byId("cancel").hidden = !state.search;
  showTabs();
  try {
    const order = { order: state.order, descending: state.descending, offset: state.offset, limit: PAGE_SIZE };
    page = await rows.ask("page", { ...query(), ...order }, signal);
    say(`${count(page.total)} of ${count(overview.tables[state.table])} rows`);
    showList();
    if (openFirst && page.rows.length) await openRow(page.rows[0].n);
    if (openFirst && !page.rows.length)
      byId("row").replaceChildren(element("p", { class: "faint" }, "No row matches."));
    showFacets(await rows.ask("facets", query(), signal));
  } catch (error) {
    if (error.name !== "AbortError") say(error.message);
  }
  if (signal === asking.signal) byId("cancel").hidden = true;
}

// --- Facets ----------------------------------------------------------------------------------------------------------

const MAX_BARS = 12;

function filter(name, chosen) {
  const filters = { ...state.filters };
  delete filters[name];
  return change({ filters: chosen ? { ...filters, [name]: chosen } : filters });
}

function showTabs() {
  byId("tabs").replaceChildren(
    ...Object.entries(overview.tables).map(([name, number]) =>
      element(
        "button",
        {
          type: "button",
          "aria-current": name === state.table ? "page" : undefined,
          onclick: () => change({ ...NOTHING_CHOSEN, table: name }),
        },
        `${name} ${count(number)}`,
      ),
    ),
  );
}

function showFacets(facets) {
  const focused = document.activeElement?.id;
  const clear = element("button", { type: "button", onclick: () => change({ filters: {} }) }, "Clear the filters");
  const some = facets.filter((facet) => facet.name in state.filters || facet.bars.length > 1);
  byId("facets").replaceChildren(
    ...(Object.keys(state.filters).length ? [clear] : []),
    ...some.map((facet) =>
      element(
        "fieldset",
        { class: "facet" },
        element("legend", {}, facet.name),
        ...(facet.kind === "range" ? histogram(facet) : values(facet)),
      ),
    ),
  );
  if (focused) byId(focused)?.focus();
}

function values(facet) {
  const chosen = state.filters[facet.name]?.values || [];
  const most = Math.max(1, ...facet.bars.map((bar) => bar.num));
  const numbers = facet.bars.every(
    (bar) => bar.value === null || (bar.value.trim() !== "" && !Number.isNaN(Number(bar.value))),
  );
  const sorted = numbers ? [...facet.bars].sort((a, b) => Number(a.value) - Number(b.value)) : facet.bars;
  const bars = sorted.map((bar) => {
    const isChosen = chosen.includes(bar.value);
    const toggled = isChosen ? chosen.filter((value) => value !== bar.value) : [...chosen, bar.value];
    const width = element("i");
    width.style.width = `${(100 * bar.num) / most}%`;
    return element(
      "button",
      {
        type: "button",
        class: "bar",
        id: `value ${facet.name} ${bar.value}`,
        "aria-pressed": String(isChosen),
        onclick: () => filter(facet.name, toggled.length ? { values: toggled } : null),
      },
      width,
      element("span", {}, shown(bar.value ?? "none")),
      element("span", {}, count(bar.num)),
    );
  });
  const rest = bars.splice(MAX_BARS);
  return rest.length ? [...bars, element("details", {}, element("summary", {}, `${rest.length} more`), ...rest)] : bars;
}

function histogram(facet) {
  const bars = facet.bars.filter((bar) => bar.value !== null);
  if (!bars.length) return [element("p", { class: "faint" }, "no values")];
  const [first, last] = [bars[0].value, bars[bars.length - 1].value];
  const most = Math.max(...bars.map((bar) => bar.num));
  const nums = new Map(bars.map((bar) => [Math.round((bar.value - first) / facet.step), bar.num]));
  const { least = -Infinity, most: greatest = Infinity } = state.filters[facet.name] || {};
  const round = (value) => Number(value.toPrecision(10));
  const slots = Array.from({ length: Math.min(200, Math.round((last - first) / facet.step) + 1) }, (_, i) => {
    const from = round(first + i * facet.step);
    const to = round(from + facet.step * (1 - 1e-9));
    const isIn = facet.name in state.filters && from >= least && from <= greatest;
    const bar = element("i", {
      class: isIn ? "in" : undefined,
      title: `${from} to ${round(from + facet.step)}: ${count(nums.get(i) || 0)} rows`,
      onclick: () => filter(facet.name, isIn ? null : { least: from, most: to }),
    });
    bar.style.height = `${(100 * (nums.get(i) || 0)) / most}%`;
    return bar;
  });
  const limit = (which, words) =>
    element("input", {
      type: "number",
      step: "any",
      "aria-label": `${facet.name}, ${words}`,
      placeholder: words,
      id: `${which} ${facet.name}`,
      value: state.filters[facet.name]?.[which],
      onchange: (event) => {
        const { values: _, ...others } = state.filters[facet.name] || {};
        const wanted = { ...others, [which]: event.target.value === "" ? null : Number(event.target.value) };
        filter(facet.name, (wanted.least ?? null) === null && (wanted.most ?? null) === null ? null : wanted);
      },
    });
  return [
    element("div", { class: "histogram", "aria-hidden": "true" }, slots),
    element("div", { class: "limits" }, limit("least", "from"), limit("most", "to")),
  ];
}

// --- The list --------------------------------------------------------------------------------------------------------

const badge = (text, kind = "") =>
  text === null || text === undefined || text === ""
    ? null
    : element("span", { class: `badge ${kind}` }, shown(String(text)));

function showList() {
  const last = Math.min(state.offset + PAGE_SIZE, page.total);
  const turn = (words, offset, able) =>
    element("button", { type: "button", disabled: !able, onclick: () => change({ offset }) }, words);
  byId("pager").replaceChildren(
    turn("◀ Previous", Math.max(0, state.offset - PAGE_SIZE), state.offset > 0),
    turn("Next ▶", state.offset + PAGE_SIZE, last < page.total),
    element("span", { class: "faint" }, page.total ? `${count(state.offset + 1)} to ${count(last)}` : "none"),
    orderMenu(),
  );
  byId("rows").replaceChildren(
    ...page.rows.map((row) =>
      element(
        "li",
        {},
        element(
          "a",
          {
            href: address({ id: row.id, attempt: row.attempt }),
            id: `row ${row.n}`,
            "aria-current": current?.table === state.table && current?.n === row.n ? "true" : undefined,
            onclick: (event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              openRow(row.n);
            },
          },
          element("span", { class: "head" }, shown((row.head || "(no text)").replace(/\s+/g, " "))),
          badgesOf(row),
        ),
      ),
    ),
  );
}

function badgesOf(row) {
  return element(
    "span",
    { class: "badges" },
    badge(row.outcome, row.outcome),
    badge(row.label, row.label),
    badge(row.reason),
    badge(row.domain),
    badge(row.level && `level ${row.level}`),
  );
}

function orderMenu() {
  const facets = overview.facets?.[state.table] || [];
  const option = (value, words) =>
    element("option", { value, selected: value === `${state.order}${state.descending ? "-" : ""}` }, words);
  const menu = element(
    "select",
    {
      "aria-label": "Order",
      id: "order",
      onchange: () => change({ order: menu.value.replace(/-$/, ""), descending: menu.value.endsWith("-") }),
    },
    option("", "in the files' order"),
    facets.flatMap(({ name }) => [option(name, `${name}, rising`), option(`${name}-`, `${name}, falling`)]),
  );
  return menu;
}

// --- The row ---------------------------------------------------------------------------------------------------------

const SHOWN_APART = new Set(
  "id question prompt problem reasoning response answer reference outcome verdicts measures step plugin reason detail twin score attempt".split(
    " ",
  ),
);

function textBlock(text) {
  const box = element("div", { class: "text" });
  const fill = (whole) => {
    const part = whole ? text : text.slice(0, MAX_SHOWN);
    const isLong = text.length > MAX_SHOWN;
    box.replaceChildren(...(asSource || (whole && isLong) ? [element("pre", {}, shown(part))] : markdown(part)));
    if (isLong && !whole)
      box.append(
        element("button", { type: "button", onclick: () => fill(true) }, `Show all ${count(text.length)} characters`),
      );
  };
  fill(false);
  return box;
}

const section = (title, ...children) => [element("h2", {}, title), ...children];
const columns = (head, lines) =>
  element(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": head.join(", ") },
    element(
      "table",
      {},
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          head.map((each) => element("th", { scope: "col" }, each)),
        ),
      ),
      element(
        "tbody",
        {},
        lines.map((line) =>
          element(
            "tr",
            {},
            line.map((each) => element("td", {}, each)),
          ),
        ),
      ),
    ),
  );

async function openRow(n, table = state.table) {
  try {
    showRow(table, await rows.ask("row", { table, n }));
  } catch (error) {
    say(error.message);
  }
}

function showRow(table, answer) {
  current = { ...answer, table };
  const { cells, label } = current;
  state = { ...state, id: label.id, attempt: label.attempt };
  history.replaceState(null, "", address());
  for (const link of document.querySelectorAll("#rows a")) {
    const isCurrent = table === state.table && link.id === `row ${current.n}`;
    link.toggleAttribute("aria-current", false);
    if (isCurrent) link.setAttribute("aria-current", "true");
    if (isCurrent) link.scrollIntoView({ block: "nearest" });
  }
  const wasOpen = byId("reasoning")?.open ?? false;
  const { answer: final, reference } = cells;
  const same = final !== null && final === reference;
  byId("row").replaceChildren(
    toolsOf(cells, label),
    ...(cells.reason
      ? section(
          "Left out, or to be reviewed",
          columns(
            ["step", "plug-in", "reason", "detail", "like", "score"],
            [
              [cells.step, cells.plugin, cells.reason, cells.detail, cells.twin, cells.score].map((each) =>
                shown(String(each ?? "")),
              ),
            ],
          ),
        )
      : []),
    ...section("Question", textBlock(cells.question ?? cells.prompt ?? cells.problem ?? "")),
    ...(cells.reasoning
      ? [
          element(
            "details",
            { id: "reasoning", open: wasOpen, ontoggle: (event) => fillReasoning(event.target, cells.reasoning) },
            element("summary", {}, `Reasoning, ${count(cells.reasoning.length)} characters`),
          ),
        ]
      : []),
    ...(cells.response ? section("Response", textBlock(cells.response)) : []),
    ...((final ?? reference ?? null) === null
      ? []
      : section(
          `Answer and reference${same ? ": the same text" : ""}`,
          element(
            "div",
            { class: "sides" },
            side("answer", textBlock(final ?? "none")),
            side("reference", textBlock(reference ?? "none")),
          ),
        )),
    ...(cells.verdicts?.length
      ? section(
          "Verdicts",
          columns(
            ["verifier", "outcome", "answer", "explanation"],
            cells.verdicts.map((each) => [
              shown(each.verifier ?? ""),
              badge(each.outcome, each.outcome),
              shown(each.answer ?? ""),
              shown(each.explanation ?? ""),
            ]),
          ),
        )
      : []),
    ...relatedTo(current.related),
    ...(cells.measures?.length
      ? section(
          "Measures",
          columns(
            ["name", "value", "by"],
            cells.measures.map((each) => [each.name, each.value, each.by].map((cell) => shown(String(cell ?? "")))),
          ),
        )
      : []),
    ...section(
      "All else",
      columns(
        ["column", "value"],
        Object.entries(cells)
          .filter(([name, value]) => value !== null && !SHOWN_APART.has(name))
          .map(([name, value]) => [shown(name), cellOf(value)]),
      ),
    ),
  );
  if (wasOpen) fillReasoning(byId("reasoning"), cells.reasoning);
}

const side = (title, ...children) => element("div", {}, element("h3", {}, title), ...children);

function fillReasoning(details, text) {
  if (details?.open && details.children.length === 1 && text) details.append(textBlock(text));
}

function cellOf(value) {
  let text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  if (/^[[{]/.test(text)) {
    try {
      text = JSON.stringify(JSON.parse(text), null, 1);
    } catch {
      // it only looks like JSON, and is shown as it is
    }
  }
  const short = text.length <= 200;
  const pre = element("pre", {}, shown(text.slice(0, 10 * MAX_SHOWN)));
  return short
    ? element("span", {}, shown(text))
    : element("details", {}, element("summary", {}, `${count(text.length)} characters`), pre);
}

function toolsOf(cells, label) {
  const link = element(
    "a",
    {
      href: address({ table: current.table, filters: {}, search: "", order: "", descending: false, offset: 0 }),
      title: "A link to this row",
    },
    shown(cells.id ?? label.id ?? ""),
  );
  const buttons = rows.labels
    ? LABELS.map((name, i) =>
        element(
          "button",
          {
            type: "button",
            class: name,
            "data-label": name,
            "aria-pressed": String(label.label === name),
            onclick: () => setLabel(current.label.label === name ? null : name),
          },
          `${i + 1} ${name}`,
        ),
      )
    : [];
  const note = element("textarea", {
    id: "note",
    "aria-label": "Note",
    placeholder: "Note ( n ), stored when you leave the field",
    maxlength: "10000",
    onchange: (event) => store({ note: event.target.value }),
  });
  note.value = label.note || "";
  return element(
    "div",
    { class: "tools" },
    badge(cells.outcome, cells.outcome),
    link,
    cells.attempt === null || cells.attempt === undefined
      ? null
      : element("span", { class: "faint" }, `attempt ${cells.attempt}`),
    ...buttons,
    rows.labels ? note : null,
  );
}

async function store(changes) {
  const labelled = current;
  if (!labelled) return;
  const label = { ...labelled.label, ...changes };
  const { id, attempt } = label;
  try {
    await rows.ask("label", { id, attempt, label: label.label, note: label.note || "" });
  } catch (error) {
    say(`not stored: ${error.message}`);
    return;
  }
  labelled.label = label;
  if (labelled === current)
    for (const button of document.querySelectorAll("#row .tools button[data-label]")) {
      button.setAttribute("aria-pressed", String(button.dataset.label === label.label));
    }
  const row = page.rows.find((each) => each.id === id && (each.attempt ?? null) === attempt);
  if (row) row.label = label.label;
  showList();
  say("stored");
  showFacets(await rows.ask("facets", query()));
}

const setLabel = (name) => store({ label: name });

function relatedTo(related) {
  const [attempts, twins] = ["attempt", "twin"].map((kind) => related.filter((each) => each.relation === kind));
  const go = (each) =>
    element(
      "button",
      { type: "button", onclick: () => openRow(each.n, each.table) },
      `attempt ${each.attempt ?? "?"}${each.table === "rows" ? "" : `, ${each.table}`}`,
    );
  const boxes = twins.slice(0, 3).map((each) => {
    const box = element("div", { class: "sides" });
    fillTwin(box, each, current.cells);
    return box;
  });
  return [
    ...(attempts.length
      ? section(
          "Other attempts at this question",
          element(
            "div",
            { class: "tools" },
            attempts.map((each) => element("span", {}, go(each), " ", badge(each.outcome, each.outcome))),
          ),
        )
      : []),
    ...(boxes.length ? section(twins.length > 1 ? "Twins" : "Twin", ...boxes) : []),
  ];
}

async function fillTwin(box, twin, cells) {
  const { cells: other } = await rows.ask("row", { table: twin.table, n: twin.n });
  const [here, there] = differing(cells.question ?? "", other.question ?? "");
  const open = element("button", { type: "button", onclick: () => openRow(twin.n, twin.table) }, "Open it");
  const answer = (row) =>
    element("p", {}, "Answer: ", element("strong", {}, shown(row.reference ?? row.answer ?? "none")));
  box.replaceChildren(
    side("this row", element("div", { class: "text" }, element("pre", {}, here)), answer(cells)),
    side(
      `its twin${twin.table === "rows" ? "" : `, ${twin.table}`}`,
      element("div", { class: "text" }, element("pre", {}, there)),
      answer(other),
      open,
    ),
  );
}

// Two texts, each with the words marked in which it differs from the other: all between a common start and a common end.
function differing(one, other) {
  const [a, b] = [one, other].map((text) => text.slice(0, MAX_SHOWN).split(/(\s+)/));
  let [start, end] = [0, 0];
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const marked = (words) => {
    const middle = words.slice(start, words.length - end).join("");
    return [
      ...shown(words.slice(0, start).join("")),
      ...(middle ? [element("mark", {}, shown(middle))] : []),
      ...shown(words.slice(words.length - end).join("")),
    ];
  };
  return [marked(a), marked(b)];
}

// --- The run, keys, and the start ------------------------------------------------------------------------------------

function showAbout({ account = {}, figures = [], remark = "" }) {
  const { counts } = account;
  if (!counts && !figures.length && !remark) return;
  const lines = counts
    ? [
        ["questions drawn", counts.drawn],
        ["questions asked", counts.asked],
        ["traces written", counts.traces],
        ["accepted rows", counts.kept],
      ]
    : [];
  const losses = (counts?.dropped || []).map((loss) => [
    shown(loss.plugin || loss.step),
    shown(loss.reason),
    count(loss.num),
  ]);
  byId("about").hidden = false;
  if (remark) byId("about").querySelector("summary").textContent = `The run. ${remark}`;
  byId("about")
    .querySelector("div")
    .replaceChildren(
      ...(lines.length
        ? [
            columns(
              ["what", "number"],
              lines.map(([name, num]) => [name, count(num)]),
            ),
          ]
        : []),
      ...(losses.length ? section("Left out", columns(["by", "reason", "rows"], losses)) : []),
      ...figures.map((figure) => element("img", { src: figure.source, alt: figure.alt })),
    );
}

async function step(by) {
  const at = page.rows.findIndex((row) => current?.table === state.table && row.n === current?.n) + by;
  if (page.rows[at]) await openRow(page.rows[at].n);
  else if (at >= page.rows.length && state.offset + PAGE_SIZE < page.total)
    await change({ offset: state.offset + PAGE_SIZE });
  else if (at < 0 && state.offset > 0) await change({ offset: Math.max(0, state.offset - PAGE_SIZE) });
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => byId("text").focus(),
  r: () => byId("reasoning")?.toggleAttribute("open"),
  s: () => {
    asSource = !asSource;
    if (current) showRow(current.table, current);
  },
  n: () => byId("note")?.focus(),
  ...Object.fromEntries(
    LABELS.map((name, i) => [
      i + 1,
      () => rows.labels && current && setLabel(current.label.label === name ? null : name),
    ]),
  ),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.activeElement?.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("text").blur(); // so that the keys work again
  change({ search: byId("text").value });
});
byId("text").addEventListener(
  "search",
  () => byId("text").value !== state.search && change({ search: byId("text").value }),
);
byId("cancel").addEventListener("click", () => {
  asking.abort();
  byId("text").value = "";
  change({ search: "" });
});
window.addEventListener("hashchange", () => show());

async function show() {
  const wanted = new URLSearchParams(location.hash.slice(1)).get("id");
  readAddress();
  byId("text").value = state.search;
  const { table, id, attempt } = state;
  let isOpen = false;
  if (wanted) {
    try {
      showRow(table, await rows.ask("row", { table, id, attempt }));
      isOpen = true;
    } catch (error) {
      say(error.message);
    }
  }
  await refresh({ openFirst: !isOpen });
}

const FOLLOW_MS = 3000;

// Of a run that goes on: look again, and show what has come, unless somebody is writing.
async function follow() {
  if (document.activeElement?.id === "note") return;
  try {
    const newer = await rows.ask("overview");
    if (JSON.stringify(newer.tables) === JSON.stringify(overview.tables)) return;
    overview = newer;
    await refresh({ openFirst: !current });
  } catch {
    say("the run has ended, or the viewer was stopped");
  }
}

async function start() {
  const embedded = byId("embedded-rows");
  const parts = new URLSearchParams(location.hash.slice(1));
  if (parts.has("token")) {
    localStorage.setItem("token", parts.get("token"));
    parts.delete("token");
    history.replaceState(null, "", `#${parts}`);
  }
  rows = embedded ? new Embedded(JSON.parse(embedded.textContent)) : new Server(localStorage.getItem("token") || "");
  try {
    overview = await rows.ask("overview");
  } catch (error) {
    say(error.message);
    return;
  }
  document.title = overview.title;
  byId("title").replaceChildren(...shown(overview.title));
  byId("label-keys").hidden = !rows.labels;
  if (matchMedia("(max-width: 900px)").matches) byId("filters").open = false;
  showAbout(overview);
  await show();
  if (overview.follows) setInterval(follow, FOLLOW_MS);
}

start();

export { markdown, openRow };
