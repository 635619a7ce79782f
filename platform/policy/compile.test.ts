import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { clauseCatalogue } from './clause-catalogue.ts'
import { compilePolicy, textHash } from './compile.ts'
import { compiled, realFiles, refusals, rewritten, sampleParameters } from './text.fixture.ts'

const IDLE = 'A session expires after [30 minutes](set:session.idle) without activity'

function refusesOnce(words: string, by: string, message: RegExp): void {
  const [only, ...more] = refusals(rewritten([words, by]))
  assert.match(only ?? '', message)
  assert.deepEqual(more, [])
}

test('the policy of this repository compiles to 146 clauses and the values that its sentences hold', () => {
  const policy = compiled()
  assert.equal(policy.clauses.size, 146)
  assert.equal(policy.values.size, sampleParameters.length)
  assert.equal(policy.chapters.length, 16)
  const idle = policy.values.get('session.idle')
  assert.deepEqual(
    { value: idle?.value, text: idle?.text, clause: idle?.clause },
    { value: 1800, text: '30 minutes', clause: '3.4-a' },
  )
  assert.deepEqual(policy.values.get('tls.groups')?.value, ['X25519MLKEM768', 'X25519'])
  assert.equal(policy.values.get('password.classes')?.value, 3)
  assert.match(
    policy.clauses.get('3.4-a')?.sentence ?? '',
    /^A session expires after 30 minutes without activity,/,
  )
  assert.equal(policy.clauses.get('3.2-a')?.parent, '3.2-0')
})

test('a changed value in the text is the value that the system gets', () => {
  const policy = compiled(rewritten(['[30 minutes](set:session.idle)', '[15 minutes](set:session.idle)']))
  assert.equal(policy.values.get('session.idle')?.value, 900)
  assert.equal(policy.values.get('session.absolute')?.value, 43_200)
})

test('a value that cannot be read or is out of bounds is refused at its place with a remedy', () => {
  refusesOnce(
    '[30 minutes](set:session.idle)',
    '[30 min](set:session.idle)',
    /^03-access-control\.md:30:37: “30 min” is no value for session\.idle; expected .*“30 minutes”.*; write /,
  )
  refusesOnce(
    '[30 minutes](set:session.idle)',
    '[30 seconds](set:session.idle)',
    /:30:37: .*expected a value from 1 minute to 1 day; write “1 minute”/,
  )
  refusesOnce('[30 minutes](set:session.idle)', '[](set:session.idle)', /:30:37: /)
  const [missing, unknown] = refusals(rewritten(['(set:session.idle)', '(set:session.idel)']))
  assert.match(missing ?? '', /holds no value for session\.idle/)
  assert.match(
    unknown ?? '',
    /no parameter is called “session\.idel”; expected “set:session\.idle” or “set:session\.absolute”/,
  )
})

test('a declared parameter without a value in the text is refused, never given a default', () => {
  refusesOnce(
    '[30 minutes](set:session.idle)',
    '30 minutes',
    /:30:3: clause 3\.4-a holds no value for session\.idle;.*\[…\]\(set:session\.idle\)/,
  )
})

test('a value in another clause than the one that declares it is refused', () => {
  const files = rewritten(
    ['[30 minutes](set:session.idle)', '30 minutes'],
    [
      'Users can end their sessions themselves.',
      'Users can end their sessions after [30 minutes](set:session.idle).',
    ],
  )
  const [first, ...more] = refusals(files)
  assert.match(
    first ?? '',
    /the value of session\.idle stands in clause 3\.4-b; expected this value in clause 3\.4-a/,
  )
  assert.deepEqual(more, [])
})

test('a value or a clause that stands twice is refused and both places are named', () => {
  refusesOnce(
    'Users can end their sessions themselves.',
    'Users can end [30 minutes](set:session.idle).',
    /the value of session\.idle already stands at 03-access-control\.md:30:37/,
  )
  refusesOnce('**3.4-b**', '**3.4-a**', /:31:3: clause 3\.4-a already stands at 03-access-control\.md:30:3/)
})

test('an unknown, missing, misplaced or wrongly indented clause is refused', () => {
  assert.match(refusals(rewritten(['**3.4-b**', '**3.4-x**'])).join('\n'), /:31:3: clause 3\.4-x is unknown/)
  refusesOnce(
    '- **3.4-b** Users can end their sessions themselves.\n',
    '',
    /clause 3\.4-b is missing after clause 3\.4-a;.*\*Removed\.\*/,
  )
  const outdented = refusals(rewritten(['  - **3.2-a** Perm', '- **3.2-a** Perm']))
  assert.match(
    outdented[0] ?? '',
    /clause 3\.2-a has the wrong indentation; expected this clause indented below clause 3\.2-0/,
  )
  refusesOnce(
    '**3.4-b**',
    '**3.3-e**',
    /:31:3: clause 3\.3-e stands in section 3\.4; expected only clauses of section 3\.4/,
  )
  const [swapped] = refusals(
    rewritten(['**2.3-a.1**', '**2.3-a.9**'], ['**2.3-a.2**', '**2.3-a.1**'], ['**2.3-a.9**', '**2.3-a.2**']),
  )
  assert.match(swapped ?? '', /holds no value|stands in clause|follows clause/)
})

test('a missing chapter is refused clause by clause, and no text at all as well', () => {
  const files = realFiles.filter(({ name }) => !name.startsWith('15'))
  assert.equal(refusals(files).filter((line) => /clause 15-[abc] is missing/.test(line)).length, 3)
  assert.equal(refusals([]).length, 146)
})

test('a removed promise leaves its id behind and holds no value', () => {
  const policy = compiled(rewritten(['Users can end their sessions themselves.', '*Removed.*']))
  assert.equal(policy.clauses.get('3.4-b')?.removed, true)
  assert.equal(policy.clauses.size, 146)
  const line =
    'A session expires after [30 minutes](set:session.idle) without activity, and in any case [12 hours](set:session.absolute) after sign-in.'
  assert.equal(refusals(rewritten([line, '*Removed.*'])).length, 2)
  refusesOnce(
    'Users can end their sessions themselves.',
    'Removed',
    /clause 3\.4-b has no sentence; expected .*“\*Removed\.\*”/,
  )
})

test('the hash of the text is the one that sha256sum gives, and changes with every character', () => {
  const lines = realFiles.map(
    ({ name, text }) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`,
  )
  assert.equal(compiled().textHash, createHash('sha256').update(lines.join('')).digest('hex'))
  assert.equal(textHash(realFiles.toReversed()), textHash(realFiles))
  const windows = realFiles.map(({ name, text }) => ({ name, text: text.replaceAll('\n', '\r\n') }))
  assert.equal(textHash(windows), textHash(realFiles))
  assert.deepEqual([...compiled(windows).values], [...compiled().values])
  assert.notEqual(textHash(rewritten([IDLE, `${IDLE} `])), textHash(realFiles))
})

test('contradictory declarations are an error of the program', () => {
  const [one] = sampleParameters
  assert.ok(one !== undefined)
  assert.throws(() => compilePolicy(realFiles, [one, one], clauseCatalogue), /declared twice/)
  assert.throws(() => compilePolicy(realFiles, [{ ...one, clause: '2.1-x' }], clauseCatalogue), /unknown/)
})
