import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Found } from './attackers.ts'

/** What the policy of one run says otherwise. */
export interface PolicyEdits {
  /** Budgets so high that the tools never meet them. */
  readonly liftedLimits: boolean
  readonly paranoia: number
  /** Whether the firewall blocks, or only sees. */
  readonly blocks: boolean
}

const policyFolder = fileURLToPath(new URL('../../../policy', import.meta.url))

/** A copy of the published policy with these values; whoever asks removes the folder. */
export async function editedPolicy(edits: PolicyEdits): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-policy-'))
  await cp(policyFolder, folder, { recursive: true })
  const file = join(folder, '04-network.md')
  let text = await readFile(file, 'utf8')
  const set = (name: string, value: string): void => {
    const edited = text.replace(
      new RegExp(`\\[[^\\]]+\\]\\(set:${name.replace('.', '\\.')}\\)`),
      `[${value}](set:${name})`,
    )
    if (edited === text && !text.includes(`[${value}](set:${name})`))
      throw new Error(`the policy has no ${name}`)
    text = edited
  }
  set('waf.paranoia', String(edits.paranoia))
  set('waf.mode', edits.blocks ? 'blocks' : 'reports')
  if (edits.liftedLimits) {
    set('rate.network', '1,000,000 requests a minute')
    set('api.rate', '6,000 requests a minute')
    set('rate.sign-in', '600 requests a minute')
  }
  await writeFile(file, text)
  return folder
}

/** Requests of one time by what became of them. */
export interface Answered {
  readonly requests: number
  /** Refused with 403. */
  readonly blocked: number
  /** Refused because there were too many. */
  readonly limited: number
  /** Refused with another 4xx before anything was asked, such as an ambiguous address. */
  readonly malformed: number
}

/**
 * Counts requests by the lines of the log of a running system. The platform's own checks ask sign-in again and again,
 * so only routes of the attacked part count; what the firewall stops or nobody could read has none.
 */
export function answeredCounter(varFolder: string, routes: RegExp): () => Promise<Answered> {
  const folder = join(varFolder, 'log')
  const all = async (): Promise<Answered> => {
    const names = (await readdir(folder)).filter((name) => name.startsWith('surety.log'))
    const count = { requests: 0, blocked: 0, limited: 0, malformed: 0 }
    for (const name of names)
      for (const [, route = '', status] of (await readFile(join(folder, name), 'utf8')).matchAll(
        /"method":"[^"]*","route":"([^"]*)","status":(\d+)/g,
      )) {
        if (!['firewall', 'none'].includes(route) && !routes.test(route)) continue
        count.requests += 1
        if (status === '403') count.blocked += 1
        else if (status === '429') count.limited += 1
        else if (['400', '413', '414', '421', '431'].includes(status ?? '')) count.malformed += 1
      }
    return count
  }
  let before: Answered = { requests: 0, blocked: 0, limited: 0, malformed: 0 }
  return async () => {
    const now = await all()
    const since = {
      requests: now.requests - before.requests,
      blocked: now.blocked - before.blocked,
      limited: now.limited - before.limited,
      malformed: now.malformed - before.malformed,
    }
    before = now
    return since
  }
}

/** Removes folders that were made for a run. */
export async function removeAll(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
}

/** What every part works with. */
export interface Stage {
  /** Where the tools write. */
  readonly folder: string
  readonly rules: string
  readonly tools: Readonly<Record<'sqlmap' | 'wapiti' | 'testssl', string | null>>
  readonly paranoia: number
  /** How long one run of a tool may take. */
  readonly seconds: number
}

/** One run of a tool. */
export interface Row {
  readonly run: string
  /** What became of its requests; null where nobody counted. */
  readonly answered: Answered | null
  /** Requests that reached the service behind; null where there is none of ours. */
  readonly arrived: number | null
  readonly found: Found
  /** Whether it found what it should, or nothing where it should find nothing. */
  readonly expected: boolean
}

/** The rows as a table of Markdown, and what was found below it. */
export function table(rows: readonly Row[]): string {
  const number = (one: number | null | undefined): string =>
    one === null || one === undefined ? '' : String(one)
  const lines = rows.map(({ run, answered, arrived, found, expected }) => {
    const cells = [
      run,
      number(answered?.requests ?? arrived),
      number(answered?.blocked),
      number(answered?.malformed),
      number(answered?.limited),
      answered === null ? '' : number(arrived),
      `${found.findings.length}${expected ? '' : ' (!)'}`,
      `${found.seconds.toFixed(0)} s${found.whole ? '' : ', cut off'}`,
    ]
    return `| ${cells.join(' | ')} |`
  })
  const head = '| run | requests | blocked | malformed | limited | arrived | findings | took |'
  const found = rows.flatMap(({ run, found }) => found.findings.map((finding) => `  ${run}: ${finding}`))
  return [head, '| --- | --- | --- | --- | --- | --- | --- | --- |', ...lines, ...found].join('\n')
}
