import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { undone, type Database } from '../db/index.ts'
import { HOUR, secondsAfter } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { withProbeFolder } from '../kernel/probe-folder.ts'
import { noteAccess, PROVIDER } from './key-store.ts'
import type { EncryptionSystem } from './observed-system.ts'
import { reconcileAccesses } from './queries.ts'

/** How far back the register and the audit log are compared; both keep more. */
const COMPARED_SECONDS = 30 * 86_400

/** The status that a request for keys without the service's token gets at the socket. */
function statusWithout(socketPath: string, authorization: string | null): Promise<number> {
  const path = `/v1/tenants/${randomUUID()}/keys`
  const headers = {
    host: 'surety',
    'content-type': 'application/json',
    ...(authorization === null ? {} : { authorization }),
  }
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method: 'POST', headers, timeout: 5000 }, (reply) => {
      reply.resume()
      resolve(reply.statusCode ?? 0)
    })
    sent.once('timeout', () => sent.destroy(new Error('the service socket does not answer')))
    sent.once('error', reject)
    sent.end('{}')
  })
}

/** Whether nobody but the owner of this process may look into the folder and its key files. */
async function openToOthers(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.key'))
  const found: string[] = []
  for (const name of ['.', ...names]) {
    const { mode } = await stat(join(folder, name))
    if ((mode & 0o077) !== 0) found.push(name === '.' ? 'the key folder' : name)
  }
  return found
}

interface KeyDoors {
  readonly statuses: readonly number[]
  readonly open: readonly string[]
}

async function keyDoors(socket: string, keysFolder: string): Promise<KeyDoors> {
  const wrong = `Bearer ${randomBytes(32).toString('base64url')}`
  return {
    statuses: [await statusWithout(socket, null), await statusWithout(socket, wrong)],
    open: await openToOthers(keysFolder),
  }
}

async function accessIsLogged(
  system: EncryptionSystem,
  db: Database,
  { statuses, open }: KeyDoors,
): Promise<Observation> {
  const from = secondsAfter(system.clock.now(), -COMPARED_SECONDS)
  const { accesses, unlogged, unregistered } = await reconcileAccesses(db, from)
  const failures = [
    ...(unlogged > 0 ? [`${unlogged} uses of keys left no event in the audit log`] : []),
    ...(unregistered > 0 ? [`${unregistered} events tell of uses that the key store does not know`] : []),
    ...statuses
      .filter((status) => status !== 401)
      .map((status) => `a request for keys without the token was answered ${status}, not 401`),
    ...open.map((name) => `${name} is open to other users of the machine`),
  ]
  const says = `${accesses} uses of keys in 30 days each have their event and no event is without its use, requests for keys without the token are refused, and key files are closed to other users`
  return observed(
    failures,
    says,
    { accesses, unlogged, unregistered, refused: statuses.filter((status) => status === 401).length },
    { count: accesses, coverage: 1, of: 'uses of keys' },
  )
}

/** A socket that hands out to anybody, closed again after `use`. */
function withOpenSocket<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
  return withProbeFolder(async (folder) => {
    const path = join(folder, 'open.sock')
    const server = createServer((incoming, reply) => {
      incoming.resume()
      reply.end('{}')
    })
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(path, resolve)
      })
      return await use(path)
    } finally {
      server.close()
    }
  })
}

/** A key folder that everybody may look into, with a file that is no key. */
function withOpenFolder<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
  return withProbeFolder(async (folder) => {
    await writeFile(join(folder, 'probe.key'), 'a probe, no key', { mode: 0o600 })
    await chmod(join(folder, 'probe.key'), 0o644)
    return use(folder)
  })
}

/** Policy 2.3-b: access to keys is controlled, and every access is logged. */
export const keyAccessLogged: Control<EncryptionSystem> = control({
  id: 'key-access-logged',
  clauses: ['2.3-b'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/encryption/key-store.ts',
    'platform/encryption/routes.ts',
    'platform/kernel/secret-file.ts',
  ],
  looks:
    'Compares the register of the key store with the audit log, asks for keys at the service socket without a token and with a wrong one, and reads the permissions of the key files.',
  breaks:
    'Keys handed out without an event, a socket that answers anybody and a key file that everybody may read must be found.',
  check: async (system) =>
    accessIsLogged(system, system.db, await keyDoors(system.serviceSocket, system.keysFolder)),
  knownBad: async (system) => {
    const closed = { statuses: [401, 401], open: [] }
    const silent = { clock: system.clock, root: system.root, record: undefined }
    return everyBreakFound({
      'a release without an event': await undone(system.db, async (tx) => {
        await noteAccess(tx, silent, 'released', PROVIDER)
        return accessIsLogged(system, tx, closed)
      }),
      'a socket that answers anybody': await withOpenSocket(async (path) =>
        accessIsLogged(system, system.db, await keyDoors(path, system.keysFolder)),
      ),
      'a key file that everybody may read': await withOpenFolder(async (folder) =>
        accessIsLogged(system, system.db, { ...closed, open: await openToOthers(folder) }),
      ),
    })
  },
})
