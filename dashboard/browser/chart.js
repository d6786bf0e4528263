// Draws figures with plotly: a new figure takes the place of the one before it.

let plotly

function loadPlotly(address) {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = new URL(address, document.baseURI)
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => {
      plotly = undefined // so that the next figure tries again
      reject(new Error("The script that draws charts could not be loaded."))
    }
    document.head.append(script)
  })
  return plotly
}

const config = { displayModeBar: false, doubleClick: false, scrollZoom: false }

export default async function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector(".chart")
  const { spec, words, clickable, script } = data
  place.setAttribute("role", "figure")
  place.setAttribute("aria-label", words)
  const { data: traces, layout } = JSON.parse(spec)
  place.style.height = `${layout.height}px`
  const Plotly = await loadPlotly(script)
  await Plotly.react(place, traces, { ...layout, width: place.clientWidth }, config)
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
