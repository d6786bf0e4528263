// The ways from one page to another: links that a click follows without loading anything anew.

// The address of the page about what has this key: the rest of its link is `query`, or else the link of now.
export function address({ page, parameter, query }, key) {
  const url = new URL(page || document.location.pathname, document.baseURI)
  url.search = query ?? document.location.search
  url.searchParams.set(parameter, key)
  return url.href
}

// Whether a click asks for more than to follow the link: another tab or window, or to save it.
export const isForBrowser = (event) =>
  event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey

// One step, as Back and Forward are, of which Streamlit is told in the same way. To have the server switch pages would
// write the new link on the page that is left, and Back would lead there.
export function lead(address) {
  history.pushState({}, "", address)
  dispatchEvent(new PopStateEvent("popstate"))
}
