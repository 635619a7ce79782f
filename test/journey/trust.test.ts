import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser } from 'playwright-core'
import type { TrustReport } from '../../platform/trust/index.ts'
import { startSystem, type RunningSystem } from '../running-system.ts'
import { noBrowser, openBrowser, openWindow } from './browser.ts'

const CLAUSES = 146
const BYTES_MAX = 50_000
const STATUS = /^\S (PROVEN|ATTESTED|INHERITED|EXCEPTION|UNPROVEN|STALE|CONTRADICTED|FAILING)\b/
const CONTACT = 'mailto:security@example.com'

/** What an HTML page says to somebody who reads it as text, and where each clause begins. */
function clausesOfPage(html: string): Map<string, string> {
  const starts = [...html.matchAll(/<li id="((?:P|\d{1,2}(?:\.\d)?)-[0a-z](?:\.\d)?)">/g)]
  return new Map(
    starts.map((match, at) => {
      const own = html.slice(match.index, starts[at + 1]?.index)
      return [match[1] ?? '', asText(own)]
    }),
  )
}

function asText(html: string): string {
  return html
    .replaceAll(/<\/?(?:a|b|code|em|mark|small)\b[^>]*>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ')
    .trim()
}

suite('the trust page of a running system', { timeout: 240_000 }, () => {
  let system: RunningSystem

  before(async () => {
    system = await startSystem()
  })
  after(() => system?.stop())

  /** Page and data of one moment: read again when a check has ended in between. */
  const both = async (): Promise<{ html: string; report: TrustReport }> => {
    for (let tries = 0; tries < 20; tries += 1) {
      const before = (await system.request('/trust.json')).json() as TrustReport
      const page = await system.request('/trust')
      const report = (await system.request('/trust.json')).json() as TrustReport
      if (JSON.stringify(before.clauses) === JSON.stringify(report.clauses))
        return { html: page.text(), report }
    }
    throw new Error('the status never stood still')
  }

  test('says of every clause what the data says', async () => {
    const { html, report } = await both()
    const shown = clausesOfPage(html)
    assert.equal(report.clauses.length, CLAUSES)
    assert.deepEqual([...shown.keys()].sort(), report.clauses.map(({ id }) => id).sort())
    for (const { id, sentence, status } of report.clauses) {
      const text = shown.get(id) ?? ''
      const [words = '', rest = ''] = text.split(sentence)
      assert.equal(words.trim(), id, `${id} does not begin with its sentence: ${text}`)
      assert.equal(STATUS.exec(rest.trim())?.[1], status.word, `${id}: ${text}`)
    }
  })

  test('counts every clause once, by status, never as one percentage', async () => {
    const { html, report } = await both()
    const table = /<table>.*?<\/table>/s.exec(html)?.[0] ?? ''
    const heads = [...table.matchAll(/<th scope="col">(.*?)<\/th>/gs)].map(([, head = '']) => asText(head))
    const words = heads.slice(1).map((head) => STATUS.exec(head)?.[1] ?? '')
    const rows = [...table.matchAll(/<tr>\s*<th scope="row">.*?<\/tr>/gs)].map(([row]) =>
      [...row.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell = '']) => Number.parseInt(cell, 10) || 0),
    )
    const counted = Object.fromEntries(
      words.map((word, column) => [word, rows.reduce((sum, row) => sum + (row[column] ?? 0), 0)]),
    )
    const expected = Object.fromEntries(
      words.map((word) => [word, report.clauses.filter(({ status }) => status.word === word).length]),
    )
    assert.deepEqual(counted, expected)
    assert.equal(
      Object.values(counted).reduce((sum, count) => sum + count, 0),
      CLAUSES,
    )
    assert.doesNotMatch(asText(html), /\d\s?%/)
  })

  test('needs no script, sets no cookie and is small', async () => {
    const page = await system.request('/trust')
    assert.equal(page.status, 200)
    assert.doesNotMatch(page.text(), /<script|<iframe|<object|\son\w+=|javascript:/i)
    assert.equal(page.headers['set-cookie'], undefined)
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
    assert.ok(page.bytes.length < BYTES_MAX, `${page.bytes.length} bytes`)
    const packed = await system.request('/trust', { headers: { 'accept-encoding': 'gzip' } })
    assert.equal(packed.headers['content-encoding'], 'gzip')
    assert.ok(packed.bytes.length < page.bytes.length / 2, `${packed.bytes.length} bytes compressed`)
  })

  test('reads from top to bottom in a text browser', async () => {
    const { html, report } = await both()
    const text = asText(html.replace(/<head>.*?<\/head>/s, ''))
    for (const { chapter } of report.clauses) assert.ok(html.includes(`id="c${chapter}"`), chapter)
    const order = [
      'Security policy, with live proof',
      'promises',
      'What is not kept',
      'Chapters',
      'Check it yourself',
    ]
    const places = order.map((words) => text.indexOf(words))
    assert.ok(!places.includes(-1), places.join())
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    )
    assert.doesNotMatch(text, /undefined|\[object|NaN|null\b/)
  })

  test('works in a browser without JavaScript, down to a clause', { skip: noBrowser }, async () => {
    const browser: Browser = await openBrowser()
    try {
      const window = await openWindow(browser, system.origin, { javaScriptEnabled: false })
      await window.page.goto('/trust')
      await window.page.getByRole('heading', { name: /^146 promises, \d+ .*proven by a machine/ }).waitFor()
      await window.page.locator('#c3').getByRole('link', { name: '3.4-a', exact: true }).click()
      await window.page.getByRole('heading', { name: 'Clause 3.4-a' }).waitFor()
      await window.page.getByText('session.idle').waitFor()
      assert.deepEqual(window.faults(), [])
    } finally {
      await browser.close()
    }
  })

  test('links to nothing that is not there', async () => {
    const { html } = await both()
    const links = new Set([...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link = '']) => link))
    const ids = new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id))
    const dead: string[] = []
    for (const link of links) {
      if (link.startsWith('#')) {
        if (!ids.has(link.slice(1))) dead.push(link)
      } else if (link.startsWith('/') && !link.startsWith('/trust/clauses/')) {
        const { status } = await system.request(link)
        if (status !== 200) dead.push(`${link}: ${status}`)
      }
    }
    assert.deepEqual(dead, [])
    assert.ok(links.size > CLAUSES)
  })

  test('policy 15-a: security.txt is refused with its reason while no contact is configured', async () => {
    const refused = await system.request('/.well-known/security.txt')
    assert.equal(refused.status, 503)
    assert.match(refused.headers['content-type'] ?? '', /^application\/problem\+json/)
    assert.equal((refused.json() as { code: string }).code, 'contact.missing')
  })

  test('policy 15-b: security.txt is one as RFC 9116 describes it once there is a contact', async () => {
    const other = await startSystem({ environment: { SECURITY_CONTACT: CONTACT } })
    try {
      const answer = await other.request('/.well-known/security.txt')
      assert.equal(answer.status, 200)
      assert.match(answer.headers['content-type'] ?? '', /^text\/plain; charset=utf-8$/i)
      const lines = answer.text().split(/\r?\n/)
      assert.equal(lines.pop(), '', 'every line ends')
      const fields = lines.map((line) => /^([A-Z][A-Za-z-]+): (\S.*)$/.exec(line) ?? assert.fail(line))
      const values = (name: string) => fields.flatMap((field) => (field[1] === name ? [field[2]] : []))
      assert.deepEqual(values('Contact'), [CONTACT])
      assert.deepEqual(values('Canonical'), [`${other.origin}/.well-known/security.txt`])
      assert.deepEqual(values('Policy'), [`${other.origin}/trust`])
      const [expires = '', ...more] = values('Expires')
      assert.deepEqual(more, [])
      assert.match(expires, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      const days = (Date.parse(expires) - Date.now()) / 86_400_000
      assert.ok(days > 1 && days < 366, `it expires in ${days} days`)
      assert.ok((await other.request('/trust')).text().includes('security@example.com'))
    } finally {
      await other.stop()
    }
  })
})
