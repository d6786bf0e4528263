// Draws figures with plotly: a new figure takes the place of the one before it. A narrower place gets its own look.

import { address, lead } from "./lead.js"
import { offerParts, placeParts } from "./parts.js"
import { offerPictures } from "./picture.js"

const FAILED = "The chart could not be drawn: its script did not come. The figures are in the table; reload the page to try again."
const NARROW = 560 // pixels; a page of 600 pixels leaves its charts so much
const MEDIUM = 940 // likewise, of 1000 pixels
const config = { displayModeBar: false, doubleClick: false, scrollZoom: false }

let plotly

// The page itself has begun to load the script, beside all else; where that failed, each figure tries again.
function loadedEarly() {
  const early = document.querySelector("script[data-plotly]")
  return new Promise((done) => {
    if (window.Plotly || !early || document.readyState === "complete") done()
    else [early, window].forEach((place) => place.addEventListener("load", done))
  })
}

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = new URL(address, document.baseURI)
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error("no script")))
    script.onerror = () => reject(new Error("not there"))
    document.head.append(script)
  })
}

function loadPlotly(address) {
  plotly ??= loadedEarly()
    .then(() => window.Plotly ?? load(address))
    .catch((error) => {
      plotly = undefined // so that the next figure tries again
      throw error
    })
  return plotly
}

// Streamlit draws the page anew for a new theme only when it is asked to.
function followTheme(place, setStateValue) {
  if (!place.isConnected) return
  const background = getComputedStyle(place).getPropertyValue("--st-background-color")
  if (place.background && place.background !== background) setStateValue("background", background)
  place.background = background
}

// The name of the look for this width; a figure may have nothing that differs there.
function lookOf({ width }) {
  if (!width || width >= MEDIUM) return "wide"
  return width < NARROW ? "narrow" : "medium"
}

const isPart = (value) => value !== null && typeof value === "object" && !Array.isArray(value)

// The figure as it looks at this width: each part of it with what differs there.
function fitted(figure, place) {
  const { data, layout } = figure
  const width = place.width || undefined
  const look = figure[lookOf(place)]
  if (!look?.layout) return { traces: data, layout: { ...layout, width } }
  const parts = Object.entries(look.layout).map(([name, part]) => [
    name,
    isPart(part) ? { ...layout[name], ...part } : part,
  ])
  return {
    traces: data.map((trace, at) => ({ ...trace, ...look.data?.[at] })),
    layout: { ...layout, ...Object.fromEntries(parts), width },
  }
}

async function draw(Plotly, place) {
  const { traces, layout } = fitted(place.figure, place)
  place.look = lookOf(place)
  place.style.height = `${layout.height}px`
  await Plotly.react(place, traces, layout, config)
  placeParts(place)
}

function followWidth(Plotly, place) {
  place.width = place.clientWidth
  if (!place.width || place.width === place.layout?.width) return
  if (place.look !== lookOf(place)) draw(Plotly, place)
  else Plotly.relayout(place, { width: place.width }).then(() => placeParts(place))
}

export default async function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const place = parentElement.querySelector(".chart")
  const { spec, words, clickable, opens, script, picture } = data
  place.figure = JSON.parse(spec)
  place.setAttribute("role", "figure")
  place.setAttribute("aria-label", words)
  requestAnimationFrame(() => followTheme(place, setStateValue)) // when the browser looks at the styles anyway
  place.width ??= place.clientWidth // later it is told: to ask would have the browser lay out the page
  // The room of the first figure, before its script is there.
  if (!place.layout) place.style.height = `${fitted(place.figure, place).layout.height}px`
  delete place.dataset.awaited
  let Plotly
  try {
    Plotly = await loadPlotly(script)
  } catch {
    place.style.height = "auto"
    place.textContent = FAILED
    return
  }
  if (!place.layout) place.textContent = ""
  const click = (key) => (opens ? lead(address(opens, key)) : setTriggerValue("clicked", key))
  offerParts(place, parentElement.querySelector(".chart-parts"), clickable ? place.figure.parts : [], click)
  await draw(Plotly, place)
  place.removeAllListeners("plotly_click")
  if (clickable) place.on("plotly_click", ({ points }) => points[0].customdata && click(points[0].customdata))
  offerPictures(Plotly, place, parentElement.querySelector(".chart-pictures"), picture)
  place.watch ??= new ResizeObserver(() => followWidth(Plotly, place))
  place.watch.observe(place)
  return () => {
    place.watch.disconnect()
    Plotly.purge(place)
  }
}
