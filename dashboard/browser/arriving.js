// Has arriving.css hold only while a part of the page has not come: the browser pays for it at each change of the page.

const AWAITED = "[data-testid=stSkeleton], [data-awaited]"
const style = document.querySelector("style[data-arriving]")
let isDue = false

function look() {
  isDue = false
  style.disabled = !document.querySelector(AWAITED)
}

// What comes is hidden at once, or it would be seen where it does not stay; shown again once before the next picture.
const changes = new MutationObserver(() => {
  if (style.disabled) look()
  else if (!isDue) {
    isDue = true
    requestAnimationFrame(look)
  }
})
changes.observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-awaited"] })
