import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { loadRules } from '#waf'
import { mergeFiles, openGeneration, type Generation } from './generation.ts'
import { readReviewedFile } from './reviewed-file.ts'
import { readRuleFolder } from './rule-folder.ts'
import { loadRuleSet } from './rule-program.ts'

const data = process.env['SURETY_PUBLIC_DATA']
const skip = data === undefined ? 'SURETY_PUBLIC_DATA names no folder with the Core Rule Set' : false

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

/** What people write who mean no harm. */
const WORDS = [
  "P@ss' OR 1=1 --x",
  '<script>x</script>9A',
  '$(cat /etc/passwd)A1',
  '../../A1b2c3d4e5',
  '`id`;ls -la|A1',
  'Because of an incident in production I need this right; insert done',
  'See /etc/hosts and C:\\Windows\\system32',
  '{{7*7}}${7*7}A1',
]

describe('what the product leaves out for its own interfaces', { skip }, () => {
  let generation: Generation

  before(async () => {
    const { files } = await readRuleFolder(join(data ?? '', 'crs'))
    const base = loadRuleSet((texts, readFile) => loadRules(texts, { readFile }), files)
    const product = readReviewedFile(readFileSync(new URL('product.yaml', import.meta.url), 'utf8'))
    const floor = { mode: 'block', paranoia: 1, threshold: 5 } as const
    generation = openGeneration(base, mergeFiles(product, null), floor, new Date('2026-12-01T00:00:00Z'))
  })

  /** The numbers of the rules that a request meets which is stopped; none for one that passes. */
  const stoppedBy = (method: string, target: string, type: string | null, body = ''): readonly number[] => {
    const rules = generation.for(method, target.split('?')[0] ?? '')
    assert.ok(rules !== null)
    const headers = ['Host', 'localhost:8443', 'User-Agent', 'Mozilla/5.0 (sample)', 'Accept', '*/*']
    const described =
      type === null ? [] : ['Content-Type', type, 'Content-Length', String(Buffer.byteLength(body))]
    const transaction = rules.begin({
      uniqueId: 'sample',
      now: Date.parse('2026-12-01T00:00:00Z'),
      client: { address: '127.0.0.1', port: 4711 },
      server: { address: '127.0.0.1', port: 8443, name: 'localhost' },
    })
    const head = { method, target, protocol: 'HTTP/1.1', headers: [...headers, ...described] }
    const verdict =
      transaction.request(head) ??
      (body === '' ? null : transaction.bodyPart(Buffer.from(body))) ??
      transaction.bodyEnd()
    const report = transaction.end()
    return verdict === null ? [] : report.matches.filter(({ log }) => log).map(({ rule }) => rule)
  }
  const json = (method: string, path: string, body: unknown) =>
    stoppedBy(method, path, JSON_TYPE, JSON.stringify(body))

  test('a good password may hold anything, and nothing else of the same request may', () => {
    for (const password of WORDS) {
      const email = 'sample@example.com'
      assert.deepEqual(json('POST', '/api/access/sign-in', { email, password }), [], password)
      assert.deepEqual(
        json('POST', '/api/access/password', { current: password, next: password }),
        [],
        password,
      )
      const form = new URLSearchParams({ email, password }).toString()
      assert.deepEqual(stoppedBy('POST', '/oauth/interaction/abc/password', FORM_TYPE, form), [], password)
      assert.notDeepEqual(
        json('POST', '/api/access/sign-in', { email: password, password: email }),
        [],
        password,
      )
    }
  })

  test('reasons, replies and rules of replies are any text, for those interfaces only', () => {
    for (const text of WORDS) {
      assert.deepEqual(json('POST', '/api/access/elevations', { permission: 'x', reason: text }), [], text)
      assert.deepEqual(json('POST', '/inbox/conversations/1/reply', { text }), [], text)
      assert.deepEqual(
        json('PUT', '/inbox/rules/1', { name: text, reply: text, words: ['a', text] }),
        [],
        text,
      )
      assert.notDeepEqual(json('POST', '/w/1/messages', { text }), [], text)
      assert.notDeepEqual(json('POST', '/hooks/meta/1', { text }), [], text)
    }
  })

  test('programs on a computer are sent back to it, and chats stand on pages under development', () => {
    const query = 'client_id=a&response_type=code&scope=openid%20email&redirect_uri='
    for (const address of ['http://127.0.0.1:4711/cb', 'http://localhost:4711/cb', 'http://[::1]:4711/cb']) {
      const target = `/oauth/authorize?${query}${encodeURIComponent(address)}`
      assert.deepEqual(stoppedBy('GET', target, null), [], address)
      const form = new URLSearchParams({ grant_type: 'authorization_code', redirect_uri: address }).toString()
      assert.deepEqual(stoppedBy('POST', '/oauth/token', FORM_TYPE, form), [], address)
      assert.deepEqual(json('POST', '/api/clients', { name: 'App', redirectUris: [address] }), [], address)
      assert.deepEqual(json('POST', '/inbox/channels', { allowedOrigins: [address] }), [], address)
      assert.notDeepEqual(stoppedBy('GET', `/oauth/authorize?other=${encodeURIComponent(address)}`, null), [])
    }
  })

  test('whoever tries an exclusion may name the path and the fields of an attack, and nothing else may', () => {
    for (const path of ['/etc/passwd', '/wp-config.php']) {
      const targets = ['ARGS:cmd', 'ARGS:/^json\\.(?:redirectUris|logoutRedirectUris)/']
      const trial = (of: object) => json('POST', '/api/gateway/exclusions/dry-run', { method: 'POST', ...of })
      assert.deepEqual(trial({ path, exclusion: { rules: [], tags: [], targets } }), [], path)
      assert.notDeepEqual(trial({ method: path }), [], path)
      const link = `/console/traffic/exclusions?path=${encodeURIComponent(path)}&targets=ARGS%3Acmd`
      assert.deepEqual(stoppedBy('GET', link, null), [], link)
    }
  })

  test('what programs ask of the interfaces passes', () => {
    for (const target of [
      '/scim/v2/Users?filter=userName%20eq%20%22b%40example.com%22%20and%20active%20eq%20true',
      '/scim/v2/Users?filter=emails%5Btype%20eq%20%22work%22%20and%20value%20co%20%22example.com%22%5D',
      '/scim/v2/Groups?filter=displayName%20eq%20%22O%27Brien%22&count=10',
      '/api/audit/events?type=access.signed-in&from=2026-01-01T00:00:00Z&limit=50',
      '/ledger/tile/0/x001/067',
      '/.well-known/openid-configuration',
      '/healthz',
    ])
      assert.deepEqual(stoppedBy('GET', target, null), [], target)
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'emails[type eq "work"].value', value: "o'brien@example.com" }],
    }
    for (const method of ['PUT', 'PATCH'])
      assert.deepEqual(
        stoppedBy(method, '/scim/v2/Users/1', 'application/scim+json', JSON.stringify(patch)),
        [],
      )
    assert.deepEqual(stoppedBy('DELETE', '/api/people/invitations/1', null), [])
  })
})
