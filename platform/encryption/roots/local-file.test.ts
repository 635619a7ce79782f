import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { generateDataKey, keyFingerprint, rootKey } from '#envelope'
import { fakeClock } from '../../kernel/clock.ts'
import { ConfigError } from '../../kernel/config.ts'
import { Problem } from '../../kernel/problem.ts'
import { localFileRoot, type LocalFileSettings } from './local-file.ts'
import { openSealedRoot, sealRoot } from './sealed-file.ts'

const LABEL = { tenant: 'a', purpose: 'tenant', version: 1 }
const PASSPHRASE = 'a sample passphrase of many words'

async function place(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'surety-root-'))
  context.after(() => rm(folder, { recursive: true }))
  const passphraseFile = join(folder, 'secrets', 'passphrase')
  await mkdir(join(folder, 'secrets'))
  await writeFile(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 })
  const [keysFolder, varFolder] = [join(folder, 'keys'), join(folder, 'var')]
  const plain = { keysFolder, varFolder, passphraseFile: '', credentialsFolder: '' }
  const open = (over: Partial<LocalFileSettings> = {}) => localFileRoot({ ...plain, ...over }, fakeClock())
  return { folder, keysFolder, varFolder, passphraseFile, open, file: join(keysFolder, 'root.key') }
}

function configError(reason: RegExp) {
  return (error: unknown) => error instanceof ConfigError && reason.test(error.message)
}

suite('a root key in a local file', () => {
  test('an old file of 32 bytes keeps working, stays as it is, and says that nothing seals it', async (context) => {
    const { open, keysFolder, file } = await place(context)
    await mkdir(keysFolder)
    const bytes = randomBytes(32)
    await writeFile(file, bytes, { mode: 0o600 })
    const root = await open()
    assert.equal(root.fingerprint, keyFingerprint(rootKey(Buffer.from(bytes))))
    assert.deepEqual(await readFile(file), bytes)
    assert.match((await root.health()).notes.join(), /nothing seals/)
  })

  test('a named passphrase seals it in its place; it is the same key, as old as before, and opens with that passphrase alone', async (context) => {
    const { open, file, passphraseFile } = await place(context)
    const before = await open()
    await utimes(file, new Date('2026-01-01'), new Date('2026-01-01'))
    const bytes = await readFile(file)
    const wrapped = await before.wrap(LABEL, generateDataKey())
    const sealed = await open({ passphraseFile })
    assert.equal(sealed.fingerprint, before.fingerprint)
    await sealed.unwrap(LABEL, wrapped)
    const stored = await readFile(file)
    assert.equal(stored.includes(bytes), false)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual((await sealed.health()).rotatedAt, new Date('2026-01-01'))
    assert.equal((await open({ passphraseFile })).fingerprint, before.fingerprint)
    await assert.rejects(open(), configError(/is sealed, and no file with its passphrase is named/))
    await writeFile(passphraseFile, 'another sample passphrase')
    await assert.rejects(open({ passphraseFile }), configError(/not the one it was sealed with/))
    assert.deepEqual(await readFile(file), stored)
  })

  test('the passphrase comes from a systemd credential, and from nowhere that is copied along with the data', async (context) => {
    const { open, folder, keysFolder, varFolder, passphraseFile } = await place(context)
    await open({ passphraseFile: 'passphrase', credentialsFolder: join(folder, 'secrets') })
    await assert.rejects(open({ passphraseFile: 'passphrase' }), configError(/no credentials were passed on/))
    await assert.rejects(open({ passphraseFile: join(folder, 'gone') }), configError(/there is no file/))
    for (const inside of [keysFolder, varFolder]) {
      await mkdir(inside, { recursive: true })
      await writeFile(join(inside, 'passphrase'), PASSPHRASE, { mode: 0o600 })
      await assert.rejects(
        open({ passphraseFile: join(inside, 'passphrase') }),
        configError(/takes it along/),
      )
    }
    await writeFile(passphraseFile, 'short')
    await assert.rejects(open({ passphraseFile }), configError(/fewer than 16 bytes/))
    await chmod(passphraseFile, 0o644)
    await assert.rejects(open({ passphraseFile }), configError(/open to other users/))
  })

  test('a rotation makes a further file; old wrappings open after a new start, and move to the newest', async (context) => {
    const { open, keysFolder } = await place(context)
    const root = await open()
    const key = generateDataKey()
    const wrapped = await root.wrap(LABEL, key)
    const first = root.fingerprint
    await root.rotate()
    assert.notEqual(root.fingerprint, first)
    assert.deepEqual((await readdir(keysFolder)).sort(), ['root-2.key', 'root.key'])
    const again = await open()
    assert.equal(again.fingerprint, root.fingerprint)
    assert.equal((await again.health()).versions, 2)
    assert.ok((await again.unwrap(LABEL, wrapped)).equals(key))
    const [moved] = await again.rewrap([{ label: LABEL, wrapped }])
    await rm(join(keysFolder, 'root.key'))
    const alone = await open()
    assert.ok((await alone.unwrap(LABEL, moved ?? Buffer.alloc(0))).equals(key))
    await assert.rejects(
      alone.unwrap(LABEL, wrapped),
      (error) => error instanceof Problem && error.code === 'encryption.unreadable',
    )
  })

  test('a sealed key refuses changed bytes, another version and stretching that nobody can bear', async () => {
    const passphrase = Buffer.from(PASSPHRASE)
    const key = generateDataKey()
    const sealed = await sealRoot(passphrase, 1, key)
    assert.ok((await openSealedRoot(passphrase, 1, sealed)).equals(key))
    await assert.rejects(openSealedRoot(passphrase, 2, sealed), { code: 'wrong-context' })
    for (const at of [14, sealed.length - 1]) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      await assert.rejects(openSealedRoot(passphrase, 1, changed), { name: 'EnvelopeError' })
    }
    const greedy = Buffer.from(sealed)
    greedy.writeUInt32BE(0xff_ff_ff_ff, 4)
    await assert.rejects(openSealedRoot(passphrase, 1, greedy), { code: 'unsupported-format' })
  })
})
