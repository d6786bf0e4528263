// Draws a page of a table as the server sends it: texts go in as texts, sorting and turning pages are asked of the server.

import { address, isForBrowser, lead } from "./lead.js"

const LONG = 40 // characters of a name that may be cut off
const ABREAST = 3 // texts below a row that may stand side by side
const FEW = { rows: 8, more: 2 } // rows of a table on a phone, and how many more are no reason for a button
const TIGHT = { width: 1400, row: 72 } // pixels: below this width rows that are higher on average give texts away
const UNBROKEN = 10 // characters of a label that stands on one line
const SHORT = { third: 14, most: 28 } // characters of texts that need a third of a phone's width, or two
const NOTHING = "–" // as data_access/formats.py has it
const SVG = "http://www.w3.org/2000/svg"
const LINE = { width: 64, height: 20, edge: 3, leastRange: 2 } // pixels; and the unit of the figures

const styled = Promise.all(["table.css", "cards.css"].map(sheet))
  .then((sheets) => document.adoptedStyleSheets.push(...sheets))
  .catch(() => {}) // a table without its looks is a table

async function sheet(name) {
  const answer = await fetch(new URL(name, import.meta.url))
  return new CSSStyleSheet().replace(await answer.text())
}

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value)
  }
  element.append(...children)
  return element
}

