import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { undone, type Database } from '../db/index.ts'
import { DAY, HOUR, secondsAfter } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { withProbeFolder } from '../kernel/probe-folder.ts'
import { newId } from '../kernel/id.ts'
import { PROVIDER } from './key-parts.ts'
import { useEvent } from './key-use.ts'
import type { Keyring } from './keyring/database.ts'
import { intendAccess, noteUsed, reconcileAccesses } from './keyring/register-queries.ts'
import type { EncryptionSystem } from './observed-system.ts'
import { compareLogs, probeLogs, type FollowedLogs } from './roots/index.ts'

/** How far back the register and the audit log are compared; both keep more. */
const COMPARED_SECONDS = 30 * DAY

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

interface AccessStores {
  readonly db: Database
  readonly keyring: Keyring
  /** Other logs than those of the system. */
  readonly logs?: FollowedLogs
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

/** What the keepers' own logs say beside the register. */
async function keeperLogs(keyring: Keyring, followed: FollowedLogs, now: Date) {
  const { without, compared, unexplained, missing, notYet, problems } = await compareLogs(
    keyring,
    followed,
    now,
  )
  const late = notYet === 0 ? '' : `, ${notYet} are not there yet`
  return {
    failures: [
      ...(unexplained > 0
        ? [`${unexplained} uses of the root key are in its keeper’s log and were not made here`]
        : []),
      ...(missing > 0 ? [`${missing} uses of the root key are not in its keeper’s log`] : []),
      ...problems,
    ],
    says:
      without === null
        ? `${compared} uses of the root key are in its keeper’s log too${late}`
        : 'the root key’s keeper has no log to compare',
    figures: {
      keeperLogged: compared,
      keeperUnexplained: unexplained,
      keeperMissing: missing,
      keeperNotYet: notYet,
    },
  }
}

async function accessIsLogged(
  system: EncryptionSystem,
  { db, keyring, logs = system.rootLogs() }: AccessStores,
  { statuses, open }: KeyDoors,
): Promise<Observation> {
  const now = system.clock.now()
  const span = { from: secondsAfter(now, -COMPARED_SECONDS), now }
  const { accesses, unlogged, unregistered, unexplained, restored } = await reconcileAccesses(
    db,
    keyring,
    span,
  )
  const keepers = await keeperLogs(keyring, logs, now)
  const failures = [
    ...keepers.failures,
    ...(unlogged > 0 ? [`${unlogged} uses of keys left no event in the audit log`] : []),
    ...(unregistered > 0 ? [`${unregistered} events tell of uses that the keyring does not know`] : []),
    ...(unexplained > 0 ? [`${unexplained} uses came to nothing and no event says so`] : []),
    ...statuses
      .filter((status) => status !== 401)
      .map((status) => `a request for keys without the token was answered ${status}, not 401`),
    ...open.map((name) => `${name} is open to other users of the machine`),
  ]
  const lost = restored === 0 ? '' : ` or lie in a time that a restore lost (${restored})`
  const says = `${accesses} uses of keys in ${COMPARED_SECONDS / DAY} days each have the event that preceded them${lost} and no event is without its use, ${keepers.says}, requests for keys without the token are refused, and key files are closed to other users`
  return observed(
    failures,
    says,
    {
      accesses,
      unlogged,
      unregistered,
      unexplained,
      restored,
      ...keepers.figures,
      refused: statuses.filter((status) => status === 401).length,
    },
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

/** The control on logs of a keeper that disagree with the register, each undone again. */
async function brokenLogs(
  system: EncryptionSystem,
  doors: KeyDoors,
): Promise<Readonly<Record<string, Observation>>> {
  const seen = (wrong: 'stranger' | 'missing' | 'unread'): Promise<Observation> =>
    undone(system.keyring, async (keyring) => {
      const logs = await probeLogs(keyring, system.clock.now(), wrong)
      return accessIsLogged(system, { db: system.db, keyring, logs }, doors)
    })
  return {
    'a use of the root key that only its keeper knows': await seen('stranger'),
    'a use of the root key that its keeper does not know': await seen('missing'),
    'a keeper’s log that is not read': await seen('unread'),
  }
}

/** Policy 2.3-b: access to keys is controlled, and every access is logged. */
export const keyAccessLogged: Control<EncryptionSystem> = control({
  id: 'key-access-logged',
  clauses: ['2.3-b'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/encryption/key-use.ts',
    'platform/encryption/keyring',
    'platform/encryption/routes.ts',
    'platform/kernel/secret-file.ts',
  ],
  looks:
    'Compares the register of the keyring with the audit log and with the log of the root key’s keeper where it has one, both ways and by id, asks for keys at the service socket without a token and with a wrong one, and reads the permissions of the key files.',
  breaks:
    'Keys handed out without an event, an event without a use, a failure that nothing tells of, a use of the root key that only its keeper knows, one that its keeper does not know, a log that is not read, a socket that answers anybody and a key file that everybody may read must be found.',
  check: async (system) =>
    accessIsLogged(system, system, await keyDoors(system.serviceSocket, system.keysFolder)),
  knownBad: async (system) => {
    const closed = { statuses: [401, 401], open: [] }
    const access = () => ({
      id: newId(system.clock),
      at: system.clock.now(),
      tenant: PROVIDER,
      person: null,
      action: 'released' as const,
    })
    const early = (): Date => secondsAfter(system.clock.now(), -HOUR)
    return everyBreakFound({
      'a release without an event': await undone(system.keyring, async (keyring) => {
        await noteUsed(keyring, access())
        return accessIsLogged(system, { db: system.db, keyring }, closed)
      }),
      'an event without a use': await undone(system.db, async (db) => {
        const { id, tenant, action } = access()
        await system.record(db, useEvent(id, { tenant, action }))
        return accessIsLogged(system, { db, keyring: system.keyring }, closed)
      }),
      'a use that came to nothing unsaid': await undone(system.keyring, (keyring) =>
        undone(system.db, async (db) => {
          const { id, tenant, action, person } = access()
          await intendAccess(keyring, { id, at: early(), tenant, action, person })
          await system.record(db, useEvent(id, { tenant, action }))
          return accessIsLogged(system, { db, keyring }, closed)
        }),
      ),
      ...(await brokenLogs(system, closed)),
      'a socket that answers anybody': await withOpenSocket(async (path) =>
        accessIsLogged(system, system, await keyDoors(path, system.keysFolder)),
      ),
      'a key file that everybody may read': await withOpenFolder(async (folder) =>
        accessIsLogged(system, system, { ...closed, open: await openToOthers(folder) }),
      ),
    })
  },
})
