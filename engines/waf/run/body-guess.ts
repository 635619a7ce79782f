import type { BodyProcessor, Bytes, Settings } from '../model.ts'
import { readJson, readXml, type Pair } from '../parse/index.ts'

/** Kinds of content that are no text; nothing takes fields out of them. */
const OPAQUE =
  /^\s*(?:(?:image|audio|video|font|model)\/|application\/(?:octet-stream|pdf|zip|gzip|x-[\w.-]*(?:zip|tar|compressed)))/i

const XML_BOUNDS = { depthMax: 128, nodesMax: 50_000 }

/**
 * What reads a body whose content type names no reader, or that has none: what it looks like, since whatever answers the
 * request may look too. Null for content that is no text.
 */
export function guessProcessor(raw: Bytes, contentType: Bytes, settings: Settings): BodyProcessor | null {
  const looks = /^(?:\xEF\xBB\xBF)?\s*([{[<])/.exec(raw)?.[1]
  if (looks === undefined) return OPAQUE.test(contentType) ? null : 'URLENCODED'
  // Over the limit it is refused before anybody reads it.
  if (raw.length > settings.requestBodyNoFilesBytesMax) return 'URLENCODED'
  if (looks === '<') return readXml(raw, XML_BOUNDS).error === null ? 'XML' : 'URLENCODED'
  return jsonOf(raw, settings).error === null ? 'JSON' : 'URLENCODED'
}

/** The values of a form that is JSON at the same time; none for all others. */
export function jsonBesides(raw: Bytes, settings: Settings): readonly Pair[] {
  if (!/^(?:\xEF\xBB\xBF)?\s*[{[]/.test(raw)) return []
  const read = jsonOf(raw, settings)
  return read.error === null ? read.pairs : []
}

function jsonOf(raw: Bytes, settings: Settings): ReturnType<typeof readJson> {
  // Readers of JSON pass over the mark.
  return readJson(raw.replace(/^\xEF\xBB\xBF/, ''), {
    depthMax: settings.requestBodyJsonDepthMax,
    argumentsMax: settings.argumentsMax,
  })
}
