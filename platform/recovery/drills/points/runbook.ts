import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase } from '../../../db/index.ts'
import { rowsOfTables, startRestored } from '../../restore/index.ts'
import { PointFailed } from '../points.ts'
import { clusterPlace } from '../scratch.ts'
import type { DrillWorld } from '../world.ts'
import { quick } from './copies.ts'

/** Blocks of a runbook that a drill carries out begin with this line. */
const REHEARSED = /^ *```sh drill\n([\s\S]*?)^ *```$/gm
/** A runbook that takes longer is of no use. */
const WAIT_MS = 4 * 60 * 60_000
const SAID_CHARACTERS_MAX = 200

/** The lines of a runbook that are to be carried out, as they are written but for their indentation. */
export function rehearsedLines(runbook: string): readonly string[] {
  return [...runbook.matchAll(REHEARSED)].flatMap(([, block = '']) =>
    block
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  )
}

/** What stands for the places of the reader in a runbook; anything else in it is carried out as it is written. */
const PLACES = ['/mnt/backups', '/mnt/recovery-keys', '/srv/surety'] as const
type Places = Readonly<Record<(typeof PLACES)[number], string>>

function inPlaces(line: string, places: Places): string {
  return PLACES.reduce((text, place) => text.replaceAll(place, quoted(places[place])), line)
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`
}

/** Settings of the stores and the programs, which whoever follows the runbook has at hand; nothing of the lost machine. */
const AT_HAND =
  /^(?:BACKUP_(?:STORES|RESIDENCY|STORE_\w+|S3_\w+)|PG_BIN|AWS_[A-Z_]+|PATH|LANG|TZ|TMPDIR|NODE_EXTRA_CA_CERTS)$/

async function carriedOut(world: DrillWorld, folder: string, lines: readonly string[]): Promise<string> {
  const programs = join(folder, 'programs')
  await mkdir(programs, { recursive: true, mode: 0o755 })
  const npx = `#!/bin/sh\n[ "$1" = surety ] || exit 127\nshift\nexec ${quoted(process.execPath)} ${quoted(world.runbook.program)} "$@"\n`
  await writeFile(join(programs, 'npx'), npx)
  await chmod(join(programs, 'npx'), 0o755)
  const given = Object.entries(world.environment).filter(([name]) => AT_HAND.test(name))
  const env = {
    ...Object.fromEntries(given),
    HOME: folder,
    PATH: `${programs}:${world.environment['PATH'] ?? '/usr/bin:/bin'}`,
  }
  const script = ['set -eu', ...lines].join('\n')
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env, timeout: WAIT_MS, maxBuffer: 16 * 1_048_576 }
    execFile('sh', ['-c', script], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else
        reject(
          new PointFailed(
            `the runbook does not lead to the end: ${lastWords(stderr) || lastWords(stdout) || 'no word'}`,
          ),
        )
    })
  })
}

/** The end of what a program said, in one line. */
function lastWords(text: string): string {
  return text.trim().split('\n').slice(-2).join(' ').slice(0, SAID_CHARACTERS_MAX)
}

/**
 * Follows the runbook for a lost machine as somebody does who knows nothing else: its commands exactly as they are written, in a
 * shell without the settings of the running system, and serves what came of it. A runbook that went stale fails. Policy 6.2-c.
 */
export async function runbookLeads(world: DrillWorld): Promise<string> {
  const lines = rehearsedLines(await readFile(world.runbook.file, 'utf8'))
  if (lines.length === 0) throw new PointFailed('the runbook has no command to carry out')
  const folder = join(world.place, 'people')
  await mkdir(folder, { mode: 0o755 })
  const places = {
    '/mnt/backups': world.folders.backups,
    '/mnt/recovery-keys': world.folders.recoveryKeys,
    '/srv/surety': join(world.place, 'followed'),
  }
  const began = performance.now()
  await carriedOut(
    world,
    folder,
    lines.map((line) => inPlaces(line, places)),
  )
  const data = await clusterPlace(world.place, 'followed')
  const { server } = await startRestored({ folder: data, binaries: world.binaries, settings: quick(world) })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  try {
    const db = openDatabase(server.url('surety'), () => {}, { connectionsMax: 1 })
    try {
      const rows = [...(await rowsOfTables(db)).values()].reduce((sum, count) => sum + count, 0)
      return `${lines.length} commands of the runbook for a lost machine, exactly as they are written, led to a server with ${rows} rows within ${seconds} s`
    } finally {
      await db.destroy()
    }
  } finally {
    await server.stop()
  }
}
