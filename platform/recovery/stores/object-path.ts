import { RepositoryError } from '#backup'

/** The longest part of a path and the longest path (bytes): what folders and S3 both hold. */
const PART_BYTES_MAX = 200
const PATH_BYTES_MAX = 900
const PART = /^[0-9A-Za-z_-][0-9A-Za-z._-]*$/
const PREFIX = /^[0-9A-Za-z._/-]*$/

/** Gives a path back that every store can hold; throws `foreign` for any other, such as one that leaves the store. */
export function objectPath(path: string): string {
  const parts = path.split('/')
  const fits = parts.every((part) => part.length <= PART_BYTES_MAX && PART.test(part) && !part.endsWith('.'))
  if (!fits || path.length > PATH_BYTES_MAX) throw new RepositoryError('foreign', shown(path))
  return path
}

/** Gives the beginning of paths back; throws `foreign` when no path can begin so. */
export function objectPrefix(prefix: string): string {
  const fits = PREFIX.test(prefix) && !prefix.startsWith('/') && !/(^|\/)\.|\/\//.test(prefix)
  if (!fits || prefix.length > PATH_BYTES_MAX) throw new RepositoryError('foreign', shown(prefix))
  return prefix
}

/** A name from outside in a form that is safe to log. */
function shown(path: string): string {
  return JSON.stringify(path.slice(0, 100)).replaceAll(/[^\x20-\x7e]/g, '?')
}
