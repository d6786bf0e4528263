// Takes a chart along as a picture: for print, so on white and in one width, with what it shows and where it is from.

const WIDTH = 1100 // pixels, on any screen
const MARGIN = 24
const TITLE = { size: 20, line: 34 } // pixels: of the text, and of the room for it
const ABOUT = { size: 13, line: 18, letters: 150 } // as many letters fit on a line, about
const KINDS = { PNG: { format: "png", scale: 2 }, SVG: { format: "svg", scale: 1 } }

// The figure in the colours of the light theme; `colours` has them by those of the dark one.
function onWhite(figure, colours) {
  const spec = JSON.stringify(figure)
  return JSON.parse(spec.replace(/(?<="|color:)#[0-9A-F]{6}(?="|')/g, (colour) => colours[colour] ?? colour))
}

// Plain text in lines that fit; a word that is longer than a line is cut.
function inLines(text) {
  const lines = [""]
  for (const word of text.split(" ").flatMap((word) => word.match(/.{1,140}/gu) ?? [])) {
    if (lines.at(-1).length + word.length > ABOUT.letters) lines.push("")
    lines.push(`${lines.pop()} ${word}`.trim())
  }
  return lines
}

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

function framed({ data, layout }, { title, about }) {
  const lines = about.flatMap(inLines).map(escaped)
  const above = MARGIN + TITLE.line + ABOUT.line * lines.length
  const { l = 0, r = 0, t = 0, b = 0 } = layout.margin
  return {
    data,
    layout: {
      ...layout,
      margin: { ...layout.margin, l: l + MARGIN, r: r + MARGIN, t: t + above, b: b + MARGIN },
      title: {
        text: `<b>${escaped(title)}</b>`,
        font: { size: TITLE.size },
        subtitle: { text: lines.join("<br>"), font: { size: ABOUT.size } },
        ...{ x: 0, xref: "container", xanchor: "left", y: 1, yref: "container", yanchor: "top" },
        pad: { l: MARGIN, t: MARGIN },
      },
      height: layout.height + above + MARGIN,
      width: WIDTH,
    },
  }
}

function button(kind, take) {
  const made = document.createElement("button")
  made.type = "button"
  made.textContent = kind
  made.setAttribute("aria-label", `Save this chart as ${kind}`)
  made.style.cssText =
    "all: revert; font: inherit; color: inherit; background: none; border: 0; padding: 2px 6px; cursor: pointer; text-decoration: underline"
  made.onclick = take
  return made
}

// Puts a button for each kind of picture into `tools`; they take the figure that `place` has when they are clicked.
export function offerPictures(Plotly, place, tools, { colours, ...picture }) {
  tools.style.cssText =
    "display: flex; justify-content: flex-end; align-items: center; font-size: 0.8rem; color: var(--st-text-color); opacity: 0.75"
  const take = (kind) => () => {
    const { data, layout } = framed(onWhite(place.figure, colours), picture)
    return Plotly.downloadImage({ data, layout }, { ...KINDS[kind], width: WIDTH, height: layout.height, filename: picture.name })
  }
  tools.replaceChildren("Picture:", ...Object.keys(KINDS).map((kind) => button(kind, take(kind))))
}
