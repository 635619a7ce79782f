import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { fault, parseAnswers } from './asvs.ts'

const PROOF = 'test/asvs/asvs.test.ts: a row names a test or gives a reason'

describe('the table of ASVS requirements', () => {
  test('a row names a test or gives a reason', () => {
    const table = parseAnswers(
      `| V6.2.1 | length | \`${PROOF}\` |\n| V6.2.5 | a written reason | |\nother text`,
    )
    assert.deepEqual(table.get('V6.2.1'), {
      kind: 'test',
      file: 'test/asvs/asvs.test.ts',
      title: 'a row names a test or gives a reason',
    })
    assert.deepEqual(table.get('V6.2.5'), { kind: 'reason', text: 'a written reason' })
    assert.throws(() => parseAnswers('| V6.2.1 | a | |\n| V6.2.1 | b | |'), /twice/)
  })

  test('a test that is not there, a missing row and an empty reason are faults', async () => {
    const [file, title] = PROOF.split(': ', 2) as [string, string]
    assert.equal(await fault({ kind: 'test', file, title }), null)
    assert.match(
      (await fault({ kind: 'test', file, title: ['no', 'such', 'test'].join(' ') })) ?? '',
      /not there/,
    )
    assert.match((await fault({ kind: 'test', file: 'no/such.test.ts', title })) ?? '', /not there/)
    assert.match((await fault(undefined)) ?? '', /no row/)
    assert.match((await fault({ kind: 'reason', text: 'short' })) ?? '', /neither/)
    assert.equal(await fault({ kind: 'reason', text: 'SAML is not offered at all.' }), null)
  })

  test('every row of the table names a test that is there, or a reason', async () => {
    const text = await readFile(new URL('../../docs/asvs.md', import.meta.url), 'utf8')
    const answers = parseAnswers(text)
    assert.ok(answers.size > 100)
    for (const [id, answer] of answers) assert.equal(await fault(answer), null, id)
  })
})
