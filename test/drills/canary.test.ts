import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { canaryWords, tracesOf as tracesOfWords } from '../../platform/encryption/inventory/index.ts'
import type { RunningSystem } from '../running-system.ts'
import {
  ask,
  openWorkplace,
  phoneOf,
  post,
  sql,
  taken,
  textMessage,
  until,
  type Workplace,
} from './workplace.ts'

/** A sentence that nobody ever wrote. */
const canarySentence = (): string => `The canary sings ${canaryWords()}`

/** The forms in which a sentence could lie in a file, without its first words, so that another beginning is found as well. */
const tracesOf = (sentence: string): ReadonlyMap<string, Buffer> =>
  tracesOfWords(sentence.slice('The canary sings '.length))

/** Every regular file below a folder, with what of the sentences is found in it. */
async function search(
  folder: string,
  sentences: Readonly<Record<string, string>>,
): Promise<{ readonly files: number; readonly bytes: number; readonly found: string[] }> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  )
  let bytes = 0
  const found: string[] = []
  for (const { parentPath, name } of entries) {
    const path = join(parentPath, name)
    const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      // The database removes files of its own while it works.
      if (error.code === 'ENOENT') return Buffer.alloc(0)
      throw error
    })
    bytes += content.length
    found.push(...findIn(content, sentences).map((what) => `${what} in ${path}`))
  }
  return { files: entries.length, bytes, found }
}

/** Folders beside the data: the keyring and both stores of backups. */
function aside({ environment }: RunningSystem): string[] {
  const backups = environment['SURETY_BACKUPS'] ?? ''
  return [environment['SURETY_KEYRING'] ?? '', join(backups, 'region-a'), join(backups, 'region-b')]
}

function findIn(content: Buffer, sentences: Readonly<Record<string, string>>): string[] {
  return Object.entries(sentences).flatMap(([which, sentence]) =>
    [...tracesOf(sentence)]
      .filter(([, trace]) => content.includes(trace))
      .map(([form]) => `${which} as ${form}`),
  )
}

suite('drill: the canary', { timeout: 240_000 }, () => {
  const canaries = {
    'the message': canarySentence(),
    'the reply': canarySentence(),
    'the refused message': canarySentence(),
    'the label of a key': canarySentence(),
  }
  const planted = canarySentence()
  let at: Workplace & { stop(): Promise<void> }

  before(async () => {
    at = await openWorkplace({ environment: { LOG_LEVEL: 'debug' } })
  })
  after(() => at?.stop())

  test('policy 2.2-a: the search finds a sentence in each of its forms', () => {
    for (const [form, trace] of tracesOf(planted))
      assert.deepEqual(findIn(Buffer.concat([randomBytes(99), trace, randomBytes(99)]), { it: planted }), [
        `it as ${form}`,
      ])
    for (const before of ['', 'a', 'ab', 'abc'])
      assert.equal(
        findIn(Buffer.from(Buffer.from(`${before}${planted} and on`).toString('base64')), { it: planted })
          .length,
        1,
      )
    assert.deepEqual(findIn(randomBytes(10_000), { it: planted }), [])
  })

  test('policy 2.2-a: what a contact and a person wrote is found in no file of the system', async () => {
    const { system, channel, administrator, provider } = at
    const { cookie } = administrator
    assert.equal(await post(at, textMessage(channel, phoneOf(0), canaries['the message'])), 200)
    await until('the automatic reply', () => provider.received().length === 1)
    const list = (await taken(ask(system, cookie, 'GET /inbox/conversations'))).json() as {
      readonly conversations: readonly { readonly id: string; readonly last: { readonly preview: string } }[]
    }
    const [conversation] = list.conversations
    assert.ok(conversation)
    const reply = { key: randomUUID(), text: canaries['the reply'] }
    await taken(ask(system, cookie, `POST /inbox/conversations/${conversation.id}/reply`, reply))
    await until('the reply of a person', () => provider.received().length === 2)
    assert.equal(provider.received()[1]?.text, canaries['the reply'])
    const key = { label: canaries['the label of a key'], scopes: ['conversation.read'], expiresInDays: 1 }
    await taken(ask(system, cookie, 'POST /api/api-keys', key))
    const read = await taken(ask(system, cookie, `GET /inbox/conversations/${conversation.id}`))
    assert.ok(read.text().includes(canaries['the message']), 'it is there, for those who may read it')
    // Refused in three ways, none of which may reach a log.
    const refused = textMessage(channel, phoneOf(1), canaries['the refused message'])
    assert.equal((await system.postWebhook(channel.path, refused, 'another-secret-of-16')).status, 401)
    // Where the firewall has rules, they refuse what is no JSON before the service does.
    assert.ok([400, 403].includes(await post(at, `{"${canaries['the refused message']}`)))
    const query = `/inbox/conversations?status=${encodeURIComponent(canaries['the refused message'])}`
    assert.equal((await ask(system, cookie, `GET ${query}`)).status, 422)

    await until('the events are in the ledger', async () => {
      const [row] = await sql<{ count: number }>(
        system,
        `select (select count(*) from surety.audit_event where ledger_index is null)::int
              + (select count(*) from inbox.audit_outbox)::int as count`,
      )
      return row?.count === 0
    })
    // A table with the sentence in the open shows that the search reaches what the database keeps.
    await sql(system, 'create table public.planted (sentence text)')
    await sql(system, 'insert into public.planted values ($1)', [planted])
    await sql(system, 'checkpoint')
    // With it in the pages and in the log that are copied.
    const backup = await system.cli(['backup', 'now', '--full', '--json'])
    assert.equal(backup.code, 0, backup.stdout + backup.stderr)

    const seen = await search(system.varFolder, { ...canaries, 'the planted sentence': planted })
    assert.ok(seen.files > 500 && seen.bytes > 20_000_000, `${seen.files} files, ${seen.bytes} bytes`)
    const ours = seen.found.filter((one) => one.startsWith('the planted sentence'))
    assert.ok(
      ours.some((one) => one.includes('/postgres/base/')),
      ours.join(),
    )
    assert.ok(
      ours.some((one) => one.includes('/postgres/pg_wal/')),
      ours.join(),
    )
    assert.deepEqual(
      seen.found.filter((one) => !ours.includes(one)),
      [],
    )
    const elsewhere = { ...canaries, 'the planted sentence': planted }
    for (const folder of [system.keysFolder, ...aside(system)])
      assert.deepEqual((await search(folder, elsewhere)).found, [])
    // The log lies in the data folder and was searched with it.
    const log = await readFile(join(system.varFolder, 'log/surety.log'), 'utf8')
    assert.ok(log.includes('"msg":"request"'), 'the log was kept')
    assert.deepEqual(findIn(Buffer.from(system.said()), canaries), [])
  })

  test('policy 2.2-a: neither the ledger nor a backup is empty, so the search had something to look at', async () => {
    const within = ['ledger', 'postgres/pg_wal'].map((folder) => join(at.system.varFolder, folder))
    for (const folder of [...within, ...aside(at.system)]) {
      const { files, bytes } = await search(folder, {})
      assert.ok(files > 0 && bytes > 1000, folder)
    }
  })
})