function drawing(points) {
  const { width, height, edge, leastRange } = LINE
  const [low, high] = [Math.min(...points), Math.max(...points)]
  const range = Math.max(high - low, leastRange)
  const middle = (low + high) / 2
  const places = points.map((point, number) => [
    edge + ((width - 2 * edge) * number) / Math.max(points.length - 1, 1),
    height / 2 - ((height - 2 * edge) * (point - middle)) / range,
  ])
  const svg = document.createElementNS(SVG, "svg")
  for (const [key, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": true })) {
    svg.setAttribute(key, value)
  }
  const line = document.createElementNS(SVG, "polyline")
  line.setAttribute("points", places.map((place) => place.map((pixel) => pixel.toFixed(1)).join()).join(" "))
  const end = document.createElementNS(SVG, "circle")
  for (const [key, value] of Object.entries({ cx: places.at(-1)[0], cy: places.at(-1)[1], r: 2 })) end.setAttribute(key, value)
  svg.append(line, end)
  return svg
}

function bar(percent, target) {
  const filled = Math.min(Math.max(percent, 0), 100)
  const wanted = Math.min(target ?? 0, 100)
  const fill = make("span", { class: "fill" })
  fill.style.width = `${filled}%`
  const missing = make("span", { class: "missing" })
  missing.style.width = `${Math.max(wanted - filled, 0)}%`
  return make("span", { class: "bar", "aria-hidden": "true" }, fill, missing)
}

const MOVES = { up: ["▲", "up"], down: ["▼", "down"] }

function inside(cell, target) {
  if (Array.isArray(cell)) return [make("ul", { role: "list" }, ...cell.map((text) => make("li", {}, text)))]
  if (typeof cell === "string") return [cell]
  const text = make("span", { class: "text" }, cell.text)
  const [arrow, word] = MOVES[cell.news?.split(" ")[0]] ?? []
  if (arrow) {
    text.classList.add(cell.news.split(" ")[1])
    text.prepend(make("span", { "aria-hidden": "true" }, `${arrow} `), make("span", { class: "unseen" }, `${word} `))
  }
  return [
    ...(cell.bar === undefined ? [] : [bar(cell.bar, target)]),
    ...(cell.line ? [drawing(cell.line)] : []),
    text,
    ...(cell.note ? [" ", make("span", { class: "note" }, cell.note)] : []),
  ]
}

function link(opens, key, children, open) {
  const anchor = make("a", { href: address(opens, key), "data-id": `row ${key}` }, ...children)
  if (anchor.textContent.length > LONG) anchor.title = anchor.textContent
  // The rest of the link may change after this was drawn.
  for (const moment of ["pointerdown", "focus", "contextmenu"]) {
    anchor.addEventListener(moment, () => (anchor.href = address(opens, key)))
  }
  anchor.addEventListener("click", (event) => {
    if (isForBrowser(event)) return
    event.preventDefault()
    if (opens.page) lead(anchor.href)
    else open(key)
  })
  return anchor
}

function header(column, description, ask) {
  const kinds = { number: column.numeric, unbroken: column.label.length <= UNBROKEN }
  const attributes = { role: "columnheader", scope: "col", class: named(kinds) }
  if (!column.sortable) return make("th", attributes, make("span", { class: "label" }, column.label))
  const arrow = { ascending: "↑", descending: "↓", none: "" }[column.sorted]
  const button = make(
    "button",
    { type: "button", "data-id": `column ${column.name}`, "aria-describedby": description },
    make("span", { class: "label" }, column.label),
    make("span", { class: "arrow", "aria-hidden": "true" }, arrow),
  )
  button.addEventListener("click", () => ask({ column: column.name, downwards: column.downwards, page: 1 }))
  const printed = make("span", { class: "printed", "aria-hidden": "true" }, column.label)
  return make("th", { ...attributes, "aria-sort": column.sorted }, button, printed)
}

// The headings that columns side by side share, above their labels; nothing where no column has one.
function groups(columns) {
  if (!columns.some(({ group }) => group)) return []
  const cells = []
  columns.forEach(({ group }) => {
    const last = cells.at(-1)
    if (last && last.group === group) last.span += 1
    else cells.push({ group, span: 1 })
  })
  const heads = cells.map(({ group, span }) =>
    group
      ? make("th", { role: "columnheader", scope: "colgroup", colspan: span, class: "group" }, group)
      : make("td", { role: "cell", colspan: span }),
  )
  return [make("tr", { role: "row" }, ...heads)]
}

const whole = ({ label, group }) => (group ? `${group}: ${label}` : label)

// On a narrow place rows have no headings to click on; this chooses the order in their place.
function sorting({ columns }, label, ask) {
  const sortable = columns.filter((column) => column.sortable)
  const now = sortable.find(({ sorted }) => sorted !== "none")
  const options = sortable.map((column) => {
    const option = make("option", { value: column.name }, whole(column))
    option.selected = column === now
    return option
  })
  if (!now) options.unshift(make("option", { value: "", selected: "" }, "usual order"))
  const select = make("select", { "data-id": "sorting", "aria-label": `Sort ${label} by` }, ...options)
  select.addEventListener("change", () => {
    const column = sortable.find(({ name }) => name === select.value)
    if (column) ask({ column: column.name, downwards: column.downwards, page: 1 })
  })
  const parts = [make("span", { "aria-hidden": "true" }, "Sort by"), select]
  if (now) {
    const [arrow, words] = now.downwards ? ["↑", "ascending"] : ["↓", "descending"]
    const name = `${words}, change the order of ${label}`
    const turn = make("button", { type: "button", "data-id": "direction", "aria-label": name }, arrow)
    turn.addEventListener("click", () => ask({ column: now.name, downwards: now.downwards, page: 1 }))
    parts.push(turn)
  }
  return parts
}

// The help of a column beside the pointer or below the focus; Escape takes it away.
function explain(root, cell, help) {
  const tip = root.querySelector(".tip")
  const show = () => {
    tip.textContent = help
    tip.hidden = false
    const place = cell.getBoundingClientRect()
    const left = Math.min(place.left, document.documentElement.clientWidth - tip.offsetWidth - 8)
    tip.style.left = `${Math.max(left, 8)}px`
    tip.style.top = `${place.bottom + 4}px`
  }
  const hide = () => (tip.hidden = true)
  cell.addEventListener("mouseenter", show)
  cell.addEventListener("mouseleave", (event) => tip.contains(event.relatedTarget) || hide())
  cell.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && show())
  cell.addEventListener("focusout", hide)
  cell.addEventListener("keydown", (event) => event.key === "Escape" && hide())
}

function pager(table, label, ask) {
  const turn = (word, page, id) => {
    const button = make("button", { type: "button", "data-id": id, "aria-label": `${word} page of ${label}` }, word)
    button.disabled = page < 1 || page > table.pages
    button.addEventListener("click", () => ask({ ...sorted(table), page }, true))
    return button
  }
  const shown = make("span", { class: "range" }, table.range)
  if (table.pages === 1) return []
  return [shown, turn("Previous", table.page - 1, "previous"), turn("Next", table.page + 1, "next")]
}

