import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { askOutside, type OutgoingAnswer } from '../../kernel/outgoing.ts'
import { withProbeFolder } from '../../kernel/probe-folder.ts'
import { Problem } from '../../kernel/problem.ts'
import { z } from '../../kernel/schema.ts'
import { foundRules, nameInSet, readRuleFolder, type FoundRules } from './rule-folder.ts'
import { readTarGz } from './tar.ts'

/**
 * The release of the Core Rule Set that is fetched unless told otherwise. The fingerprint is that of its rules, data and
 * setup (see `FoundRules`), so that it does not matter who packed or handed over the archive.
 */
export const PINNED = '4.28.0:1bce134283a9db847fc394aea6fd4f1c5b0ef983ffab433e16ac9d213e951e9a'

/** A set that was fetched, and where from. */
export interface FetchedRules extends FoundRules {
  readonly source: { readonly kind: 'release' | 'package' | 'folder'; readonly from: string }
}

/** Asks for an address; the outside world in one function, so that tests bring their own. */
export type Ask = (url: URL) => Promise<OutgoingAnswer>

/** Runs a program of the system in a folder. */
export type RunProgram = (program: string, args: readonly string[], folder: string) => Promise<void>

/** Where rules come from. */
export interface RuleSource {
  /** The pinned release, else the distribution's package; throws `firewall.unavailable` with both reasons. */
  fetch(): Promise<FetchedRules>
  /** The newest version that the kind of source has now. */
  newest(kind: 'release' | 'package' | 'folder', from: string): Promise<string>
}

const RELEASES = 'https://github.com/coreruleset/coreruleset/releases/download'
const NEWEST = 'https://api.github.com/repos/coreruleset/coreruleset/releases/latest'
const PACKAGE = 'modsecurity-crs'
const REDIRECTS_MAX = 4

const ordinaryAsk: Ask = (url) =>
  askOutside(url, {
    timeoutMs: 60_000,
    bytesMax: 16 * 1024 * 1024,
    headers: { 'user-agent': 'surety', accept: '*/*' },
  })

const ordinaryRun: RunProgram = async (program, args, folder) => {
  await promisify(execFile)(program, args, {
    cwd: folder,
    timeout: 120_000,
    env: { ...process.env, LC_ALL: 'C' },
  })
}

/** Opens the source; `release` is `VERSION:FINGERPRINT`, empty for the pinned one. */
export function openRuleSource(
  release: string,
  ask: Ask = ordinaryAsk,
  run: RunProgram = ordinaryRun,
): RuleSource {
  const [version = '', fingerprint = ''] = (release === '' ? PINNED : release).split(':')
  return {
    fetch: async () => {
      const fromRelease = await attempt(() => fetchRelease(ask, version, fingerprint))
      if ('found' in fromRelease) return fromRelease.found
      const fromPackage = await attempt(() => fetchPackage(run))
      if ('found' in fromPackage) return fromPackage.found
      throw new Problem(
        'firewall.unavailable',
        `The release ${version}: ${fromRelease.reason}. The package ${PACKAGE}: ${fromPackage.reason}.`,
      )
    },
    newest: async (kind, from) => {
      if (kind === 'release') return newestRelease(ask)
      return kind === 'package' ? (await fetchPackage(run)).version : (await readRuleFolder(from)).version
    },
  }
}

async function attempt(
  fetch: () => Promise<FetchedRules>,
): Promise<{ readonly found: FetchedRules } | { readonly reason: string }> {
  try {
    return { found: await fetch() }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason =
      error instanceof Problem ? error.detail.replace(/\.$/, '') : (code ?? message.split('\n')[0] ?? '')
    return { reason }
  }
}

/** Follows redirects over TLS; what comes is judged by its fingerprint, not by who sent it. */
async function download(ask: Ask, url: URL, left = REDIRECTS_MAX): Promise<Buffer> {
  const answer = await ask(url)
  const location = answer.headers['location']
  if (answer.status >= 300 && answer.status < 400 && typeof location === 'string' && left > 0) {
    const next = new URL(location, url)
    if (next.protocol !== 'https:') throw new Problem('firewall.unavailable', 'the redirect leaves TLS')
    return download(ask, next, left - 1)
  }
  if (answer.status !== 200)
    throw new Problem('firewall.unavailable', `${url.hostname} answered ${answer.status}`)
  return answer.body
}

async function fetchRelease(ask: Ask, version: string, fingerprint: string): Promise<FetchedRules> {
  const from = `${RELEASES}/v${version}/coreruleset-${version}-minimal.tar.gz`
  const archive = await download(ask, new URL(from))
  const files = new Map<string, Buffer>()
  for (const { path, content } of readTarGz(archive)) {
    const name = nameInSet(path)
    if (name !== undefined && !name.startsWith('plugins/')) files.set(name, content)
  }
  const found = foundRules(files)
  if (found.fingerprint !== fingerprint)
    throw new Problem(
      'firewall.unusable',
      `the archive's rules have the fingerprint ${found.fingerprint}, not ${fingerprint}`,
    )
  return { ...found, source: { kind: 'release', from } }
}

/** The package manager compares the package with the distribution's signed lists; nothing is installed. */
function fetchPackage(run: RunProgram): Promise<FetchedRules> {
  return withProbeFolder(async (folder) => {
    // Run by root, it would leave its own user unable to write here, and warns.
    await run('apt-get', ['-q', 'download', '-o', 'APT::Sandbox::User=root', PACKAGE], folder)
    const file = (await readdir(folder)).find((name) => name.endsWith('.deb'))
    if (file === undefined) throw new Problem('firewall.unavailable', 'the distribution has no such package')
    await run('dpkg-deb', ['-x', file, 'unpacked'], folder)
    const found = await readRuleFolder(join(folder, 'unpacked/usr/share', PACKAGE))
    return { ...found, source: { kind: 'package', from: file } }
  })
}

const latest = z.object({ tag_name: z.string().regex(/^v?\d+\.\d+\.\d+$/) })

async function newestRelease(ask: Ask): Promise<string> {
  const answer = await download(ask, new URL(NEWEST))
  const parsed = latest.safeParse(JSON.parse(answer.toString('utf8')))
  if (!parsed.success) throw new Problem('firewall.unavailable', 'the answer names no release')
  return parsed.data.tag_name.replace(/^v/, '')
}
