import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clauseCatalogue } from './clause-catalogue.ts'
import { compilePolicy } from './compile.ts'
import { diffPolicies, type DeclaredChange, type SentenceChange } from './diff.ts'
import { editedFiles } from './edits.fixture.ts'
import { compiled, rewritten, sampleParameters } from './text.fixture.ts'

const published = compiled()

function onlyChange(words: string, by: string, declared: readonly DeclaredChange[] = []): SentenceChange {
  const { changes } = diffPolicies(published, compiled(rewritten([words, by])), declared)
  assert.equal(changes.length, 1)
  const [change] = changes
  assert.ok(change !== undefined)
  return change
}

test('policy 14-b: a value in its weaker direction is a weaker change, in the other a stronger one', () => {
  const longer = onlyChange('[30 minutes](set:session.idle)', '[1 hour](set:session.idle)')
  assert.deepEqual([longer.clause, longer.direction, longer.judgedBy], ['3.4-a', 'weaker', 'values'])
  assert.deepEqual(longer.values, [
    { parameter: 'session.idle', before: '30 minutes', after: '1 hour', direction: 'weaker' },
  ])
  const shorter = onlyChange('[30 minutes](set:session.idle)', '[15 minutes](set:session.idle)')
  assert.deepEqual([shorter.direction, shorter.judgedBy], ['stronger', 'values'])
  assert.equal(onlyChange('[12 characters]', '[14 characters]').direction, 'stronger')
  assert.equal(onlyChange('[three of the four]', '[two of the four]').direction, 'weaker')
  assert.equal(onlyChange('[X25519MLKEM768 and X25519]', '[X25519MLKEM768]').direction, 'weaker')
})

test('one weaker value makes the sentence weaker, whatever else it says', () => {
  const words =
    'after [30 minutes](set:session.idle) without activity, and in any case [12 hours](set:session.absolute)'
  const by =
    'after [15 minutes](set:session.idle) without activity, and in any case [13 hours](set:session.absolute)'
  assert.equal(onlyChange(words, by).direction, 'weaker')
  const declared = [{ place: '3.4-a', as: 'stronger', reason: 'Shorter where it matters.' }] as const
  const { weaker, unusedDeclarations } = diffPolicies(published, compiled(rewritten([words, by])), declared)
  assert.equal(weaker.length, 1)
  assert.deepEqual(unusedDeclarations, declared)
})

test('the same value in other words, other spacing, quotes or emphasis is editorial', () => {
  assert.equal(
    onlyChange('[12 months](set:keys.rotation)', '[1 year](set:keys.rotation)').direction,
    'editorial',
  )
  assert.equal(onlyChange('Users can end their', 'Users can  *end* their').direction, 'editorial')
  assert.equal(
    onlyChange('the haveibeenpwned database', 'the `haveibeenpwned` database').direction,
    'editorial',
  )
})

test('policy 14-b: words that no machine can judge count as weaker until the publisher declares them', () => {
  const words = ['Users can end their sessions themselves.', 'Some users can end their sessions.'] as const
  const alone = onlyChange(...words)
  assert.deepEqual([alone.direction, alone.judgedBy], ['weaker', 'caution'])
  const said = onlyChange(...words, [{ place: '3.4-b', as: 'editorial', reason: 'Shorter.' }])
  assert.deepEqual(
    [said.direction, said.judgedBy, said.because],
    ['editorial', 'publisher', 'the publisher says: Shorter.'],
  )
  assert.equal(onlyChange(...words, [{ place: '3.4-b', as: 'editorial', reason: ' ' }]).direction, 'weaker')
  assert.equal(
    onlyChange(...words, [{ place: '3.4-c', as: 'editorial', reason: 'Other.' }]).direction,
    'weaker',
  )
})

test('words outside the clauses can narrow a promise too', () => {
  const intro = onlyChange('who is asking, and what may they reach?', 'who is asking? None of this binds us.')
  assert.deepEqual([intro.place, intro.clause, intro.direction], ['section 3', null, 'weaker'])
  assert.equal(onlyChange('## 3.4 Sessions', '## 3.4 Sessions of guests').place, 'section 3.4')
  assert.equal(onlyChange('# 3. Access control', '# 3. Access').place, 'chapter 3')
  const added = onlyChange('- **3.4-a**', 'The following holds in January.\n\n- **3.4-a**')
  assert.deepEqual([added.place, added.direction], ['section 3.4', 'weaker'])
})

test('a promise that is no longer made is removed, one that is made again is added', () => {
  const without = compiled(rewritten(['Users can end their sessions themselves.', '*Removed.*']))
  const { removed, changes } = diffPolicies(published, without)
  assert.deepEqual(
    removed.map(({ clause }) => clause),
    ['3.4-b'],
  )
  assert.equal(changes.length, 1)
  assert.equal(removed[0]?.after, null)
  assert.deepEqual(
    diffPolicies(without, published).added.map(({ clause }) => clause),
    ['3.4-b'],
  )
  assert.deepEqual(diffPolicies(without, without).changes, [])
})

test('the first version adds every sentence, and the same text changes nothing', () => {
  const first = diffPolicies(null, published)
  assert.equal(first.added.length, first.changes.length)
  assert.equal(first.added.filter(({ clause }) => clause !== null).length, 146)
  assert.deepEqual(diffPolicies(published, compiled()).changes, [])
})

test('whatever an edit changes in what people read shows up as a change, and never as stronger without a value', () => {
  const read = ({ chapters }: typeof published): string =>
    JSON.stringify(chapters, (key, value: unknown) => (key === 'position' ? undefined : value))
  fc.assert(
    fc.property(editedFiles, (files) => {
      const after = compilePolicy(files, sampleParameters, clauseCatalogue)
      if ('errors' in after) return
      const { changes } = diffPolicies(published, after)
      // Splitting a list in two changes neither its clauses nor its words.
      if (changes.length === 0) assert.equal(merged(read(after)), merged(read(published)))
      for (const change of changes) {
        assert.ok(change.before !== null || change.after !== null)
        assert.ok(change.direction !== 'stronger' || change.judgedBy === 'values')
        assert.deepEqual(JSON.parse(JSON.stringify(change)), change)
      }
    }),
    { numRuns: 120 },
  )
})

function merged(read: string): string {
  return read.replaceAll(']},{"kind":"clauses","clauses":[', ',')
}
