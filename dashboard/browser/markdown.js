// The little Markdown that our own sentences have: bold, emphasis, code, small letters, and signs that mean themselves.
// What comes of it are elements with texts in them, never HTML.

const MARKS = /\\([!-/:-@[-`{-~])|\*\*((?:\\.|[^\\])+?)\*\*|\*((?:\\.|[^*\\])+)\*|`([^`]+)`|:small\[((?:\\.|[^\]\\])*)\]/g

function element(name, ...children) {
  const made = document.createElement(name)
  made.append(...children)
  return made
}

/** The parts of one line, for `append`. */
export function marked(text) {
  const parts = []
  let end = 0
  for (const { 0: all, 1: sign, 2: bold, 3: emphasis, 4: code, 5: small, index } of text.matchAll(MARKS)) {
    parts.push(text.slice(end, index))
    end = index + all.length
    if (sign !== undefined) parts.push(sign)
    else if (bold !== undefined) parts.push(element("strong", ...marked(bold)))
    else if (emphasis !== undefined) parts.push(element("em", ...marked(emphasis)))
    else if (code !== undefined) parts.push(element("code", code))
    else parts.push(element("small", ...marked(small)))
  }
  parts.push(text.slice(end))
  return parts.filter((part) => part !== "")
}

/** The paragraphs of a text. */
export const paragraphs = (text) => text.split("\n\n").map((paragraph) => element("div", ...marked(paragraph)))
