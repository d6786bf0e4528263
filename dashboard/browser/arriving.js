// Has arriving.css hold only while a part of the page has not come: the browser pays for it at each change of the page.

const AWAITED = "[data-testid=stSkeleton], [data-awaited]"
const style = document.querySelector("style[data-arriving]")
let isDue = false

function look() {
  isDue = false
  style.disabled = !document.querySelector(AWAITED)
}

// Once before each picture of the page that may show something new.
const changes = new MutationObserver(() => {
  if (!isDue) requestAnimationFrame(look)
  isDue = true
})
changes.observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-awaited"] })
