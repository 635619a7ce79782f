import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** One of the two places that a database may be in. */
export type SiteName = 'a' | 'b'

/** Which site takes writes; `switchingTo` stands from before the old one is fenced until the new one is promoted. */
export interface SiteState {
  readonly primary: SiteName
  readonly switchingTo: SiteName | null
  /** How often the primary changed. */
  readonly term: number
}

const FIRST: SiteState = { primary: 'a', switchingTo: null, term: 0 }

/** The other one. */
export function otherSite(site: SiteName): SiteName {
  return site === 'a' ? 'b' : 'a'
}

function read(text: string, path: string): SiteState {
  const state = JSON.parse(text) as Partial<SiteState>
  const known = (site: unknown): site is SiteName => site === 'a' || site === 'b'
  if (!known(state.primary) || !Number.isInteger(state.term))
    throw new Error(`${path} does not say which database takes writes; nothing was started`)
  return { primary: state.primary, term: Number(state.term), switchingTo: state.switchingTo ?? null }
}

/** The state in a file; the first site takes writes where there is none. */
export async function readSiteState(path: string): Promise<SiteState> {
  try {
    return read(await readFile(path, 'utf8'), path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return FIRST
    throw error
  }
}

/** Keeps the state, durable before it returns: a start after a power cut must not wake the server that was replaced. */
export function keepSiteState(path: string, state: SiteState): Promise<void> {
  return keepDurably(path, JSON.stringify(state))
}

/** Writes a file in one step, durable before it returns. */
export async function keepDurably(path: string, text: string): Promise<void> {
  const beside = `${path}.new`
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
