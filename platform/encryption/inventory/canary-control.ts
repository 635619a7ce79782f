import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { HOUR } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { withProbeFolder } from '../../kernel/probe-folder.ts'
import { CHECK, type InventorySystem } from './observed-system.ts'
import { plantInLog } from './queries.ts'
import { canaryWords, searchRaw, tracesOf, type RawSearch } from './raw-search.ts'

/** How much of the data one run reads. */
const READ_BYTES_MAX = 192 * 1024 * 1024

/** One set of words for as long as the process lives, so that each run also finds what earlier ones left. */
const words = canaryWords()
const traces = tracesOf(words)

/** Where anything of the product lies on this machine. */
async function foldersOf(system: InventorySystem): Promise<string[]> {
  const { temporary: _, ...kept } = system.roots
  const server = await system.serverFolder()
  const folders = [...Object.values(kept), ...(server === null ? [] : [server])].filter((one) => one !== '')
  // A folder inside of another is searched with it.
  return folders.filter((one) => !folders.some((other) => one !== other && one.startsWith(`${other}${sep}`)))
}

/** Writes the words through doors that keep or refuse them: an event, the label of a key, an answer to nobody. */
async function writeCanary(system: InventorySystem): Promise<string[]> {
  const event = { type: 'key.probed', tenant: null, actor: CHECK, outcome: 'success', request: null } as const
  const target = { kind: 'canary', id: randomUUID() }
  await system.record(system.db, { ...event, target, details: { canary: words } })
  return system.asPerson(async (post) => {
    const key = { label: words, scopes: ['conversation.read'], expiresInDays: 1 }
    const made = await post('/api/api-keys', JSON.stringify(key))
    const answer = { key: randomUUID(), text: words }
    const nobody = '/inbox/conversations/00000000-0000-4000-8000-000000000000/reply'
    await post(nobody, JSON.stringify(answer))
    return made.ok ? [] : [`the label of a key could not be written (${made.status})`]
  })
}

function seen(search: RawSearch, refused: readonly string[]): Observation {
  const { found, bytesRead, bytes, files, closed } = search
  const says = `words that were written as an event, as the label of a key and in a refused answer stand in none of the ${Math.round(bytesRead / 1e6)} MB that were searched of database files, log of the database, ledger, logs, outbox, keys and backups`
  const failures = [
    ...refused,
    ...found.map((one) => `the canary stands as ${one}`),
    ...(closed > 0 ? [`${closed} files may not be read by this user`] : []),
    ...(bytesRead === 0 ? ['there was nothing to search'] : []),
  ]
  const coverage = bytes === 0 ? 0 : Math.min(1, bytesRead / bytes)
  return observed(
    failures,
    says,
    { files, bytesRead, bytes },
    { count: files, coverage, of: 'bytes that are stored' },
  )
}

/** A file in each kind of place, each with the words in another form. */
const KINDS = [
  'postgres/base/16384/1259',
  'postgres/pg_wal/000000010000000000000001',
  'ledger/tile/0/000',
  'log/surety.log',
  'outbox/1.sealed',
  'backups/region-a/system/1.obj',
  'keyring/base/16384/1259',
  'tmp/surety-probe-1',
]

/** Words in the clear, planted in a place of each kind, and where the database writes its own log. */
async function plantedEverywhere(
  system: InventorySystem,
  folder: string,
): Promise<Record<string, Observation>> {
  const mine = canaryWords()
  const forms = [...tracesOf(mine)]
  const runs: Record<string, Observation> = {}
  const since = { bytesMax: READ_BYTES_MAX, newerThan: new Date(system.clock.now().getTime() - 60_000) }
  for (const [at, kind] of KINDS.entries()) {
    const [form, trace] = forms[at % forms.length] ?? ['', Buffer.alloc(0)]
    const path = join(folder, String(at), kind)
    await mkdir(dirname(path), { recursive: true })
    // Across the end of the first piece that is read.
    await writeFile(path, Buffer.concat([Buffer.alloc(1024 * 1024 - 7 * at, 0x5a), trace, Buffer.alloc(99)]))
    runs[`${form} in ${kind}`] = seen(
      await searchRaw([join(folder, String(at))], new Map([[form, trace]]), since),
      [],
    )
  }
  const server = await system.serverFolder()
  // A server elsewhere keeps its log where nothing of it can be seen.
  if (server !== null && (await plantInLog(system.db, mine))) {
    const log = await searchRaw([join(server, 'pg_wal')], new Map(forms), since)
    if (log.files > 0) runs['the log of the database itself'] = seen(log, [])
  }
  return runs
}

/** Policy 2.2-0, 2.2-a: what people write is found in no byte that is stored. */
export const canaryInBytes: Control<InventorySystem> = control({
  id: 'canary-in-bytes',
  clauses: ['2.2-0'],
  reads: [],
  everySeconds: 6 * HOUR,
  enforcedIn: [
    'platform/encryption/tenant-keys.ts',
    'platform/audit/record.ts',
    'platform/post/local-outbox.ts',
  ],
  looks:
    'Writes words through three doors and searches raw bytes of every store on this machine for them: as text of three encodings, in hexadecimal and in base64.',
  breaks:
    'The words in the clear, in each of these forms, in a file of each kind of store and in the log of the database itself, must be found.',
  check: async (system) => {
    const since = new Date(system.clock.now().getTime() - 1000)
    const refused = await writeCanary(system)
    const limits = { bytesMax: READ_BYTES_MAX, newerThan: since }
    return seen(await searchRaw(await foldersOf(system), traces, limits), refused)
  },
  knownBad: (system) =>
    withProbeFolder(async (folder) => everyBreakFound(await plantedEverywhere(system, folder))),
})
