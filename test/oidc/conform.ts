import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { noBrowser } from '../journey/browser.ts'
import { basicCases, type Case } from './basic-cases.ts'
import { logoutCases } from './logout-cases.ts'
import { requestCases } from './request-cases.ts'
import { openRig, type Rig } from './rig.ts'

/** The list of behaviours, one `testName = "…"` a line. */
const LIST = 'oidc-conformance-modules.txt'
/** No behaviour takes longer; one of them waits half a minute on purpose. */
const CASE_MS_MAX = 120_000

const cases: Readonly<Record<string, Case>> = { ...basicCases, ...requestCases, ...logoutCases }

/** What the run came to. */
export interface OidcConformance {
  readonly passed: number
  readonly failed: readonly string[]
}

/**
 * Shows every behaviour on the list, of OpenID Connect's basic, logout and back-channel profiles, with an independent
 * client library and a browser. A behaviour that nobody wrote a case for has failed, and so have all without a browser.
 * `SURETY_OIDC_ONLY` names a few of them, separated by commas.
 */
export async function conformOidc(folder: string): Promise<OidcConformance> {
  const file = existsSync(join(folder, LIST)) ? join(folder, LIST) : folder
  const names = [...(await readFile(file, 'utf8')).matchAll(/^testName = "([\w-]+)"/gm)].map(
    (found) => found[1] ?? '',
  )
  const wanted = process.env['SURETY_OIDC_ONLY'] ?? ''
  const chosen = wanted === '' ? names : names.filter((name) => wanted.split(',').includes(name))
  if (noBrowser !== false) return { passed: 0, failed: chosen.map((name) => `${name}: ${noBrowser}`) }
  const rig = await openRig()
  const failed: string[] = []
  try {
    for (const name of chosen) {
      const wrong = await attempt(rig, name)
      if (wrong !== null) failed.push(`${name}: ${wrong}`)
      for (const context of rig.browser.contexts()) await context.close()
    }
  } finally {
    await rig.close()
  }
  return { passed: chosen.length - failed.length, failed }
}

async function attempt(rig: Rig, name: string): Promise<string | null> {
  const run = Object.hasOwn(cases, name) ? cases[name] : undefined
  if (run === undefined) return 'nobody wrote a case for it'
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it took too long')), CASE_MS_MAX)
  })
  try {
    await Promise.race([run(rig), late])
    return null
  } catch (error) {
    return reasonOf(error)
  } finally {
    clearTimeout(timer)
  }
}

function reasonOf(error: unknown): string {
  const { message, error_description: more } = error as Error & { readonly error_description?: string }
  return [message, more].filter((part) => part !== undefined).join(': ')
}
