// Draws figures with plotly: a new figure takes the place of the one before it.

const FAILED = "The chart could not be drawn: its script did not come. The figures are in the table; reload the page to try again."
const config = { displayModeBar: false, doubleClick: false, scrollZoom: false }

let plotly

function loadPlotly(address) {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = new URL(address, document.baseURI)
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error("no script")))
    script.onerror = () => reject(new Error("not there"))
    document.head.append(script)
  }).catch((error) => {
    plotly = undefined // so that the next figure tries again
    throw error
  })
  return plotly
}

// Streamlit draws the page anew for a new theme only when it is asked to.
function followTheme(place, setStateValue) {
  const background = getComputedStyle(place).getPropertyValue("--st-background-color")
  if (place.background && place.background !== background) setStateValue("background", background)
  place.background = background
}

export default async function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const place = parentElement.querySelector(".chart")
  const { spec, words, clickable, script } = data
  const { data: traces, layout } = JSON.parse(spec)
  place.setAttribute("role", "figure")
  place.setAttribute("aria-label", words)
  followTheme(place, setStateValue)
  if (!place.layout) place.style.height = `${layout.height}px` // the room of the first figure, before its script is there
  let Plotly
  try {
    Plotly = await loadPlotly(script)
  } catch {
    place.style.height = "auto"
    place.textContent = FAILED
    return
  }
  if (!place.layout) place.textContent = ""
  place.style.height = `${layout.height}px`
  await Plotly.react(place, traces, { ...layout, width: place.clientWidth || undefined }, config)
  place.removeAllListeners("plotly_click")
  if (clickable) {
    place.on("plotly_click", ({ points }) => setTriggerValue("clicked", points[0].customdata))
  }
  place.watch ??= new ResizeObserver(() => {
    if (place.clientWidth && place.clientWidth !== place.layout.width) {
      Plotly.relayout(place, { width: place.clientWidth })
    }
  })
  place.watch.observe(place)
  return () => {
    place.watch.disconnect()
    Plotly.purge(place)
  }
}
