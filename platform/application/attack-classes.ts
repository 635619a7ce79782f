import type { ProbeAnswer } from '../gateway/index.ts'
import type { ProbeRequest } from './send.ts'

/** What an attack must not reach: a file of ours, a listener of ours, and words that only an answer of ours holds. */
export interface Bait {
  /** A file that a shell would make. */
  readonly file: string
  /** An address that only the server's own requests reach. */
  readonly address: string
}

/** A way of attack: what is sent, and what an answer must not show. */
export interface AttackClass {
  readonly name: 'SQL' | 'XSS' | 'command' | 'path' | 'SSRF' | 'header' | 'CSV'
  payloads(bait: Bait): readonly string[]
  /** What went wrong, in a few words; null when nothing did. */
  fault(answer: ProbeAnswer, payload: string): string | null
}

/** As long as the database is told to sleep; an honest answer takes a fraction of it. */
const SLEEP_SECONDS = 3

/** Said of a slow answer, which a busy machine gives too: whoever asks asks again. */
export const SLEPT = 'the database slept when it was told'

const typeOf = ({ headers }: ProbeAnswer): string => headers['content-type'] ?? ''

const sql: AttackClass = {
  name: 'SQL',
  payloads: () => [
    "' or '1'='1' -- ",
    `'; select pg_sleep(${SLEEP_SECONDS}); -- `,
    "x') union select version(), null -- ",
  ],
  fault: ({ body, ms }) => {
    if (/syntax error at or near|unterminated quoted|SQLSTATE|PostgreSQL \d/i.test(body))
      return 'the answer is the database’s own'
    return ms > SLEEP_SECONDS * 1000 ? SLEPT : null
  },
}

const xss: AttackClass = {
  name: 'XSS',
  payloads: () => [
    '<script>suretyProbe()</script>',
    '"><img src=x onerror=suretyProbe()>',
    "'-suretyProbe()-'<svg onload=suretyProbe()>",
  ],
  fault: (answer, payload) => {
    const { headers, body, status } = answer
    if (headers['x-content-type-options'] !== 'nosniff') return 'a browser may guess the type'
    const policy = String(headers['content-security-policy'] ?? '')
    if (!/script-src/.test(policy) || /unsafe-inline|unsafe-eval/.test(policy)) return 'scripts may be inline'
    if (body === '' || /^application\/(?:problem\+|scim\+|openapi\+)?json/.test(typeOf(answer))) return null
    if (typeOf(answer) === '' && status !== 304) return 'the answer has no type'
    return body.includes(payload) ? 'the answer holds the markup as it was sent' : null
  },
}

const command: AttackClass = {
  name: 'command',
  payloads: ({ file }) => [`$(touch ${file})`, `; touch ${file} ;`, `\`touch ${file}\``, `| touch ${file}`],
  // Seen by the file that must not be there afterwards.
  fault: () => null,
}

const path: AttackClass = {
  name: 'path',
  payloads: () => [
    '../../../../../../../etc/passwd',
    '..%2f..%2f..%2fpackage.json',
    '%2e%2e/%2e%2e/package.json',
    '....//....//package.json',
    '..\\..\\package.json',
  ],
  fault: ({ body }) =>
    /root:[^:]*:0:0:|"name": "surety"/.test(body) ? 'a file from elsewhere came back' : null,
}

const ssrf: AttackClass = {
  name: 'SSRF',
  payloads: ({ address }) => [`http://${address}/probe`, `https://${address}/probe`, `//${address}/probe`],
  // Seen by the listener that nobody else knows of.
  fault: () => null,
}

const header: AttackClass = {
  name: 'header',
  payloads: () => ['x\r\nx-surety-probe: 1', 'x\nset-cookie: surety-probe=1', 'x\r\n\r\n<b>surety-probe</b>'],
  fault: ({ headers }) => {
    const set = (headers['set-cookie'] ?? []).some((one) => one.startsWith('surety-probe'))
    return set || headers['x-surety-probe'] !== undefined ? 'a header of the sender’s came back' : null
  },
}

const csv: AttackClass = {
  name: 'CSV',
  payloads: () => ["=cmd|'/c calc'!A0", '+1+1', '-2+3', '@SUM(1;1)'],
  fault: (answer) => {
    const table = /csv|spreadsheet/.test(`${typeOf(answer)} ${String(answer.headers['content-disposition'])}`)
    return table && /(?:^|[,;\t\n])"?[=+\-@\t\r]/.test(answer.body) ? 'a cell begins as a formula' : null
  },
}

/** Every class but CSRF, which is no matter of what is sent but of who has it sent. */
export const ATTACK_CLASSES: readonly AttackClass[] = [sql, xss, command, path, ssrf, header, csv]

const asJson = { 'content-type': 'application/json' }
const asForm = { 'content-type': 'application/x-www-form-urlencoded' }

/** Where strangers can put a value into a request of the product: paths, queries, JSON, forms and headers. */
export function requestsWith(payload: string): readonly ProbeRequest[] {
  const coded = encodeURIComponent(payload)
  const inForm = new URLSearchParams({ grant_type: payload, client_id: payload, code: payload }).toString()
  const get = (place: string): ProbeRequest => ({
    method: 'GET',
    path: place,
    headers: { accept: 'text/csv, */*' },
  })
  const post = (place: string, body: object): ProbeRequest => ({
    method: 'POST',
    path: place,
    headers: asJson,
    body: JSON.stringify(body),
  })
  return [
    get(`/trust/clauses/${coded}`),
    // Paths are also tried as they are written, where they can be.
    get(`/console/${/[^!-~]|[<>"`{}|\\^]/.test(payload) ? coded : payload}`),
    get(`/console/${coded}`),
    get(`/ledger/tile/${coded}`),
    get(`/oauth/auth?response_type=code&client_id=${coded}&redirect_uri=${coded}&request_uri=${coded}`),
    get(`/oauth/logout?id_token_hint=${coded}&post_logout_redirect_uri=${coded}&state=${coded}`),
    get(`/api/access/upstream/callback?state=${coded}&code=${coded}`),
    post('/api/access/sign-in', { email: `${payload}@example.org`, password: payload }),
    post('/api/access/passkey/verify', { response: { id: payload, rawId: payload, type: payload } }),
    { method: 'POST', path: '/oauth/token', headers: asForm, body: inForm },
    { method: 'POST', path: '/oauth/auth', headers: asForm, body: inForm },
    ...(/^[ -~]+$/.test(payload)
      ? [{ method: 'GET', path: '/trust', headers: { 'user-agent': payload, 'x-forwarded-host': payload } }]
      : []),
  ]
}
