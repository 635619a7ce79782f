import { openWorkplace, ask, taken, type Workplace } from '../../drills/workplace.ts'
import { sqlmap, wapiti, type Found, type SqlPlace } from './attackers.ts'
import { openTlsPipe, type Way } from './tls-pipe.ts'
import { requireOpen, told } from './part-weak.ts'
import { openSsrfEndpoint } from './ssrf-endpoint.ts'
import { answeredCounter, editedPolicy, removeAll, type Row, type Stage } from './stage.ts'

/**
 * Attacks the product itself, with its firewall and, to see what stands behind it, with one that only watches: its public
 * pages, sign-in, the web chat, and the API with the session of an administrator.
 */
export async function attackProduct(stage: Stage): Promise<Row[]> {
  return [...(await attackOne(stage, true)), ...(await attackOne(stage, false))]
}

async function attackOne(stage: Stage, blocks: boolean): Promise<Row[]> {
  const policy = await editedPolicy({ liftedLimits: true, paranoia: stage.paranoia, blocks })
  const at = await openWorkplace({ environment: { SURETY_RULES: stage.rules, SURETY_POLICY: policy } })
  const endpoint = await openSsrfEndpoint()
  const way = await openTlsPipe(at.system)
  const rows: Row[] = []
  try {
    const chat = await openChat(at)
    const answered = answeredCounter(
      at.system.varFolder,
      /^(?:service|\/(?:trust|oauth|console|ledger|api\/audit|api\/access\/sign-in))/,
    )
    await answered()
    for (const [name, run] of attempts(stage, at, { way, chat, endpoint: endpoint.url })) {
      await requireOpen(at.system, '/trust')
      await answered()
      const words = `product, ${blocks ? 'firewall' : 'firewall only watches'}: ${name}`
      const found = await run(words.replaceAll(/[^a-z0-9]+/gi, '-'))
      const expected = found.findings.length === 0
      rows.push(told({ run: words, answered: await answered(), arrived: null, found, expected }))
    }
  } finally {
    await way.stop()
    await endpoint.stop()
    await at.stop()
    await removeAll([policy])
  }
  return rows
}

interface Chat {
  readonly path: string
  readonly token: string
}

async function openChat(at: Workplace): Promise<Chat> {
  const wanted = { kind: 'webchat', name: 'Sample chat', allowedOrigins: ['https://shop.example'] }
  const made = await taken(ask(at.system, at.administrator.cookie, 'POST /inbox/channels', wanted))
  const path = `/w/${(made.json() as { readonly publicId: string }).publicId}`
  const headers = { origin: at.system.origin }
  const begun = await taken(at.system.request(`${path}/session`, { method: 'POST', headers, body: {} }))
  return { path, token: (begun.json() as { readonly token: string }).token }
}

type Attempt = readonly [name: string, run: (file: string) => Promise<Found>]

interface Aims {
  readonly way: Way
  readonly chat: Chat
  readonly endpoint: string
}

function attempts(stage: Stage, at: Workplace, { way, chat, endpoint }: Aims): Attempt[] {
  const { folder, seconds, tools } = stage
  const { origin } = at.system
  const same = ['--header', `Origin: ${origin}`]
  const session = ['--cookie', at.administrator.cookie, ...same]
  const places: readonly (readonly [string, SqlPlace, readonly string[]])[] = [
    ['sign-in', { target: '/api/access/sign-in', field: 'email', data: SIGN_IN }, same],
    ['trust', { target: '/trust?clause=1', field: 'clause' }, []],
    [
      'chat',
      { target: `${chat.path}/messages`, field: 'text', data: '{"text":"hello"}' },
      chatHeaders(chat, origin),
    ],
    ['conversations', { target: '/inbox/conversations?cursor=a', field: 'cursor' }, session],
    ['audit log', { target: '/api/audit/events?type=a', field: 'type' }, session],
    ['oauth', { target: '/oauth/authorize?client_id=a', field: 'client_id' }, []],
  ]
  const ofSqlmap = places.map(([name, place, headers]): Attempt => [
    `sqlmap ${name}`,
    (file) => sqlmap(way, place, { folder, name: file, seconds, more: headers }),
  ])
  const more = [
    '-s',
    `${origin}/trust`,
    '-s',
    `${origin}${chat.path}/frame`,
    '-d',
    '3',
    '--max-links-per-page',
    '20',
  ]
  const ofWapiti: Attempt = [
    'wapiti',
    (file) => wapiti(`${origin}/`, { folder, name: file, seconds: seconds * 4, endpoint, more }),
  ]
  return [...(tools.sqlmap === null ? [] : ofSqlmap), ...(tools.wapiti === null ? [] : [ofWapiti])]
}

const SIGN_IN = '{"email":"sample@example.com","password":"Sample-pass-2026"}'

function chatHeaders({ token }: Chat, origin: string): string[] {
  return ['--headers', `Authorization: Bearer ${token}\nOrigin: ${origin}`]
}
