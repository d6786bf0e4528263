// What only a script can do for a page: landmarks, where a page begins, the folding of the bar, and copying its link.

import "./arriving.js"
import { isForBrowser, lead } from "./lead.js"

const MAIN = "[data-testid=stMain]"
const OPEN = "filtersOpen" // of the root element's data, for frame.css
const CHOSEN = "filtersChosen" // likewise
const PATIENCE = 15000 // milliseconds until a page has its heading
const STILL = 1500 // milliseconds without a change after which a page counts as drawn
const PAPER = 1000 // pixels that a chart may be wide on A4, within the margins of print.css
const SAID = 4000 // milliseconds for which a button says what it did
const EDGE = 8 // pixels that a panel stays away from the side of the window
const LOST = 400 // milliseconds without a focus after which nothing takes it again by itself
const MENU = "[data-testid=stPopoverBody]" // Streamlit puts it at the end of the page, far from its button
const MENU_BUTTON = "[data-testid=stPopoverButton]"
const REACHED = ":is(a[href], button, input, select, textarea, [tabindex='0']):not([tabindex='-1'], :disabled)"
const EMPTIED = "input[type=search], [data-testid=stNumberInputField]" // fields that Escape would empty
const ANSWERED = 8000 // milliseconds after which a page that the server does not open is loaded as any other

let view // the heading's key of what is on screen
let shown // the address of its page
let back = { until: 0 } // the place to which Back or Forward led, and when that no longer matters
let opener // the button of the menu that the keyboard has opened
const places = new Map() // of each address where somebody did something: how far it was scrolled, and with what

const main = () => document.querySelector(MAIN)
const addressed = () => location.pathname.split("/").pop()

// Before a click leads elsewhere: once it does, the page shrinks, and scrolls, under the old address.
for (const kind of ["pointerdown", "keydown"]) {
  addEventListener(
    kind,
    ({ target }) => main() && places.set(location.href, { top: main().scrollTop, held: heldBy(target) }),
    true,
  )
}
addEventListener("popstate", ({ isTrusted }) => {
  if (isTrusted) back = { ...places.get(location.href), until: performance.now() + PATIENCE }
  // The server that drew this page opens another one without loading anything anew; one that has forgotten it does not.
  setTimeout(() => shown !== addressed() && location.reload(), ANSWERED)
}, true)
addEventListener("keydown", (event) => {
  const pressed = document.activeElement
  if (event.key === "Tab") followMenu(event, pressed)
  else if (event.key === "Escape") {
    keepValue(event, pressed)
    leaveMenu(pressed)
  }
  else if (event.key === "Enter" || event.key === " ") {
    if (pressed.matches(MENU_BUTTON)) enterMenu(pressed)
    else keepFocus(pressed)
  }
}, true)

// Streamlit's link to the main content leads to its beginning, which is the bar: lead past that.
addEventListener("click", (event) => {
  const title = document.querySelector("h1")
  if (!title || !event.target.closest?.("[data-testid=stSkipToContent]")) return
  event.preventDefault()
  event.stopPropagation()
  title.tabIndex = -1
  title.focus()
}, true)

// What finds a row of a table, or a part of a chart, again.
function heldBy(target) {
  const { id, key } = target.closest?.("[data-id], [data-key]")?.dataset ?? {}
  return id ? `[data-id="${CSS.escape(id)}"]` : key && `[data-key="${CSS.escape(key)}"]`
}

const reached = (place) => [...(place?.querySelectorAll(REACHED) ?? [])].filter((one) => one.checkVisibility())

// Who opens a menu by keyboard goes on in it; Tab at its ends leads to where its button is, and Escape to the button.
function enterMenu(button) {
  if (button.getAttribute("aria-expanded") === "true") return
  opener = button
  const menu = () => document.querySelector(MENU)
  const isLeft = () => document.activeElement !== button
  when(() => isLeft() || reached(menu()).length, () => isLeft() || reached(menu())[0].focus())
}

function followMenu(event, from) {
  const menu = document.querySelector(MENU)
  if (!menu || !opener?.isConnected) return
  const all = reached(menu)
  if (from === opener && !event.shiftKey && all.length) {
    event.preventDefault()
    all[0].focus()
  } else if (from === all[0] && event.shiftKey) {
    event.preventDefault()
    opener.focus()
  } else if (from === all.at(-1) && !event.shiftKey) opener.focus() // from there the browser goes on
}

function leaveMenu(from) {
  if (!from.closest(MENU)) return
  const isShut = () => !document.querySelector(MENU)
  when(isShut, () => document.activeElement === document.body && opener?.focus({ preventScroll: true }), performance.now() + SAID)
}

// Escape takes nothing back that is chosen: Streamlit and browsers empty these fields, one of them without a word to the page.
function keepValue(event, field) {
  if (!field.matches(EMPTIED) || field.closest(MENU)) return
  event.preventDefault()
  event.stopPropagation()
}

