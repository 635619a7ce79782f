import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Problem } from '../../kernel/problem.ts'
import { z } from '../../kernel/schema.ts'
import { sha256, type FoundRules, type RuleSetFiles } from './rule-folder.ts'

const HASH = /^[0-9a-f]{64}$/

const manifest = z.strictObject({
  fingerprint: z.string().regex(HASH),
  version: z.string(),
  source: z.strictObject({ kind: z.enum(['release', 'package', 'folder']), from: z.string() }),
  fetchedAt: z.iso.datetime(),
  /** When the source last said what it has; its newest version then. */
  comparedAt: z.iso.datetime(),
  newest: z.string(),
  files: z.record(z.string(), z.string().regex(HASH)),
})

/** What is known of a kept set: where it came from, when, and what each file was. */
export type RulesManifest = z.output<typeof manifest>

/** A kept set with its files. */
export interface KeptRules {
  readonly manifest: RulesManifest
  readonly files: RuleSetFiles
}

/** Sets that stay beside the one in use. */
const KEPT_MAX = 4

/** The kept sets of an installation; files are closed to other users and are compared with the manifest when read. */
export interface RuleStore {
  /** Keeps a set; one that is there already gets the manifest anew. */
  keep(
    found: FoundRules,
    about: Pick<RulesManifest, 'source' | 'fetchedAt' | 'newest'>,
  ): Promise<RulesManifest>
  /** Makes a kept set the one that the next start begins with. */
  use(fingerprint: string): Promise<void>
  /** The set in use; null when there is none yet. Throws `firewall.unusable` when its files are not what they were. */
  current(): Promise<KeptRules | null>
  /** Notes that the source was asked. */
  noteCompared(fingerprint: string, at: Date, newest: string): Promise<void>
}

/** Opens the store below the data folder. */
export function openRuleStore(folder: string): RuleStore {
  const placeOf = (fingerprint: string): string => join(folder, fingerprint)
  const manifestOf = async (fingerprint: string): Promise<RulesManifest> =>
    manifest.parse(JSON.parse(await readFile(join(placeOf(fingerprint), 'manifest.json'), 'utf8')))
  const inUse = async (): Promise<string | null> => {
    const text = await readIfThere(join(folder, 'current'))
    return text !== null && HASH.test(text.trim()) ? text.trim() : null
  }
  return {
    keep: async (found, about) => {
      const place = placeOf(found.fingerprint)
      const files = Object.fromEntries([...found.files].map(([name, content]) => [name, sha256(content)]))
      const { fingerprint, version } = found
      const made: RulesManifest = { fingerprint, version, ...about, comparedAt: about.fetchedAt, files }
      for (const [name, content] of found.files) await write(join(place, 'files', name), content)
      await write(join(place, 'manifest.json'), `${JSON.stringify(made, null, 2)}\n`)
      return made
    },
    use: async (fingerprint) => {
      await write(join(folder, 'current'), `${fingerprint}\n`)
      await prune(folder, fingerprint)
    },
    current: async () => {
      const fingerprint = await inUse()
      if (fingerprint === null) return null
      const about = await manifestOf(fingerprint)
      return { manifest: about, files: await readKept(join(placeOf(fingerprint), 'files'), about) }
    },
    noteCompared: async (fingerprint, at, newest) => {
      const changed = { ...(await manifestOf(fingerprint)), comparedAt: at.toISOString(), newest }
      await write(join(placeOf(fingerprint), 'manifest.json'), `${JSON.stringify(changed, null, 2)}\n`)
    },
  }
}

async function readKept(folder: string, { files }: RulesManifest): Promise<RuleSetFiles> {
  const read = new Map<string, Buffer>()
  for (const [name, hash] of Object.entries(files)) {
    const content = await readFile(join(folder, name))
    if (sha256(content) !== hash)
      throw new Problem('firewall.unusable', `The kept file ${name} is not the one that was fetched.`)
    read.set(name, content)
  }
  return read
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** A file appears whole or not at all. */
async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.new`, content, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

async function prune(folder: string, inUse: string): Promise<void> {
  const kept = (await readdir(folder)).filter((name) => HASH.test(name) && name !== inUse)
  const dated = await Promise.all(
    kept.map(async (name) => {
      const text = await readIfThere(join(folder, name, 'manifest.json'))
      const parsed = text === null ? undefined : manifest.safeParse(JSON.parse(text)).data
      return { name, at: parsed?.fetchedAt ?? '' }
    }),
  )
  const old = dated.toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(KEPT_MAX)
  for (const { name } of old) await rm(join(folder, name), { recursive: true, force: true })
}
