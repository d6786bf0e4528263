// What can be clicked in a chart, by keyboard: a button over each part, of which Tab reaches one and arrows the others.

const STEPS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }
const EDGE = 6 // pixels around the points of a part

// `parts`: the key and the words of each; `click` gets the key.
export function offerParts(place, buttons, parts, click) {
  place.parts = buttons
  const held = buttons.contains(document.activeElement) ? document.activeElement.dataset.key : undefined
  const made = parts.map(([key, words], number) => {
    const button = document.createElement("button")
    button.type = "button"
    button.dataset.key = key
    button.setAttribute("aria-label", words)
    button.tabIndex = (held ?? parts[0][0]) === key ? 0 : -1
    button.addEventListener("click", () => click(key))
    button.addEventListener("keydown", (event) => {
      const ends = { Home: 0, End: parts.length - 1 }
      const next = ends[event.key] ?? number + (STEPS[event.key] ?? NaN)
      if (!made[next]) return
      event.preventDefault()
      made.forEach((other) => (other.tabIndex = other === made[next] ? 0 : -1))
      made[next].focus()
    })
    return button
  })
  buttons.setAttribute("role", "group")
  buttons.setAttribute("aria-label", "Parts of the chart; arrow keys move between them")
  buttons.hidden = !parts.length
  buttons.replaceChildren(...made)
  if (!made.length) return
  const again = made.find((button) => button.tabIndex === 0) ?? made[0]
  again.tabIndex = 0
  if (held === again.dataset.key) again.focus({ preventScroll: true })
}

// Puts each button over its part, once the chart is drawn or has another width. By plotly's own measures: to ask the
// browser for one would have it lay out the page, for each button anew.
export function placeParts(place) {
  for (const button of place.parts?.children ?? []) {
    const { left, right, top, bottom } = box(place, button.dataset.key)
    const style = { left, top, width: right - left, height: bottom - top }
    button.style.cssText = Object.entries(style).map(([name, pixels]) => `${name}: ${pixels}px`).join(";")
    button.classList.toggle("right", left + right > place._fullLayout.width)
  }
}

// The pixels that a part takes: of a row of bars all its width, of bars that stand on others the place of all of them,
// else what holds its points.
function box(place, key) {
  const xs = []
  const ys = []
  let row
  let stacked = false
  for (const trace of place.data) {
    if (trace.visible === false || !trace.customdata) continue
    const [x, y] = ["xaxis", "yaxis"].map((name) => place._fullLayout[(trace[name] ?? name[0]).replace(/^./, name)])
    trace.customdata.forEach((data, at) => {
      if (data !== key || trace.x[at] === null || trace.y[at] === null) return
      xs.push(x._offset + x.d2p(trace.x[at]))
      ys.push(y._offset + y.d2p(trace.y[at]))
      stacked ||= trace.type === "bar"
      if (trace.orientation === "h") row = Math.abs(y.d2p(1) - y.d2p(0)) / 2
    })
  }
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  if (row && top === bottom) return { left: 0, right: place._fullLayout.width, top: top - row, bottom: bottom + row }
  if (stacked) {
    const { l, t, w, h } = place._fullLayout._size
    return { left: l, right: l + w, top: t, bottom: t + h }
  }
  return { left: left - EDGE, right: right + EDGE, top: top - 2 * EDGE, bottom: bottom + EDGE }
}