// What was pressed may be gone once the page is drawn anew: the focus goes to what takes its place, or to the heading. A
// button that is disabled while it works loses the focus too, and gets it back.
function keepFocus(pressed) {
  const around = []
  for (let one = pressed.parentElement; one && !one.matches(MAIN); one = one.parentElement) around.push(one)
  const nearest = around.findIndex((one) => /st-key-/.test(one.parentElement?.className))
  let until = performance.now() + PATIENCE
  let since
  const step = (now) => {
    const focused = document.activeElement
    if (pressed.disabled && pressed.isConnected) until = now + PATIENCE
    // Its part of the page was drawn once more, and gave the focus to the same thing anew.
    if (!pressed.isConnected && around.slice(0, nearest + 1).some((one) => one.contains(focused))) pressed = focused
    if (now > until || (focused !== pressed && focused !== document.body)) return
    if (focused === pressed || (pressed.disabled && pressed.isConnected)) since = undefined
    else if (now - (since ??= now) > LOST) {
      if (pressed.isConnected && pressed.checkVisibility()) return pressed.focus({ preventScroll: true })
      const place = around.slice(0, nearest + 2).find((one) => one.isConnected && reached(one).length)
      const next = (place && reached(place)[0]) ?? document.querySelector("h1")
      if (next?.matches("h1")) next.tabIndex = -1
      return next?.focus({ preventScroll: Boolean(place) })
    }
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
}

// A chart that was drawn for a wider window becomes smaller as a whole.
function fit(width) {
  for (const chart of document.querySelectorAll(".js-plotly-plot")) {
    chart.style.zoom = width ? Math.min(1, width / chart.offsetWidth) : ""
  }
}
addEventListener("beforeprint", () => fit(PAPER))
addEventListener("afterprint", () => fit(0))

// What the address has of some parameters.
function inAddress(names) {
  return [...new URLSearchParams(location.search)].filter(([name]) => names.includes(name))
}

function target(page, query) {
  const url = new URL(page.address || ".", document.baseURI)
  url.search = new URLSearchParams(query)
  return url.href
}

// A choice draws what follows it and not the bar: where the address changes, the bar looks there by itself.
for (const change of ["pushState", "replaceState"]) {
  const own = history[change].bind(history)
  history[change] = (...details) => {
    own(...details)
    dispatchEvent(new Event("address"))
  }
}

function list(pages, { pages: all, shared }) {
  const query = inAddress(shared)
  if (pages.children.length !== all.length) {
    pages.replaceChildren(
      ...all.map((page) => {
        const anchor = document.createElement("a")
        anchor.textContent = page.title
        anchor.addEventListener("click", (event) => {
          if (isForBrowser(event)) return
          event.preventDefault()
          lead(anchor.href)
        })
        return anchor
      }),
    )
  }
  all.forEach((page, place) => {
    const anchor = pages.children[place]
    anchor.href = target(page, query)
    if (page.address !== shown) anchor.removeAttribute("aria-current")
    else if (!anchor.hasAttribute("aria-current")) {
      anchor.setAttribute("aria-current", "page")
      pages.scrollLeft = anchor.offsetLeft - pages.offsetLeft + anchor.offsetWidth / 2 - pages.clientWidth / 2
    }
  })
}

function icon(name) {
  const sign = document.createElement("span")
  sign.className = "frame-icon"
  sign.setAttribute("aria-hidden", "true")
  sign.translate = false
  sign.textContent = name
  return sign
}

function name(place, { source, isSample }) {
  place.classList.toggle("frame-sample", isSample)
  const label = document.createElement("span")
  label.className = "frame-label"
  label.textContent = source
  place.title = source
  place.replaceChildren(icon(isSample ? "science" : "cloud_done"), label)
}

function when(isTrue, act, until = performance.now() + PATIENCE) {
  if (isTrue()) act()
  else if (performance.now() < until) requestAnimationFrame(() => when(isTrue, act, until))
}

// While a page is drawn anew it shrinks and grows: scroll until it stays, unless somebody does something meanwhile.
function stay(heading, top, until = performance.now() + PATIENCE) {
  let since = performance.now(), isTouched = false
  for (const kind of ["wheel", "pointerdown", "keydown"]) addEventListener(kind, () => (isTouched = true), { once: true })
  const step = () => {
    const now = performance.now()
    if (isTouched || view !== heading || now > until || now - since > STILL) return
    if (main().scrollTop !== top) {
      main().scrollTop = top
      since = now
    }
    requestAnimationFrame(step)
  }
  step()
}

// A page begins at its top, with the focus on its heading; after Back it begins where, and with what, it was left.
function begin(heading) {
  if (view === heading) return
  const isFirst = view === undefined
  view = heading
  if (isFirst) return
  const { top = 0, held } = performance.now() < back.until ? back : {}
  back = { until: 0 }
  const title = () => document.querySelector(`.st-key-${heading} h1`)
  when(title, () => {
    title().tabIndex = -1
    title().focus({ preventScroll: true })
    main().scrollTop = 0
    if (top) stay(heading, top)
    const again = () => document.querySelector(held)
    const isShown = () => again()?.checkVisibility({ visibilityProperty: true }) // what stands above it may not have come
    const isFree = () => document.activeElement === title() || document.activeElement === document.body
    if (held) when(isShown, () => isFree() && again().focus({ preventScroll: true }))
  })
}

function address(publicUrl, pinned) {
  const base = publicUrl ? `${publicUrl}/` : document.baseURI
  const page = new URL(addressed(), base)
  page.search = location.search
  if (pinned !== undefined) page.searchParams.delete("asof")
  if (pinned) page.searchParams.set("asof", pinned)
  return page.href
}

function button(label, sign, act) {
  const made = document.createElement("button")
  made.type = "button"
  made.title = label
  made.setAttribute("aria-label", label)
  const text = document.createElement("span")
  text.className = "frame-label"
  text.textContent = label
  made.append(icon(sign), text)
  made.addEventListener("click", act)
  return made
}

function mark(element, name, value) {
  if (value) element.dataset[name] = value
  else delete element.dataset[name]
}

function fold(tools, data) {
  const toggle = tools.fold
  const chosen = new Set(inAddress(data.cleared).flatMap(([name, value]) => (value.trim() ? [name] : []))).size
  toggle.hidden = !data.hasFilters
  const isOpen = OPEN in document.documentElement.dataset
  toggle.title = `${chosen ? `Filters (${chosen})` : "Filters"}${isOpen ? ": show the page" : ""}`
  toggle.setAttribute("aria-label", toggle.title)
  mark(toggle, "chosen", chosen)
  mark(document.documentElement, CHOSEN, chosen)
  toggle.setAttribute("aria-expanded", String(isOpen))
}

function build(place, state) {
  const toggle = button("Filters", "tune", () => {
    const root = document.documentElement
    if (OPEN in root.dataset) delete root.dataset[OPEN]
    else root.dataset[OPEN] = ""
    fold(state, state.data)
  })
  toggle.className = "frame-fold"
  toggle.querySelector(".frame-label").textContent = "Show" // what the button does while the filters are open
  const copy = button("Copy link", "link", () => copyLink(state))
  copy.setAttribute("aria-haspopup", "dialog")
  const panel = document.createElement("div")
  panel.className = "frame-panel"
  panel.popover = "auto"
  panel.setAttribute("role", "dialog")
  panel.setAttribute("aria-label", "Copy link")
  panel.addEventListener("toggle", ({ newState }) => newState === "closed" && clearTimeout(state.timer))
  place.replaceChildren(toggle, copy, panel)
  Object.assign(state, { fold: toggle, copy, panel })
}

async function put(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false // no permission, or a page without https
  }
}

