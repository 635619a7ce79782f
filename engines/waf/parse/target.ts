import type { Bytes } from '../model.ts'
import { decodePercent } from './percent.ts'

/** What the variables of the request target hold. */
export interface TargetParts {
  /** `REQUEST_URI`: decoded, without scheme, host and fragment. */
  readonly uri: Bytes
  /** `REQUEST_FILENAME`, and `PATH_INFO`: the path, decoded after it was parted from the query. */
  readonly filename: Bytes
  /** `REQUEST_BASENAME`: what follows the last slash or backslash of the path; empty when nothing does. */
  readonly basename: Bytes
  /** `QUERY_STRING`: as sent; a fragment, which no client may send, stays in it so that it is looked at. */
  readonly query: Bytes
}

const ORIGIN = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/

/** Takes a request target apart (RFC 9112 section 3.2), in any form; never refuses. */
export function splitTarget(target: Bytes): TargetParts {
  const origin = target.startsWith('/') ? '' : (ORIGIN.exec(target)?.[0] ?? '')
  const relative = target.slice(origin.length)
  const question = relative.indexOf('?')
  const path = withoutFragment(question === -1 ? relative : relative.slice(0, question))
  const filename = decodePercent(path, false).text
  const slash = Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\'))
  return {
    uri: decodePercent(withoutFragment(relative), false).text,
    filename,
    basename: slash === -1 ? '' : filename.slice(slash + 1),
    query: question === -1 ? '' : relative.slice(question + 1),
  }
}

function withoutFragment(text: Bytes): Bytes {
  const hash = text.indexOf('#')
  return hash === -1 ? text : text.slice(0, hash)
}