function sorted({ columns, isArranged }) {
  const column = isArranged ? columns.find((one) => one.sorted !== "none") : undefined
  return { column: column?.name ?? "", downwards: column?.sorted === "descending" }
}

// The kinds that hold, as classes.
const named = (kinds) => Object.keys(kinds).filter((kind) => kinds[kind]).join(" ") || undefined

// What a cell says in text, without what stands below it.
const words = (cell) => (Array.isArray(cell) ? cell.join() : (cell.text ?? cell))

// Which part of a phone's width the texts of each column need, where all are short and nothing stands below them.
function measure(columns, rows, total) {
  columns.forEach((column, place) => {
    const cells = [...rows, ...(total ? [total] : [])].map((row) => row[place])
    if (column.numeric || cells.some((cell) => Array.isArray(cell) || cell.note)) return
    const longest = Math.max(...cells.map((cell) => words(cell).length))
    column.part = Object.keys(SHORT).find((part) => longest <= SHORT[part])
  })
}

function row(cells, columns, { opens, target }, key, open) {
  const row = make("tr", { role: "row" })
  cells.forEach((cell, place) => {
    const { name, numeric, isTime, width, part } = columns[place]
    const opened = opens?.column === name && key !== undefined && key !== null
    const content = inside(cell, target)
    let children = opened ? [link(opens, key, content, open)] : content
    if (children.length > 1) children = [make("span", {}, ...children)]
    const isDrawn = cell.bar !== undefined || cell.line
    const kinds = {
      number: numeric,
      time: isTime && !numeric,
      list: Array.isArray(cell),
      drawn: isDrawn,
      third: part === "third",
      most: part === "most",
      none: !numeric && words(cell) === NOTHING,
    }
    const td = make("td", { role: "cell", class: named(kinds), "data-label": whole(columns[place]) }, ...children)
    td.dir = numeric ? "ltr" : "auto"
    if (cell.hint) td.title = cell.hint
    if (width) td.style.maxWidth = `${width}px`
    row.append(td)
  })
  return row
}

// The rows that a row opens to, and the button that does it; both stay as they are when the table is drawn again.
function parted(root, whole, { of, rows }, columns, data) {
  const parts = rows.map((cells) => row(cells, columns, data))
  if (!parts.length) return [whole]
  const name = whole.firstChild
  const button = make("button", { type: "button", class: "toggle", "data-id": `parts ${of}`, "aria-label": `Channels of ${name.textContent}` })
  const put = (isOpen) => {
    button.setAttribute("aria-expanded", isOpen)
    for (const part of parts) part.hidden = !isOpen
  }
  const turn = () => {
    const isOpen = !root.opened.delete(of)
    if (isOpen) root.opened.add(of)
    put(isOpen)
  }
  for (const part of parts) part.classList.add("part")
  button.addEventListener("click", turn)
  name.prepend(button)
  name.classList.add("whole")
  put(root.opened.has(of))
  return [whole, ...parts]
}

function body(root, data, open, ask) {
  const { table, label } = data
  const { columns, rows, keys, parts, total } = table
  measure(columns, [...rows, ...(parts ?? []).flatMap((part) => part.rows)], total)
  const descriptions = columns.map(({ help }, number) => make("span", { id: `${root.name}-help-${number}` }, help))
  root.querySelector(".descriptions").replaceChildren(...descriptions)
  const heads = columns.map((column, number) => {
    const cell = header(column, column.help ? descriptions[number].id : undefined, ask)
    if (column.help) explain(root, cell, column.help)
    return cell
  })
  const group = (name, ...children) => make(name, { role: "rowgroup" }, ...children)
  const lines = rows.flatMap((cells, place) => {
    const whole = row(cells, columns, data, keys?.[place], open)
    return parts ? parted(root, whole, parts[place], columns, data) : [whole]
  })
  return make(
    "table",
    { role: "table", "aria-label": label, class: parts?.some(({ rows }) => rows.length) ? "parted" : undefined },
    group("thead", ...groups(columns), make("tr", { role: "row" }, ...heads)),
    group("tbody", ...lines),
    ...(total ? [group("tfoot", row(total, columns, { target: data.target }))] : []),
  )
}

