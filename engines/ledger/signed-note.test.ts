import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { noteSigner, parseVerifierKey } from './note-key.ts'
import { formatNote, noteBytesMax, noteSignaturesMax, openNote, parseNote, signNote } from './signed-note.ts'

// Published in the signed-note specification and in the documentation of Go's note package.
const published = [
  {
    vkey: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    text: 'This is an example message.\n',
    line: '— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
  },
  {
    vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
    line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
  },
]
const signerNamed = (name: string) => noteSigner(name, generateKeyPairSync('ed25519').privateKey)
const ours = signerNamed('sample.example/log')
const theirs = signerNamed('sample.example/witness')
const note = signNote('one\n\ntwo\n', [ours])

test('published notes open with their published keys, as text and as bytes', () => {
  for (const { vkey, text, line } of published) {
    const key = parseVerifierKey(vkey)
    assert.deepEqual(openNote(`${text}\n${line}`, [key]), { text, signedBy: [key] })
    assert.equal(openNote(Buffer.from(`${text}\n${line}`), [key]).text, text)
  }
})

test('a signed text is read back, whatever lines it has', () => {
  const line = fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll(/\p{Cc}/gu, ''))
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (lines) => {
      const text = `${lines.join('\n')}\n`
      assert.equal(openNote(signNote(text, [ours]), [ours.verifierKey]).text, text)
    }),
  )
})

test('any one changed bit of a note is refused', () => {
  const bytes = Buffer.from(note)
  for (let at = 0; at < bytes.length; at += 1)
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << bit)
      assert.throws(
        () => openNote(changed, [ours.verifierKey]),
        { name: 'LedgerError' },
        `byte ${at} bit ${bit}`,
      )
    }
})

test('lines of unknown keys are ignored and those of trusted keys must all verify', () => {
  const both = signNote('text\n', [ours, theirs])
  assert.deepEqual(openNote(both, [theirs.verifierKey]).signedBy, [theirs.verifierKey])
  assert.deepEqual(openNote(both, [theirs.verifierKey, ours.verifierKey]).signedBy.length, 2)
  assert.throws(() => openNote(both, [signerNamed('sample.example/log').verifierKey]), {
    code: 'signature-missing',
  })
  assert.throws(() => openNote(both, []), { code: 'signature-missing' })
  const { text, signatures } = parseNote(both)
  const [own, other] = signatures
  if (own === undefined || other === undefined) throw new Error('two lines were signed')
  const forged = formatNote({ text, signatures: [own, { ...other, signature: own.signature }] })
  assert.equal(openNote(forged, [ours.verifierKey]).text, text)
  assert.throws(() => openNote(forged, [ours.verifierKey, theirs.verifierKey]), { code: 'signature-invalid' })
  const doubled = formatNote({ text, signatures: [own, { ...own, signature: other.signature }] })
  assert.throws(() => openNote(doubled, [ours.verifierKey]), { code: 'signature-invalid' })
})

test('up to 100 signature lines are read and one more is refused', () => {
  const { text, signatures } = parseNote(note)
  const [own] = signatures
  if (own === undefined) throw new Error('one line was signed')
  const lines = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ ...own, name: `unknown${at}` }))
  const many = formatNote({ text, signatures: [...lines(noteSignaturesMax - 1), own] })
  assert.deepEqual(openNote(many, [ours.verifierKey]).signedBy, [ours.verifierKey])
  assert.throws(() => formatNote({ text, signatures: lines(noteSignaturesMax + 1) }), {
    code: 'note-malformed',
  })
})

test('a note that is not exactly of the format is refused', () => {
  const line = note.slice(note.indexOf('—'))
  const refused = [
    '',
    '\n',
    '\n\n',
    'text\n',
    'text\n\n',
    `text\n${line}`,
    `text\n\n${line.slice(0, -1)}`,
    `text\n\n${line}\n`,
    `text\n\n${line}text\n`,
    `text\n\n${line.replace('—', '-')}`,
    `text\n\n${line.replace(' ', '  ')}`,
    `text\n\n${line.replace('\n', ' \n')}`,
    `text\n\n${line.replace('sample.example/log', '')}`,
    `text\n\n${line.replace('sample.example/log', 'a+b')}`,
    `text\n\n${line.replace('sample.example/log', 'a\u3000b')}`,
    `text\n\n${line.replace('=', '')}`,
    `text\n\n— name AAAAAA==\n`,
    `text\r\n\n${line}`,
    `te\u0000xt\n\n${line}`,
    `te\txt\n\n${line}`,
    `te\ud800xt\n\n${line}`,
    `${'x'.repeat(noteBytesMax)}\n\n${line}`,
  ]
  for (const text of refused)
    assert.throws(() => parseNote(text), { code: 'note-malformed' }, JSON.stringify(text.slice(0, 60)))
  const invalid = Buffer.concat([Buffer.from([0xff]), Buffer.from(note)])
  assert.throws(() => parseNote(invalid), { code: 'note-malformed' })
  const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(note)])
  assert.throws(() => openNote(marked, [ours.verifierKey]), { code: 'signature-invalid' })
})

test('no input makes the parser do anything but read or refuse', () => {
  const pieces = fc.constantFrom('\n', '\n\n', '— ', 'name', ' ', 'AAAAAAA=', '=', '+', 'é', '\u0000')
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 4 }))), (parts) => {
      const text = parts.join('')
      try {
        assert.equal(formatNote(parseNote(text)), text)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'note-malformed')
      }
    }),
    { numRuns: 2000 },
  )
})

test('a text that a note cannot carry is not signed', () => {
  for (const text of ['', 'no newline at the end', 'tab\there\n', 'half a character \ud800\n'])
    assert.throws(() => signNote(text, [ours]), { code: 'note-malformed' })
  assert.throws(() => signNote('text\n', []), { code: 'note-malformed' })
})
