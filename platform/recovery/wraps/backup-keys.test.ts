import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { RepositoryError } from '#backup'
import { openNote, signNote } from '#ledger'
import { DAY, fakeClock } from '../../kernel/clock.ts'
import {
  ageOpener,
  ageWrapper,
  isRecipient,
  openBackupKeys,
  readRecoveryFolder,
  readVerifiers,
} from './index.ts'

const pair = async () => {
  const identity = await generateHybridIdentity()
  return { identity, recipient: await identityToRecipient(identity) }
}

suite('wrapped secrets', () => {
  test('policy 6.1-d: what is wrapped opens with each recipient’s identity and with no other', async () => {
    const [mine, escrow, stranger] = await Promise.all([pair(), pair(), pair()])
    const wrapper = await ageWrapper([mine.recipient, escrow.recipient])
    const secret = Buffer.alloc(32, 7)
    const wrapped = await wrapper.wrap(secret)
    assert.equal(Buffer.from(wrapped).subarray(0, 21).toString(), 'age-encryption.org/v1')
    for (const { identity } of [mine, escrow])
      assert.deepEqual(await (await ageOpener([identity])).open(wrapped, 'e'), secret)
    const refused = (code: string, path: string) => (error: unknown) =>
      error instanceof RepositoryError && error.code === code && error.path === path
    await assert.rejects(
      (await ageOpener([stranger.identity])).open(wrapped, 'a/b'),
      refused('no-key', 'a/b'),
    )
    await assert.rejects((await ageOpener([])).open(wrapped, 'a/b'), refused('no-key', 'a/b'))
  })

  test('changed and cut wraps are refused, wherever the change is', async () => {
    const { identity, recipient } = await pair()
    const wrapped = Buffer.from(await (await ageWrapper([recipient])).wrap(Buffer.alloc(32, 7)))
    const opener = await ageOpener([identity])
    await fc.assert(
      fc.asyncProperty(fc.nat(wrapped.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(wrapped)
        changed[at] = (changed[at] ?? 0) ^ flip
        await assert.rejects(opener.open(changed, 'x'), RepositoryError)
        await assert.rejects(opener.open(wrapped.subarray(0, at), 'x'), RepositoryError)
      }),
      { numRuns: 40 },
    )
  })

  test('classical recipients, passphrases and other text are no recipients', async () => {
    const classical = await identityToRecipient(await generateX25519Identity())
    const { recipient } = await pair()
    const changed = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`
    for (const text of [classical, changed, '', 'age1pq1', `${recipient}\n`, recipient.toUpperCase()])
      assert.equal(await isRecipient(text), false)
    assert.equal(await isRecipient(recipient), true)
    await assert.rejects(ageWrapper([recipient, classical]), /recipient 2 of backups/)
    await assert.rejects(ageWrapper([]))
  })
})

suite('keys of backups', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-backup-keys-'))
  })
  after(() => rm(folder, { recursive: true }))

  let made = 0
  const fresh = async (escrow: string[] = []) => {
    const at = join(folder, String(made++))
    const clock = fakeClock()
    const of = { keysFolder: join(at, 'keys'), recoveryFolder: join(at, 'recovery'), escrow, clock }
    return { of, clock, keys: await openBackupKeys(of) }
  }

  test('policy 6.1-d: the first start makes an identity apart from the key folder, closed to others, and says where it belongs', async () => {
    const { of, keys } = await fresh()
    const [file = ''] = (await readdir(of.recoveryFolder)).filter((name) => name.startsWith('recovery'))
    assert.equal((await stat(join(of.recoveryFolder, file))).mode & 0o777, 0o600)
    for (const name of await readdir(of.keysFolder))
      assert.doesNotMatch((await readFile(join(of.keysFolder, name))).toString(), /AGE-SECRET-KEY/)
    assert.match((await keys.notes()).join(), /another machine/)
    const again = await openBackupKeys(of)
    assert.deepEqual(again.recipients(), keys.recipients())
  })

  test('policy 6.1-d: without the recovery folder wraps go on and nothing opens; brought back it opens them', async () => {
    const { of } = await fresh()
    await rename(of.recoveryFolder, `${of.recoveryFolder}.away`)
    const keys = await openBackupKeys(of)
    assert.equal(await keys.opener(), null)
    assert.match((await keys.notes()).join(), /could not run/)
    const wrapped = await keys.wrapper.wrap(Buffer.alloc(32, 1))
    const [mine] = await readRecoveryFolder(`${of.recoveryFolder}.away`)
    const elsewhere = await ageOpener([mine?.identity ?? ''])
    assert.deepEqual(await elsewhere.open(wrapped, 'x'), Buffer.alloc(32, 1))
    await rename(`${of.recoveryFolder}.away`, of.recoveryFolder)
    assert.deepEqual(await (await keys.opener())?.open(wrapped, 'x'), Buffer.alloc(32, 1))
  })

  test('policy 2.3-a.1: the next recovery key wraps at once; older wraps stay readable while the older identity is there', async () => {
    const escrow = await pair()
    const { clock, keys } = await fresh([escrow.recipient])
    const old = await keys.wrapper.wrap(Buffer.alloc(32, 1))
    clock.advanceSeconds(300 * DAY)
    const next = await keys.nextRecipient()
    assert.deepEqual([next.number, next.since], [2, clock.now()])
    assert.deepEqual(keys.wrapper.recipients, [next.recipient, escrow.recipient])
    const opener = await keys.opener()
    for (const wrapped of [old, await keys.wrapper.wrap(Buffer.alloc(32, 1))]) {
      assert.deepEqual(await opener?.open(wrapped, 'x'), Buffer.alloc(32, 1))
      assert.deepEqual(await (await ageOpener([escrow.identity])).open(wrapped, 'x'), Buffer.alloc(32, 1))
    }
    assert.deepEqual(keys.ages()[0]?.since, clock.now())
  })

  test('a recipient whose identity is elsewhere can be the next one', async () => {
    const { of, keys } = await fresh()
    const theirs = await pair()
    await keys.nextRecipient(theirs.recipient)
    assert.deepEqual(keys.wrapper.recipients, [theirs.recipient])
    assert.equal((await readRecoveryFolder(of.recoveryFolder)).length, 1)
    await assert.rejects(keys.nextRecipient('age1pq1nothing'))
    assert.equal(keys.recipients().length, 2)
  })

  test('policy 6.1-d: the next signing key signs, the older one stays trusted, and its private half is destroyed', async () => {
    const { of, clock, keys } = await fresh()
    const old = signNote('old\n', [keys.signer()])
    clock.advanceSeconds(DAY)
    await keys.nextSigner('7300000000000000001')
    const young = signNote('young\n', [keys.signer()])
    for (const note of [old, young]) openNote(note, keys.verifiers())
    assert.throws(() => openNote(young, keys.verifiers().slice(0, 1)))
    const privates = (await readdir(of.keysFolder)).filter((name) => name.startsWith('backup-signer'))
    assert.deepEqual(privates, ['backup-signer-0002.pem'])
    const elsewhere = await readVerifiers(of.recoveryFolder)
    for (const note of [old, young]) openNote(note, elsewhere)
  })

  test('several processes that start for the first time at once have the same keys', async () => {
    const at = join(folder, String(made++))
    const clock = fakeClock()
    const of = { keysFolder: join(at, 'keys'), recoveryFolder: join(at, 'recovery'), escrow: [], clock }
    const all = await Promise.all([1, 2, 3, 4].map(() => openBackupKeys(of)))
    assert.equal(new Set(all.map((keys) => keys.wrapper.recipients[0])).size, 1)
    assert.equal(new Set(all.map((keys) => keys.signer().verifierKey.keyId)).size, 1)
    assert.equal((await readRecoveryFolder(of.recoveryFolder)).length, 1)
  })

  test('a signing key that a stop left half made is finished', async () => {
    const { of, keys } = await fresh()
    await rm(join(of.keysFolder, 'backup-verifier-0001.txt'))
    assert.equal((await openBackupKeys(of)).signer().verifierKey.keyId, keys.signer().verifierKey.keyId)
  })

  test('a lost or strange key file is an error, never a new key', async () => {
    const { of } = await fresh()
    await rm(join(of.keysFolder, 'backup-signer-0001.pem'))
    await assert.rejects(openBackupKeys(of), /missing/)
    const other = await fresh()
    const file = join(other.of.recoveryFolder, 'recovery-identity-0001.txt')
    await chmod(file, 0o600)
    await writeFile(file, 'AGE-SECRET-KEY-1SOMETHING')
    await assert.rejects(other.keys.opener(), (error: Error) => !error.message.includes('SOMETHING'))
  })
})