// The places of the columns that can go below the rows: those of texts; the name of a row stays where it is.
const wordy = ({ columns }) => [...columns.keys()].filter((place) => place && !columns[place].numeric)

// Puts the columns at these places below each row, where their texts have all of its width; the others keep theirs.
function putBelow(root, below) {
  const table = root.querySelector("table")
  const { columns } = root.drawn.table
  const now = [...below].join()
  if (table.below === now) return
  table.below = now
  root.classList.toggle("stacked", below.size > 0)
  const kept = columns.length - below.size
  table.style.setProperty("--columns", kept)
  table.style.setProperty("--span", Math.floor(kept / Math.min(below.size || 1, kept, ABREAST)))
  const [heads, ...groups] = [...table.tHead.rows].reverse()
  for (const row of [heads, ...table.querySelectorAll(":is(tbody, tfoot) tr")]) {
    ;[...row.cells].forEach((cell, place) => cell.classList.toggle("below", below.has(place)))
  }
  for (const row of groups) {
    let first = 0
    for (const cell of row.cells) {
      const places = Array.from({ length: cell.colSpan }, (_, step) => first + step)
      const span = places.filter((place) => !below.has(place)).length
      first += cell.colSpan
      cell.classList.toggle("below", !span)
      cell.style.gridColumn = `span ${span || 1}`
    }
  }
}

// What does not fit: texts go below the rows, one column after the other as long as that makes the table fit, or lower;
// then the last columns of figures; drawings go where that is not enough; and what is left scrolls aside.
function fit(root, scroller) {
  const width = scroller.clientWidth
  if (root.fitted === width || !width || root.drawn.cards) return
  root.fitted = width
  const body = root.querySelector("tbody")
  const rows = [...body.rows].filter((row) => !row.hidden).length
  root.classList.remove("plain")
  // How a table looks with these columns below: by how many pixels it is too wide, and how high it is.
  const look = (below) => {
    putBelow(root, new Set(below))
    return { below, beyond: Math.max(scroller.scrollWidth - width - 1, 0), height: body.offsetHeight }
  }
  const isBetter = (one, other) => (one.beyond - other.beyond || one.height - other.height) < 0
  const isTight = ({ beyond, height }) => beyond || (width < TIGHT.width && height > TIGHT.row * rows)
  let best = look([])
  if (getComputedStyle(body).display === "block") return // each row is a card
  const places = wordy(root.drawn.table)
  let last = best // one column alone may make rows higher, and two of them lower
  while (isTight(last) && last.below.length < places.length && (last.below.length < ABREAST || last.beyond)) {
    const looks = places.filter((place) => !last.below.includes(place)).map((place) => look([...last.below, place]))
    last = looks.reduce((one, other) => (isBetter(other, one) ? other : one))
    if (isBetter(last, best)) best = last
  }
  const whole = [...root.drawn.table.columns.keys()]
  for (let place = whole.length - 1; best.beyond && place > whole.length / 2; place--) {
    if (!best.below.includes(place)) best = look([...best.below, place])
  }
  root.classList.toggle("plain", look(best.below).beyond > 0)
}

// On a phone a table begins with a few rows, so that what stands below it can be reached; a button shows the others.
function more(root, lines) {
  const wholes = lines.filter((line) => !line.classList.contains("part"))
  const first = wholes[FEW.rows]
  const hidden = wholes.length - FEW.rows
  if (hidden <= FEW.more) return []
  for (const line of lines.slice(lines.indexOf(first))) line.classList.add("late")
  const button = make("button", { type: "button", "data-id": "more" }, `Show ${hidden} more rows`)
  button.addEventListener("click", () => {
    root.classList.add("whole")
    const next = first.querySelector("a, button") ?? root.querySelector(".scroller")
    next.focus({ preventScroll: true })
  })
  return [button]
}

// On paper there are no pages to turn: a table of some pages has all of its rows there.
function print(root) {
  const { columns, paper } = root.drawn.table
  if (!paper) return
  const lines = paper.map((cells) => row(cells, columns, { target: root.drawn.target }))
  const onPage = root.querySelector("tbody")
  const onPaper = make("tbody", { role: "rowgroup" }, ...lines)
  onPage.replaceWith(onPaper)
  window.addEventListener("afterprint", () => onPaper.replaceWith(onPage), { once: true })
}

