// Draws tiles: figures side by side, each with what is behind it under a question mark.

import { marked, paragraphs } from "./markdown.js"

const OPENS = 200 // milliseconds for which the mouse rests on a question mark until its text comes
const CLOSES = 300 // milliseconds without it until the text goes, so that the mouse can reach it
const EDGE = 8 // pixels that a text stays away from the side of the window, and from its question mark
const ARROWS = { up: "↑", down: "↓" }

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

const isOpen = (text) => text.matches(":popover-open")

// Above the question mark, or below it where there is no room.
function put(text, button) {
  const { left, top, bottom } = button.getBoundingClientRect()
  const above = top - text.offsetHeight - EDGE
  text.style.top = `${above > EDGE ? above : bottom + EDGE}px`
  text.style.left = `${Math.max(EDGE, Math.min(left, document.documentElement.clientWidth - text.offsetWidth - EDGE))}px`
}

// A question mark whose text comes for the mouse, for the keyboard and for a finger, and goes with Escape.
function questionMark(key) {
  const button = make("button", { type: "button", class: "tile-help", "aria-describedby": `behind_${key}` })
  const text = make("div", { id: `behind_${key}`, class: "tile-behind", role: "tooltip", popover: "manual" })
  const place = make("span", { class: "tile-question" }, button, text)
  let timer
  const close = () => {
    clearTimeout(timer)
    if (isOpen(text)) text.hidePopover()
  }
  const open = () => {
    clearTimeout(timer)
    if (isOpen(text)) return
    document.querySelectorAll(".tile-behind:popover-open").forEach((other) => other.hidePopover())
    text.showPopover()
    put(text, button)
  }
  const leave = (event) => !place.contains(event.target) && close()
  const escape = (event) => {
    if (event.key === "Escape") close()
  }
  text.addEventListener("toggle", ({ newState }) => {
    const listen = newState === "open" ? addEventListener : removeEventListener
    listen("keydown", escape, true)
    listen("pointerdown", leave, true)
    listen("scroll", close, { capture: true, passive: true, once: true })
  })
  button.addEventListener("focus", () => button.matches(":focus-visible") && open())
  button.addEventListener("blur", close)
  button.addEventListener("click", open)
  place.addEventListener("pointerenter", ({ pointerType }) => {
    clearTimeout(timer)
    if (pointerType !== "touch") timer = setTimeout(open, OPENS)
  })
  place.addEventListener("pointerleave", ({ pointerType }) => {
    clearTimeout(timer)
    if (pointerType !== "touch" && document.activeElement !== button) timer = setTimeout(close, CLOSES)
  })
  return place
}

function build({ key }) {
  const part = (name, hook) => make("div", { class: `tile-${name}`, "data-testid": hook })
  const label = part("label", "stMetricLabel")
  label.append(make("p"), questionMark(key))
  return make(
    "div",
    // The class is that of an element with this key, and the hooks are those of Streamlit's own metric.
    { class: `tile st-key-${key}`, "data-testid": "stMetric", "data-key": key },
    label,
    part("value", "stMetricValue"),
    part("context", "stMetricDelta"),
  )
}

function show(tile, { label, value, context, explanation, kind, arrow, line }) {
  const [head, figure, below] = tile.children
  const [name, question] = head.children
  const [button, behind] = question.children
  name.textContent = label
  button.setAttribute("aria-label", `Help for ${label}`)
  behind.replaceChildren(...paragraphs(explanation))
  figure.replaceChildren(make("p", {}, ...marked(value)))
  below.className = `tile-context ${kind}`
  const sign = ARROWS[arrow] ? [make("span", { class: "tile-arrow", "aria-hidden": "true" }, ARROWS[arrow])] : []
  below.replaceChildren(...sign, make("p", {}, ...marked(context)))
  below.classList.toggle("with-line", Boolean(line))
  if (line) below.append(make("img", { src: line, alt: "" }))
}

export default function ({ data: { tiles }, parentElement }) {
  const place = parentElement.querySelector(".tiles")
  const keys = (all) => [...all].map(({ key, dataset }) => key ?? dataset.key).join()
  if (keys(place.children) !== keys(tiles)) place.replaceChildren(...tiles.map(build))
  tiles.forEach((tile, number) => show(place.children[number], tile))
  delete place.dataset.awaited
}
