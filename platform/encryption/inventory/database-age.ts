import { createReadStream } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Database } from '../../db/index.ts'
import { DAY, secondsBetween, type Clock } from '../../kernel/clock.ts'
import { serverFolderHere } from './open-system.ts'
import { serverVersion } from './queries.ts'

/**
 * When minor releases of PostgreSQL came out (postgresql.org/docs/release). A release that is missing here is only noticed by
 * the calendar: minor releases come every three months, so that a server whose own is older than that is behind.
 */
const RELEASED: Readonly<Record<string, string>> = {
  '15.15': '2025-11-13',
  '15.16': '2026-02-12',
  '15.17': '2026-02-26',
  '15.18': '2026-05-14',
  '16.11': '2025-11-13',
  '16.12': '2026-02-12',
  '16.13': '2026-02-26',
  '16.14': '2026-05-14',
  '17.7': '2025-11-13',
  '17.8': '2026-02-12',
  '17.9': '2026-02-26',
  '17.10': '2026-05-14',
  '18.0': '2025-09-25',
  '18.1': '2025-11-13',
  '18.2': '2026-02-12',
  '18.3': '2026-02-26',
  '18.4': '2026-05-14',
}

/** From one planned minor release to the next, with two weeks to install it (seconds). */
const MINOR_SECONDS_MAX = 105 * DAY
/** Versions of OpenSSL that nobody mends any more, by their beginning, with the day of the end (openssl-library.org). */
const ENDED: readonly (readonly [start: string, ended: string])[] = [
  ['1.0.', '2019-12-31'],
  ['1.1.0', '2019-09-11'],
  ['1.1.1', '2023-09-11'],
  ['3.1', '2025-03-14'],
  ['3.2', '2025-11-23'],
  ['3.3', '2026-04-09'],
  ['3.4', '2026-10-22'],
  ['3.0', '2026-09-07'],
]

/** What is old about a database server; empty when nothing is known to be. */
export function ageNotes(
  server: { readonly number: number; readonly openssl: string | null },
  now: Date,
): string[] {
  const version = `${Math.floor(server.number / 10_000)}.${server.number % 10_000}`
  const major = `${Math.floor(server.number / 10_000)}.`
  const newer = Object.entries(RELEASED)
    .filter(([name, on]) => name.startsWith(major) && minorOf(name) > minorOf(version) && new Date(on) <= now)
    .map(([name]) => name)
    .toSorted((a, b) => minorOf(a) - minorOf(b))
  const released = RELEASED[version]
  const days = released === undefined ? 0 : Math.floor(secondsBetween(new Date(released), now) / DAY)
  const late = newer.length > 0 || (released !== undefined && days * DAY > MINOR_SECONDS_MAX)
  const than = newer.length > 0 ? `${newer.at(-1) ?? ''} is out` : 'newer ones have come out since'
  const ended = ENDED.find(([start]) => server.openssl?.startsWith(start))
  return [
    ...(late
      ? [`PostgreSQL ${version} is ${released === undefined ? 'old' : `${days} days old`}; ${than}.`]
      : []),
    ...(ended !== undefined && new Date(ended[1]) <= now
      ? [
          `The database brings OpenSSL ${server.openssl ?? ''} along, which has had no fixes since ${ended[1]}.`,
        ]
      : []),
  ]
}

function minorOf(version: string): number {
  return Number(version.split('.')[1])
}

/** The version that a library of OpenSSL names in its bytes, e.g. `1.1.1`; null when it names none. */
export async function opensslIn(file: string): Promise<string | null> {
  let rest = ''
  for await (const piece of createReadStream(file, { encoding: 'latin1' })) {
    const text = rest + String(piece)
    const named = /OpenSSL (?<version>\d+\.\d+\.\d+[a-z]*)\s+\d+ [A-Z][a-z]{2} \d{4}/.exec(text)
    if (named !== null) return named.groups?.['version'] ?? null
    rest = text.slice(-64)
  }
  return null
}

/** The version of OpenSSL in a folder of libraries. */
async function opensslBeside(folder: string): Promise<string | null> {
  const names = await readdir(folder).catch(() => [])
  const library = names.find((name) => /^libcrypto(\.so|-|\.\d+\.dylib|\.dylib)/.test(name))
  return library === undefined ? null : opensslIn(join(folder, library))
}

/** The folder of libraries beside the program of the server that runs on a data folder of this machine. */
async function librariesOf(serverFolder: string): Promise<string | null> {
  const [id = ''] = (await readFile(join(serverFolder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  if (!/^\d+$/.test(id)) return null
  const program = await readlink(join('/proc', id, 'exe')).catch(() => null)
  return program === null ? null : join(dirname(program), '../lib')
}

/** What is old about the database server in use, in sentences for whoever runs it; its OpenSSL where it runs here. */
export async function databaseAgeNotes(db: Database, clock: Clock): Promise<string[]> {
  const { number } = await serverVersion(db)
  const server = await serverFolderHere(db)
  const libraries = server === null ? null : await librariesOf(server)
  return ageNotes(
    { number, openssl: libraries === null ? null : await opensslBeside(libraries) },
    clock.now(),
  )
}
