import type { StageInput } from './case.ts'

/** Requests that a rule must see and requests that it must not. */
export interface Uncovered {
  readonly rule: number
  readonly seen: readonly StageInput[]
  readonly unseen: readonly StageInput[]
}

export const BROWSER = { Host: 'localhost', 'User-Agent': 'sample agent', Accept: '*/*' }

export const get = (uri: string, headers: Record<string, string> = {}): StageInput => ({
  method: 'GET',
  uri,
  headers: { ...BROWSER, ...headers },
})
export const query = (text: string): StageInput => get(`/get?var=${encodeURIComponent(text)}`)
export const form = (text: string): StageInput => ({
  method: 'POST',
  uri: '/post',
  headers: BROWSER,
  data: `var=${encodeURIComponent(text)}`,
})
export const body = (type: string, data: string): StageInput => ({
  method: 'POST',
  uri: '/post',
  headers: { ...BROWSER, 'Content-Type': type },
  data,
})
export const json = (text: string): StageInput => body('application/json', JSON.stringify({ var: text }))
export const xml = (text: string): StageInput => {
  const plain = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  return body('application/xml', `<?xml version="1.0"?><a b="${plain}">c</a>`)
}
export const parts = (...list: readonly string[]): StageInput =>
  body('multipart/form-data; boundary=B', `${list.map((part) => `--B\r\n${part}\r\n`).join('')}--B--\r\n`)
export const field = (name: string, content: string, more = ''): string =>
  `Content-Disposition: form-data; name="${name}"\r\n${more}\r\n${content}`
/** The same text wherever a rule looks for attacks in content. */
export const everywhere = (text: string): readonly StageInput[] => [
  query(text),
  form(text),
  json(text),
  xml(text),
  parts(field('var', text)),
]
