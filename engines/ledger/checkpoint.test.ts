import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkpointText, openCheckpoint, parseCheckpointText, signCheckpoint } from './checkpoint.ts'
import { noteSigner } from './note-key.ts'
import { signNote } from './signed-note.ts'

const origin = 'sample.example/log'
const signer = noteSigner(origin, generateKeyPairSync('ed25519').privateKey)
const root = Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64')
const rootLine = root.toString('base64')

test('the example of C2SP tlog-checkpoint is read and written', () => {
  const text = `example.com/behind-the-sofa\n20852163\n${rootLine}\n`
  const checkpoint = parseCheckpointText(text)
  assert.deepEqual(checkpoint, {
    origin: 'example.com/behind-the-sofa',
    size: 20_852_163,
    root,
    extensions: [],
  })
  assert.equal(checkpointText(checkpoint), text)
})

test('every signed checkpoint is opened as what was signed', () => {
  const line = fc.string({ minLength: 1 }).filter((line) => !/\p{Cc}/u.test(line))
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.array(line),
      (size, hash, extensions) => {
        const checkpoint = { origin, size, root: Buffer.from(hash), extensions }
        assert.deepEqual(openCheckpoint(signCheckpoint(checkpoint, [signer]), signer.verifierKey), checkpoint)
      },
    ),
  )
})

test('a checkpoint that is not exactly of the format is refused', () => {
  const refused = [
    '',
    `${origin}\n1\n`,
    `${origin}\n1\n${rootLine}`,
    `\n1\n${rootLine}\n`,
    `${origin}\n01\n${rootLine}\n`,
    `${origin}\n+1\n${rootLine}\n`,
    `${origin}\n1e3\n${rootLine}\n`,
    `${origin}\n1.0\n${rootLine}\n`,
    `${origin}\n-1\n${rootLine}\n`,
    `${origin}\n 1\n${rootLine}\n`,
    `${origin}\n\n${rootLine}\n`,
    `${origin}\n9007199254740992\n${rootLine}\n`,
    `${origin}\n1\n${rootLine.slice(0, -1)}\n`,
    `${origin}\n1\n${rootLine.replace('2I=', '2J=')}\n`,
    `${origin}\n1\nAAAA\n`,
    `${origin}\n1\n${rootLine}\n\nextension\n`,
    `${origin}\n1\n${rootLine}\nextension`,
  ]
  for (const text of refused) {
    assert.throws(() => parseCheckpointText(text), { code: 'checkpoint-malformed' }, JSON.stringify(text))
    if (text.endsWith('\n'))
      assert.throws(() => openCheckpoint(signNote(text, [signer]), signer.verifierKey), {
        code: 'checkpoint-malformed',
      })
  }
})

test('values that would read back as another checkpoint are not signed', () => {
  const good = { origin, size: 1, root, extensions: [] }
  const refused = [
    { ...good, origin: '' },
    { ...good, origin: `${origin}\n5` },
    { ...good, size: -1 },
    { ...good, size: 1.5 },
    { ...good, size: 2 ** 53 },
    { ...good, root: root.subarray(1) },
    { ...good, extensions: [''] },
    { ...good, extensions: ['one\ntwo'] },
  ]
  for (const checkpoint of refused)
    assert.throws(() => signCheckpoint(checkpoint, [signer]), { code: 'checkpoint-malformed' })
})

test('a checkpoint of another log, even by the same key, is refused', () => {
  const note = signCheckpoint({ origin: 'sample.example/other', size: 1, root, extensions: [] }, [signer])
  assert.throws(() => openCheckpoint(note, signer.verifierKey), { code: 'origin-differs' })
  assert.equal(openCheckpoint(note, signer.verifierKey, 'sample.example/other').size, 1)
})
