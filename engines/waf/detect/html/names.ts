function setOf(names: string): ReadonlySet<string> {
  return new Set(names.split(/\s+/u))
}

/** Elements that run script, load documents, or change what others load, whatever their attributes. */
export const activeElements = setOf(
  `script iframe frameset style svg isindex xml xss noscript vmlframe fencedframe foreignobject stylesheet`,
)

/** Elements that do so by an attribute; without one they are as likely a type in angle brackets. */
export const activeByAttributes = setOf(
  `frame object embed applet base link meta bgsound layer ilayer import handler listener comment animate
  animatetransform animatemotion animatecolor set portal`,
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
  undo redo zoom`,
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
  'srcdoc formaction xmlns datasrc datafld dataformatas xlink:href xml:base xmlns:xlink attributename folder seeksegmenttime fscommand',
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

/** Whether a URL, read as browsers do, is a script or brings its own document; `hides` says that it was written in references. */
export function isActiveUrl(plain: string, hides: boolean): boolean {
  if (schemes.some((scheme) => plain.includes(scheme))) return true
  if (hides && plain.length >= SCHEME_LENGTH_MIN && schemes.some((scheme) => scheme.startsWith(plain)))
    return true
  if (plain.startsWith('javascript') || plain.startsWith('vbscript')) return true
  return plain.startsWith('data:') && !inert.test(plain)
}

/** As much of a scheme as is taken for it where references hide it. */
const SCHEME_LENGTH_MIN = 3

/** Signs and words that declarations of colours, sizes and fonts do without. */
const active =
  /[\\{}[\]=@<>*`]|:$|expression|position|animation|transition|behaviou?r|binding|url\(|image-set\(|script:|import/u

/** Whether a style, without blanks and in lower case, runs or loads something, or hides what it does. */
export function isActiveStyle(plain: string): boolean {
  return active.test(plain)
}
