/** What is asked of the protected service. */
export interface Asking {
  readonly method: string
  /** The target as it stands in the first line. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** The body, which is known whole; its length stands in the headers. */
  readonly parts: readonly Uint8Array[]
}

const METHOD = /^[A-Z]+$/
const TARGET = /^[!-~]+$/
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/** The head of a request as it goes over the wire (RFC 9112), as latin1; throws for what would end a line early. */
export function requestText({ method, path, headers }: Asking): string {
  if (!METHOD.test(method) || !TARGET.test(path)) throw new Error('this cannot stand in the first line')
  let text = `${method} ${path} HTTP/1.1\r\n`
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? ''
    if (!NAME.test(name)) throw new Error('this cannot be the name of a header')
    if (typeof value === 'string') text += line(name, value)
    else for (const one of value) text += line(name, one)
  }
  return `${text}\r\n`
}

function line(name: string, value: string): string {
  if (NOT_IN_VALUE.test(value)) throw new Error('this cannot stand in a header')
  return `${name}: ${value}\r\n`
}
