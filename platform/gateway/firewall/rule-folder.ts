import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, posix, resolve } from 'node:path'
import { Problem } from '../../kernel/problem.ts'

/** The files of a Core Rule Set by their names in it (`crs-setup.conf`, `rules/REQUEST-901-….conf`), as they are. */
export type RuleSetFiles = ReadonlyMap<string, Buffer>

/** A set that was found in a folder. */
export interface FoundRules {
  readonly files: RuleSetFiles
  /** SHA-256 over names and contents of `rules/` and the setup that came with them. */
  readonly fingerprint: string
  /** As the rules say themselves, `4.28.0`; empty when they do not. */
  readonly version: string
}

/** Far above what any release holds; a folder given by mistake is not read into memory. */
const BYTES_MAX = 32 * 1024 * 1024
const FILES_MAX = 2000

/** What belongs to a set: rules, the lists that they read, and plug-ins. */
const PART = /^(rules|plugins)\/[\w.-]+\.(conf|data)$/
const SETUPS = ['crs-setup.conf', 'crs-setup.conf.example']

/** Values that the policy and the reviewed file govern, or that would do nothing here; a setup that gives them would come after and win. */
const GOVERNED =
  /setvar:'?tx\.(blocking_paranoia_level|detection_paranoia_level|paranoia_level|executing_paranoia_level|inbound_anomaly_score_threshold|outbound_anomaly_score_threshold|early_blocking|sampling_percentage|high_risk_country_codes|block_(?:search|suspicious|harvester|spammer)_ip)\s*=/i

/**
 * Finds the set in a folder: a release unpacked, its `rules` folder itself, or a distribution's package, whose setup lies
 * below `/etc`. Throws `firewall.unusable`, which names what was expected.
 */
export async function readRuleFolder(folder: string): Promise<FoundRules> {
  const root = (await holdsRules(join(folder, 'rules')))
    ? folder
    : (await holdsRules(folder))
      ? dirname(folder)
      : unusable(`${folder} holds no rules/*.conf of the Core Rule Set.`)
  const rules = root === folder ? 'rules' : basename(folder)
  const files = new Map<string, Buffer>()
  await take(files, 'rules', join(root, rules))
  await take(files, 'plugins', join(root, 'plugins'))
  // Debian keeps what an operator may change below /etc; an unpacked package has the same shape.
  const beside = /\/usr\/share\/[^/]+$/.test(resolve(root))
    ? [join(root, '../../../etc/modsecurity/crs')]
    : []
  for (const place of [root, ...beside]) {
    const setup = files.has('crs-setup.conf') ? undefined : await readSetup(place)
    if (setup !== undefined) files.set('crs-setup.conf', setup)
  }
  return foundRules(files)
}

/** Judges files that came from a folder or an archive. */
export function foundRules(files: RuleSetFiles): FoundRules {
  const setup =
    files.get('crs-setup.conf') ?? unusable('The set has no crs-setup.conf nor crs-setup.conf.example.')
  for (const [name, content] of files)
    if (name === 'crs-setup.conf') refuseGoverned(content.toString('latin1'))
  const sorted = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const sums = sorted.map(([name, content]) => `${sha256(content)}  ${name}\n`).join('')
  const version =
    [...files.values(), setup]
      .map((content) => versionIn(content.toString('latin1')))
      .find((one) => one !== '') ?? ''
  return { files, fingerprint: sha256(sums), version }
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function versionIn(text: string): string {
  return /SecComponentSignature\s+"OWASP_CRS\/(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? ''
}

function refuseGoverned(text: string): void {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => !line.trimStart().startsWith('#') && GOVERNED.test(line))
  if (at >= 0)
    unusable(
      `crs-setup.conf:${at + 1} sets what the policy and the firewall's reviewed file set, or what the firewall knows nothing of; take it out there.`,
    )
}

async function holdsRules(folder: string): Promise<boolean> {
  const names = await namesIn(folder)
  return names.some((name) => /^REQUEST-901-.*\.conf$/.test(name))
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

async function take(files: Map<string, Buffer>, as: string, folder: string): Promise<void> {
  let bytes = [...files.values()].reduce((sum, one) => sum + one.length, 0)
  for (const name of (await namesIn(folder)).toSorted()) {
    const inSet = posix.join(as, name)
    if (!PART.test(inSet)) continue
    const path = join(folder, name)
    const { size } = await stat(path)
    bytes += size
    if (bytes > BYTES_MAX || files.size >= FILES_MAX)
      unusable('The set is larger than any release of the Core Rule Set.')
    files.set(inSet, await readFile(path))
  }
}

async function readSetup(folder: string): Promise<Buffer | undefined> {
  for (const name of SETUPS) {
    try {
      return await readFile(join(folder, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return undefined
}

/** The name in a set that a file of an archive has, or undefined for what does not belong to it; the archive's own top folder is left out. */
export function nameInSet(path: string): string | undefined {
  const inside = path.replace(/^\.\//, '').replace(/^[^/]+\//, '')
  if (inside === 'crs-setup.conf.example') return 'crs-setup.conf'
  return PART.test(inside) ? inside : undefined
}

function unusable(detail: string): never {
  throw new Problem('firewall.unusable', detail)
}