function prepare(root, label) {
  root.print = () => root.isConnected && print(root)
  root.opened = new Set()
  const scroller = make("div", { class: "scroller", role: "region", "aria-label": label, tabindex: "-1" })
  const tip = make("div", { class: "tip", "aria-hidden": "true" })
  const descriptions = make("div", { class: "descriptions", hidden: "" })
  tip.hidden = true
  tip.addEventListener("mouseleave", () => (tip.hidden = true))
  const aside = make("p", { class: "aside", "aria-hidden": "true", hidden: "" }, "More columns to the right →")
  root.append(make("div", { class: "sorting" }), aside, scroller, make("div", { class: "others" }), tip, descriptions, make("nav", { "aria-label": `Pages of ${label}` }), make("p", { class: "cut" }), make("p", { class: "unseen", role: "status" }))
  const fade = () => scroller.classList.toggle("more", scroller.scrollLeft + scroller.clientWidth < scroller.scrollWidth - 1)
  scroller.addEventListener("scroll", fade, { passive: true })
  // Who uses the keyboard scrolls aside by it, where there is more than fits.
  root.watch = new ResizeObserver(() => {
    stayBelowBar(root)
    fit(root, scroller)
    const scrolls = scroller.scrollWidth > scroller.clientWidth + 1
    scroller.tabIndex = scrolls ? 0 : -1
    scroller.classList.toggle("scrolls", scrolls)
    aside.hidden = !scrolls
    fade()
  })
  root.watch.observe(scroller)
}

// The headings stay in sight below the bar of the page, whose height changes with what it holds.
function stayBelowBar(root) {
  const bar = document.querySelector(".st-key-frame, .st-key-frame_waiting")?.parentElement
  const height = bar && getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0
  root.style.setProperty("--license-bar", `${height}px`)
}

export default async function ({ data, name, parentElement, setTriggerValue }) {
  await styled
  const root = parentElement.querySelector(".license-table")
  root.name ??= `${name}-${data.label}`.replace(/\W+/g, "-")
  if (!root.watch) prepare(root, data.label)
  root.classList.toggle("as-cards", data.cards)
  const scroller = root.querySelector(".scroller")
  const table = JSON.parse(data.table)
  root.drawn = { ...data, table }
  window.addEventListener("beforeprint", root.print) // once, however often it is said
  const held = root.contains(document.activeElement) ? document.activeElement.dataset.id : undefined

  const ask = (arranged, turned = false) => {
    root.turned = turned
    root.asked = true
    root.setAttribute("aria-busy", "true")
    setTriggerValue("arranged", arranged)
  }
  const open = (key) => setTriggerValue("opened", key)

  const drawn = body(root, { ...data, table }, open, ask)
  scroller.replaceChildren(drawn)
  // It is fitted as soon as the browser has laid it out: to measure it here would lay out the page once more.
  root.fitted = undefined
  drawn.below = ""
  root.classList.remove("stacked")
  root.watch.observe(drawn)
  const rows = table.rows.length
  root.querySelector(".sorting").replaceChildren(...(rows > 1 ? sorting(table, data.label, ask) : []))
  const others = data.cards ? [] : more(root, [...drawn.tBodies[0].rows])
  root.querySelector(".others").replaceChildren(...others)
  root.classList.toggle("few", others.length > 0)
  root.querySelector("nav").replaceChildren(...pager(table, data.label, ask))
  root.querySelector("nav").hidden = table.pages === 1
  root.querySelector(".cut").textContent = table.cut
  root.removeAttribute("aria-busy")
  delete root.dataset.awaited
  if (root.asked) {
    const by = table.columns.find((column) => column.sorted !== "none")
    const order = by ? `Sorted by ${by.label}, ${by.sorted}. ` : ""
    root.querySelector("[role=status]").textContent = `${order}${table.range}.`
  }
  if (root.turned) {
    fit(root, scroller)
    scroller.focus({ preventScroll: true })
    root.scrollIntoView({ block: "start" })
  } else if (held) {
    root.querySelector(`[data-id="${CSS.escape(held)}"]`)?.focus({ preventScroll: true })
  }
  root.turned = root.asked = false
  return () => {
    root.watch.disconnect()
    window.removeEventListener("beforeprint", root.print)
  }
}
