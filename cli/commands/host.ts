import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { judge, lookAtDisks, lookAtSwap, writeReport, type Judgement } from '../../engines/disks/index.ts'
import type { Command } from '../command.ts'
import { age, columns, facts } from '../plain-text.ts'
import { pipedText } from '../standard-input.ts'

const BY: Readonly<Record<Judgement['by'], string>> = {
  'dm-crypt': 'encrypted (dm-crypt)',
  statement: 'encrypted, as its provider states',
  memory: 'in memory',
  nothing: 'NOT encrypted',
}

/** The key that this server signs its reports with, made when there is none, readable by its owner alone. */
async function hostKey(folder: string): Promise<KeyObject> {
  const path = join(folder, 'host.key')
  const known = await readFile(path).catch(() => null)
  if (known !== null) return createPrivateKey(known)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { privateKey } = generateKeyPairSync('ed25519')
  const beside = `${path}.${process.pid.toString(16).padStart(12, '0')}`
  await writeFile(beside, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
  try {
    // A link refuses to replace what another call made meanwhile.
    await link(beside, path)
  } finally {
    await rm(beside, { force: true })
  }
  return privateKey
}

/** `surety host report`: this server's disks, signed, for another one that runs Surety. */
export const hostReport: Command = {
  name: 'host report',
  takes: '[DIR…]',
  says: 'print a signed line about what encrypts the disks of this server, for `host accept` elsewhere',
  words: { min: 0, max: 50 },
  flags: { show: { says: 'show it in words instead' } },
  run: async ({ words, config, has, now, width }) => {
    const folders = ['/', tmpdir(), ...(words.length === 0 ? [config.SURETY_VAR, config.SURETY_KEYS] : words)]
    const wanted = [...new Set(folders.map((folder) => resolve(folder)))]
    const disks = [...(await lookAtDisks('/', wanted)), ...(await lookAtSwap('/'))]
    const judged = disks.map((one) => judge(one, config.DISK_STATEMENTS))
    const line = writeReport({ host: hostname(), at: now, disks }, await hostKey(config.SURETY_KEYS))
    const shown = judged.map(({ folder, by, chain }) => [folder, `${BY[by]}: ${chain}`] as const)
    return {
      ok: judged.every(({ by }) => by !== 'nothing'),
      json: { host: hostname(), disks: judged, report: line },
      lines: has('show') ? facts(shown, width) : [line],
    }
  },
}

/** `surety host accept`: takes the line that another server printed. */
export const hostAccept: Command = {
  name: 'host accept',
  takes: '',
  says: 'take the report of another server from standard input',
  words: { min: 0, max: 0 },
  flags: { enrol: { says: 'also when it is the first of that server' } },
  run: async ({ operator, has }) => {
    const body = { report: await pipedText('the report'), enrol: has('enrol') }
    const taken = await operator.call('POST /hosts', { body })
    return { ok: true, json: taken, lines: [`${taken.name} has reported.`] }
  },
}

/** `surety host list`: the servers that are expected to report. */
export const hostList: Command = {
  name: 'host list',
  takes: '',
  says: 'the other servers that report their disks, and what they said',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator, now }) => {
    const found = await operator.call('GET /hosts')
    const rows = found.hosts.flatMap(({ name, reportedAt, stale, disks }) =>
      disks.map(({ folder, by, chain }) => [
        name,
        `${age(reportedAt, now)}${stale ? ', SILENT' : ''}`,
        folder,
        `${BY[by]}: ${chain}`,
      ]),
    )
    const lines = rows.length === 0 ? ['No other server reports here.'] : columns(rows)
    return { ok: found.hosts.every(({ stale }) => !stale), json: found, lines }
  },
}

/** `surety host retire`: expects nothing of a server any more. */
export const hostRetire: Command = {
  name: 'host retire',
  takes: 'NAME',
  says: 'expect no reports of a server any more',
  words: { min: 1, max: 1 },
  flags: {},
  run: async ({ operator, words }) => {
    const name = words[0] ?? ''
    const retired = await operator.call('DELETE /hosts/:name', { params: { name } })
    return { ok: true, json: retired, lines: [`${name} is not expected to report any more.`] }
  },
}

/** `surety stores`: everything that the product keeps, and how it is protected. */
export const stores: Command = {
  name: 'stores',
  takes: '',
  says: 'every table, folder, queue and log: what it holds, how it is encrypted, how it comes back',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator }) => {
    const found = await operator.call('GET /stores')
    const rows = found.stores.map(({ name, holds, encryption, backup }) => [
      name,
      holds,
      encryption,
      backup.tier,
    ])
    return { ok: true, json: found, lines: columns(rows) }
  },
}
