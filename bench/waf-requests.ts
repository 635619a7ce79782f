import type { RequestHead } from '#waf'

/** A request to measure with. */
export interface SampleRequest {
  readonly what: string
  readonly microsecondsMax: number
  readonly head: RequestHead
  readonly body: Buffer | null
}

const browser = [
  'User-Agent',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36',
  'Accept',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language',
  'en-US,en;q=0.5',
  'Accept-Encoding',
  'gzip, deflate, br',
  'Host',
  'localhost',
  'Cookie',
  'session=3f2a9c81d7e64b0f; theme=light',
] as const

const words =
  'a quiet harbour keeps many small boats that wait through winter until warm wind returns with spring and people paint their hulls in green or blue before they sail'.split(
    ' ',
  )

/** The same words in every run. */
function sampleText(count: number, seed: number): string {
  let state = seed
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return words[state % words.length]
  }).join(' ')
}

const address = { street: '12 Harbour Lane', city: 'Springfield', zip: '12345', country: 'US' }

function form(): string {
  return new URLSearchParams({
    csrf: 'a8f5f167f44f4964e6c998dee827110c',
    first_name: 'Sample',
    last_name: 'Person',
    email: 'sample.person@example.com',
    phone: '+1 555 0100',
    ...address,
    newsletter: 'on',
    subject: sampleText(6, 1),
    message: sampleText(170, 2),
    tags: sampleText(10, 3),
    comment: sampleText(125, 4),
    ref: 'homepage',
    lang: 'en',
    theme: 'light',
    page: '3',
    sort: 'asc',
    submit: 'Send',
  }).toString()
}

function json(): string {
  const items = Array.from({ length: 10 }, (_, index) => ({
    id: 1000 + index,
    name: sampleText(3, index),
    qty: 1 + (index % 9),
    price: index * 7.25,
    note: sampleText(14, index + 20),
  }))
  const customer = { id: 4711, name: 'Sample Person', email: 'sample.person@example.com', address }
  return JSON.stringify({ customer, currency: 'USD', items, comment: sampleText(60, 99) })
}

function post(type: string, body: string): { head: RequestHead; body: Buffer } {
  const content = Buffer.from(body)
  const headers = [...browser, 'Content-Type', type, 'Content-Length', String(content.length)]
  return { head: { method: 'POST', target: '/api/orders', protocol: 'HTTP/1.1', headers }, body: content }
}

/** The four kinds of request that have a limit each. */
export function sampleRequests(): readonly SampleRequest[] {
  const urlencoded = 'application/x-www-form-urlencoded'
  const prose = `text=${sampleText(12_000, 5).slice(0, 65_000).replaceAll(' ', '+')}`
  return [
    {
      what: 'GET with three parameters',
      microsecondsMax: 150,
      head: {
        method: 'GET',
        target: '/products/list?page=2&category=books&sort=price_asc',
        protocol: 'HTTP/1.1',
        headers: browser,
      },
      body: null,
    },
    { what: 'form of 2 KB', microsecondsMax: 700, ...post(urlencoded, form()) },
    { what: 'JSON of 2 KB', microsecondsMax: 1200, ...post('application/json', json()) },
    { what: '64 KB of prose', microsecondsMax: 4000, ...post(urlencoded, prose) },
  ]
}

/** A request that rules must stop: only then is anything measured. */
export function attack(): Pick<SampleRequest, 'head' | 'body'> {
  const target = "/products/list?q=1'+union+select+password+from+users--"
  return { head: { method: 'GET', target, protocol: 'HTTP/1.1', headers: browser }, body: null }
}
