import { trimBlank } from '../blank.ts'
import type { Bytes } from '../model.ts'
import { WafError, type Place } from '../waf-error.ts'
import type { OperatorHost } from './operator.ts'

/** The lines of a file that an argument names, without blanks around them, empty ones and comments (`#`). */
export function fileLines(path: Bytes, host: OperatorHost, place: Place): readonly Bytes[] {
  return readNamedFile(path, host, place)
    .split('\n')
    .map(trimBlank)
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** The content of a file that an argument names; throws `file-missing`, also for an address to fetch it from. */
export function readNamedFile(path: Bytes, host: OperatorHost, place: Place): Bytes {
  if (/^https?:\/\//i.test(path))
    throw new WafError('file-missing', `rules load nothing from the network: ${path}`, place)
  const content = host.readFile(path, place.file)
  if (content === null) throw new WafError('file-missing', `no file ${path}`, place)
  return content
}