function open(state, said, link) {
  const { panel, copy, data } = state
  const message = document.createElement("p")
  message.setAttribute("role", "status")
  message.textContent = said
  const parts = [message]
  if (link) {
    const field = document.createElement("input")
    field.readOnly = true
    field.value = link
    field.setAttribute("aria-label", "The link")
    field.addEventListener("focus", () => field.select())
    parts.push(field)
  }
  for (const { label, pinned, done } of data.links ?? []) {
    if (done !== said) parts.push(button(label, "link", () => copyLink(state, pinned, done)))
  }
  const wasIn = panel.contains(document.activeElement)
  panel.replaceChildren(...parts)
  panel.tabIndex = -1
  if (!panel.matches(":popover-open")) panel.showPopover()
  const { bottom, right } = copy.getBoundingClientRect()
  panel.style.top = `${bottom + 6}px`
  panel.style.left = `${Math.max(EDGE, right - panel.offsetWidth)}px`
  if (link) panel.querySelector("input").focus()
  else if (wasIn) panel.focus()
}

async function copyLink(state, pinned, done = state.data.copied) {
  const link = address(state.data.publicUrl, pinned)
  const isCopied = await put(link)
  open(state, isCopied ? done : "Your browser does not let pages copy. Copy the link from here:", isCopied ? "" : link)
  clearTimeout(state.timer)
  if (isCopied && !(state.data.links ?? []).length) state.timer = setTimeout(() => state.panel.hidePopover(), SAID)
}

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".frame-tools")
  const state = (place.state ??= {})
  state.data = data
  shown = data.page
  const look = () => {
    list(parentElement.querySelector(".frame-pages"), state.data)
    fold(state, state.data)
  }
  if (!state.copy) {
    build(place, state)
    for (const change of ["address", "popstate"]) addEventListener(change, () => place.isConnected && look())
  }
  look()
  name(parentElement.querySelector(".frame-source"), data)
  begin(data.heading)
}
