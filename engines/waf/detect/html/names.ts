function setOf(names: string): ReadonlySet<string> {
  return new Set(names.split(/\s+/u))
}

/** Elements that run script, load documents, or change what others load, whatever their attributes. */
export const activeElements = setOf(
  `script iframe frame frameset object embed applet base link meta style svg isindex xml xss bgsound layer ilayer
  import handler listener vmlframe comment noscript foreignobject animate animatetransform animatemotion
  animatecolor set portal fencedframe xsl:script xsl:stylesheet stylesheet template`,
)

/** Events with a handler attribute: HTML, SVG, media, pointer and touch events, and those of older browsers. */
const events = setOf(
  `abort activate afterprint afterscriptexecute afterupdate animationcancel animationend animationiteration
  animationstart auxclick beforeactivate beforecopy beforecut beforedeactivate beforeeditfocus beforeinput
  beforematch beforepaste beforeprint beforescriptexecute beforetoggle beforeunload beforeupdate begin blur
  bounce cancel canplay canplaythrough cellchange change click close command contentvisibilityautostatechange
  contextlost contextmenu contextrestored controlselect copy cuechange cut dataavailable datasetchanged
  datasetcomplete dblclick deactivate drag dragdrop dragend dragenter dragexit dragleave dragover dragstart drop
  durationchange emptied end ended error errorupdate filterchange finish focus focusin focusout formchange
  formdata forminput fullscreenchange fullscreenerror gamepadconnected gotpointercapture hashchange help input
  invalid keydown keypress keyup languagechange layoutcomplete load loadeddata loadedmetadata loadend loadstart
  losecapture lostpointercapture mediacomplete mediaerror message messageerror mousedown mouseenter mouseleave
  mousemove mouseout mouseover mouseup mousewheel move moveend movestart offline online orientationchange outofsync
  pagehide pagereveal pageshow pageswap paste pause play playing pointercancel pointerdown pointerenter
  pointerleave pointermove pointerout pointerover pointerrawupdate pointerup popstate popuphidden popuphiding
  popupshowing popupshown progress propertychange ratechange readystatechange receive rejectionhandled repeat reset
  resize resizeend resizestart resume reverse rowdelete rowenter rowexit rowinserted rowsdelete rowsinserted scroll
  scrollend scrollsnapchange scrollsnapchanging search securitypolicyviolation seek seeked seeking select
  selectionchange selectstart show slotchange stalled start stop storage submit suspend syncrestored timeerror
  timeupdate toggle touchcancel touchend touchmove touchstart trackchange transitioncancel transitionend
  transitionrun transitionstart unhandledrejection unload urlflip userproximity volumechange waiting
  webkitanimationend webkitanimationiteration webkitanimationstart webkitmouseforcedown webkittransitionend wheel
  zoom`,
)

const HANDLER_LENGTH_MIN = 5

/** Whether the attribute is an event handler; within a tag any `on…` of enough letters is, elsewhere only those browsers know. */
export function isHandler(name: string, withinTag: boolean): boolean {
  if (!name.startsWith('on')) return false
  return (
    events.has(name.slice(2)) || (withinTag && name.length >= HANDLER_LENGTH_MIN && /^on[a-z]+$/u.test(name))
  )
}

/** Attributes whose value is a document, a binding or a namespace, which have no place in what people write. */
export const activeAttributes = setOf(
  'srcdoc formaction datasrc datafld dataformatas xlink:href xml:base xmlns:xlink attributename folder seeksegmenttime fscommand',
)

/** Beginnings of URLs that are scripts or documents. */
const schemes = [
  'javascript:',
  'vbscript:',
  'livescript:',
  'mocha:',
  'jscript:',
  'vbs:',
  'view-source:',
  'mhtml:',
  'feed:javascript:',
  'feed:data:',
  'jar:javascript:',
]

/** Media types whose content no browser runs. */
const inert = /^data:(?:image\/(?:png|gif|jpe?g|webp|avif|bmp|x-icon)|audio\/|video\/|font\/|text\/plain)/u

/** Whether a URL, read as browsers do, is a script or brings its own document. */
export function isActiveUrl(plain: string): boolean {
  let start = 0
  while (start < plain.length && plain.charCodeAt(start) < 33) start += 1
  const url = plain.slice(start)
  return schemes.some((scheme) => url.startsWith(scheme)) || (url.startsWith('data:') && !inert.test(url))
}

const styles = [
  'expression(',
  'behavior:',
  'behaviour:',
  '-moz-binding',
  '@import',
  'javascript:',
  'vbscript:',
  'data:text',
  'url(//',
  'image-set(',
]

/** Whether a style, without blanks and in lower case, runs or loads something. */
export function isActiveStyle(plain: string): boolean {
  const readable = plain.replace(/\/\*.*?\*\//gu, '').replace(/\\0*([0-9a-f]{1,6})/gu, (_, code: string) => {
    const value = Number.parseInt(code, 16)
    return value < 256 ? String.fromCharCode(value) : ''
  })
  const bare = readable.replaceAll('\\', '')
  return styles.some((style) => bare.toLowerCase().includes(style))
}
