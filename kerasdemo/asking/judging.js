// Read what was typed and find out which known answer it is, as answers.py does in Python.
// tests/unit/answer_cases.json holds the two together. In the page answer.js follows in one module.

const GAP = "[\\s\\u200b\\ufeff\\x1c-\\x1f\\x85]+";
const SLACK = 1e-12;
const matches = (pattern, text) => new RegExp(`^(?:${pattern})$`).exec(text);

/** The digits of a number, however it is written; null when it is none. */
export function readNumber(answer, unit = "") {
  const bare = (text) => text.replace(new RegExp(GAP, "g"), " ").trim();
  let typed = bare(answer.normalize("NFKC").replaceAll("\u2212", "-"));
  const behind = bare(unit);
  if (behind && typed.toLowerCase().endsWith(behind.toLowerCase())) {
    typed = typed.slice(0, typed.length - behind.length).trim();
  }
  const head = "[+-]?[1-9][0-9]{0,2}";
  if (matches(`${head}([ _][0-9]{3})+([.,][0-9]*)?`, typed)) typed = typed.replace(/[ _]/g, "");
  if (matches(`${head}(,[0-9]{3})+(\\.[0-9]*)?`, typed)) typed = typed.replaceAll(",", "");
  else if (matches(`${head}(\\.[0-9]{3})+,[0-9]*|${head}(\\.[0-9]{3}){2,}`, typed)) {
    typed = typed.replaceAll(".", "").replace(",", ".");
  } else if (!typed.includes(".")) typed = typed.replace(",", ".");
  const parts = matches("([+-]?)([0-9]*)(?:\\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?", typed);
  if (!parts || !(parts[2] || parts[3])) return null;
  let digits = (parts[1] === "-" ? "-" : "") + (parts[2].replace(/^0+/, "") || "0");
  if (parts[3]) digits += `.${parts[3]}`;
  if (parts[4]) digits += `e${Number(parts[4])}`;
  return Number.isFinite(Number(digits)) ? digits : null;
}

/** A text as it is compared: small letters, without quotes and gaps that say nothing. */
export function plainText(typed) {
  const trim = (text) => text.replace(/^[ .!;]+|[ .!;]+$/g, "");
  let text = typed.normalize("NFKC").toLowerCase().replaceAll("`", "");
  text = text.replace(/[\u2018\u2019\u201c\u201d"]/g, "'");
  text = trim(text.replace(new RegExp(GAP, "g"), " "));
  text = text.replace(/ ?([\]()[{}=,:+*/<>-]) ?/g, "$1");
  if (text.length > 1 && text[0] === "'" && text.endsWith("'")) text = trim(text.slice(1, -1));
  return text.endsWith("()") ? text.slice(0, -2) : text;
}

/** Which answer it is: "right", the number of a known wrong one, "otherwise"; a choice is its own. */
export function caseOf(known, given) {
  let fits;
  if (known.number) {
    const near = ([value, tolerance]) =>
      Math.abs(Number(given) - value) <= tolerance + SLACK * Math.max(tolerance, Math.abs(value));
    fits = [known.number, ...known.wrong].map(near);
  } else if (known.texts) {
    fits = [known.texts, ...known.wrong].map((values) => values.includes(plainText(given)));
  } else if (known.orders) {
    const before = (pair) => given.indexOf(pair[0]) < given.indexOf(pair[1]);
    fits = [known.orders.includes(given), ...known.wrong.map(before)];
  } else return given;
  const first = fits.indexOf(true);
  return first < 0 ? "otherwise" : first ? String(first - 1) : "right";
}
