import { mutate, type Dice } from '../../engines/waf/regex/random.fixture.ts'
import { exchangeOf, type Exchange } from './exchange.ts'

const BROWSER = [
  'Host',
  'localhost',
  'User-Agent',
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Accept',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
]
const BOUNDARY = 'sample-boundary'

/** A place in a request, or in the answer to one, that texts are put at. */
export type Place = (label: string, texts: readonly string[], dice: Dice) => Exchange

/** A text as it may stand in a target; few of the bytes that may stand there as they are do. */
function inTarget(text: string, dice: Dice): string {
  const all = dice(3) === 0
  return text.replaceAll(/[^]/g, (char) =>
    (all ? /[A-Za-z0-9._~-]/ : /[\x21\x22\x24\x27-\x2a\x2c-\x3c\x3e-\x7e\x80-\xff]/).test(char)
      ? char
      : `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** A text as it may stand in a header. */
function inHeader(text: string): string {
  return text.replaceAll(/[\0\r\n]/g, '').trim()
}

function get(label: string, target: string, headers: readonly string[] = []): Exchange {
  return exchangeOf(
    label,
    { method: 'GET', target, protocol: 'HTTP/1.1', headers: [...BROWSER, ...headers] },
    '',
  )
}

function post(label: string, type: string, body: string, target = '/post'): Exchange {
  const headers = [...BROWSER, 'Content-Type', type, 'Content-Length', String(body.length)]
  return exchangeOf(label, { method: 'POST', target, protocol: 'HTTP/1.1', headers }, body)
}

function json(text: string): string {
  // Bytes as the code points of the same number, so that the document is UTF-8.
  return Buffer.from(JSON.stringify(text)).toString('latin1')
}

function xml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\x20-\x7e]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
}

function part(disposition: string, content: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`
}

/** libmodsecurity 3.0.9 loses line feeds in fields: none stands in one. */
function multipart(label: string, parts: readonly string[]): Exchange {
  return post(label, `multipart/form-data; boundary=${BOUNDARY}`, `${parts.join('')}--${BOUNDARY}--\r\n`)
}

function quoted(text: string): string {
  return text.replaceAll(/[\0\r\n"\\]/g, '')
}

function answer(texts: readonly string[], dice: Dice): string {
  const text = texts.join(' ')
  const body = dice(2) === 0 ? text : `<p>\n${text}\n</p>`
  return Buffer.from(JSON.stringify({ body })).toString('latin1')
}

const one = (texts: readonly string[]): string => texts[0] ?? ''

/** Every place by what rules call it. */
export const PLACES: Readonly<Record<string, Place>> = {
  query: (label, texts, dice) =>
    get(label, `/get?${texts.map((text, index) => `a${index}=${inTarget(text, dice)}`).join('&')}`),
  queryName: (label, texts, dice) => get(label, `/get?${inTarget(one(texts), dice)}=1`),
  path: (label, texts, dice) => get(label, `/${inTarget(one(texts), dice).replaceAll('?', '%3f')}`),
  form: (label, texts) =>
    post(
      label,
      'application/x-www-form-urlencoded',
      texts.map((text, index) => `a${index}=${encode(text)}`).join('&'),
    ),
  formName: (label, texts) => post(label, 'application/x-www-form-urlencoded', `${encode(one(texts))}=1`),
  json: (label, texts) => post(label, 'application/json', `{"a":[${texts.map(json).join()}]}`),
  jsonName: (label, texts) => post(label, 'application/json', `{${json(one(texts))}:1}`),
  xml: (label, texts) =>
    post(
      label,
      'application/xml',
      `<?xml version="1.0"?><a>${texts.map((text) => `<b>${xml(text)}</b>`).join('')}</a>`,
    ),
  xmlAttribute: (label, texts) => post(label, 'text/xml', `<a b="${xml(one(texts))}">c</a>`),
  field: (label, texts) =>
    multipart(
      label,
      texts.map((text, index) => part(`name="a${index}"`, text.replaceAll('\n', ' '))),
    ),
  fieldName: (label, texts) => multipart(label, [part(`name="${quoted(one(texts))}"`, '1')]),
  fileName: (label, texts) => multipart(label, [part(`name="a"; filename="${quoted(one(texts))}"`, '1')]),
  partHeader: (label, texts) =>
    multipart(label, [
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: ${inHeader(one(texts))}\r\n\r\n1\r\n`,
    ]),
  cookie: (label, texts) => get(label, '/get', ['Cookie', `a=${inHeader(one(texts))}`]),
  cookieName: (label, texts) => get(label, '/get', ['Cookie', `${inHeader(one(texts))}=1`]),
  agent: (label, texts) =>
    get(label, '/get', [
      'X-Sample',
      'b',
      ...['User-Agent', 'Referer'].flatMap((name) => [name, inHeader(one(texts))]),
    ]),
  header: (label, texts, dice) =>
    get(label, '/get', [
      [
        'X-Forwarded-For',
        'X-Filename',
        'Range',
        'Content-Type',
        'Accept',
        'Accept-Encoding',
        'Host',
        'Referer',
        'X-Sample',
      ][dice(9)] ?? '',
      inHeader(one(texts)),
    ]),
  answer: (label, texts, dice) => post(label, 'application/json', answer(texts, dice), '/reflect'),
}

function encode(text: string): string {
  return text.replaceAll(
    /[^A-Za-z0-9._~-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** An exchange with some bytes of its target, of a header or of its body changed. */
export function changed(exchange: Exchange, dice: Dice): Exchange {
  const { head, body, label } = exchange
  const which = dice(body === '' ? 3 : 6)
  const name = `${label} changed`
  if (which === 0) {
    const at = 1 + 2 * dice(Math.max(1, head.headers.length / 2))
    const headers = head.headers.map((text, index) => (index === at ? inHeader(mutate(dice, text)) : text))
    return exchangeOf(name, { ...head, headers }, body)
  }
  if (which < 3) {
    const target = mutate(dice, head.target).replaceAll(/[\0-\x20\x7f]/g, '%20') || '/'
    return exchangeOf(name, { ...head, target }, body)
  }
  return exchangeOf(name, head, mutate(dice, body))
}
