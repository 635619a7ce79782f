import type { AnyParameter } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import type { Database } from '../db/index.ts'
import { clauseCatalogue } from './clause-catalogue.ts'
import { compilePolicy, type CompiledPolicy, textHash } from './compile.ts'
import { storedVersions, versionFiles, type StoredVersion } from './queries.ts'
import { showCompileError } from './sentence.ts'
import type { PolicySigner } from './signing-key.ts'
import type { PolicyFile } from './text.ts'
import { statementBytes } from './version-statement.ts'

/** Every version's signed statement, and the text of the newest. */
export interface SignedPolicy {
  /** Oldest first; never empty. */
  readonly versions: readonly StoredVersion[]
  readonly newest: StoredVersion
  readonly files: readonly PolicyFile[]
}

/** What is needed to read and to verify the published policy. */
export interface PublishedDeps {
  readonly db: Database
  readonly signer: Pick<PolicySigner, 'id' | 'verify'>
  readonly parameters: readonly AnyParameter[]
}

/** The text as the compiler reads it; `policy.malformed` with every complaint when it does not compile. */
export function compileText(
  files: readonly PolicyFile[],
  parameters: readonly AnyParameter[],
): CompiledPolicy {
  const compiled = compilePolicy(files, parameters, clauseCatalogue)
  if (!('errors' in compiled)) return compiled
  throw new Problem('policy.malformed', compiled.errors.map(showCompileError).join('\n'))
}

/** The words of every value of a compiled text. */
export function valueTextsOf(compiled: CompiledPolicy): Record<string, string> {
  return Object.fromEntries([...compiled.values].map(([name, { text }]) => [name, text]))
}

/**
 * Reads every version and verifies numbers, dates, signatures and the hash of the newest text; null when nothing was
 * published. Throws `policy.unsigned` for anything that does not verify: such a policy is never obeyed.
 */
export async function loadSigned(deps: Omit<PublishedDeps, 'parameters'>): Promise<SignedPolicy | null> {
  const versions = await storedVersions(deps.db)
  const newest = versions.at(-1)
  if (newest === undefined) return null
  verifyVersions(versions, deps.signer)
  const files = (await versionFiles(deps.db, newest.number)) ?? []
  verifyText(newest, files)
  return { versions, newest, files }
}

/** Throws `policy.unsigned` unless the text is the one that the version's signature covers. */
export function verifyText(version: StoredVersion, files: readonly PolicyFile[]): void {
  if (Buffer.from(textHash(files), 'hex').equals(version.textHash)) return
  throw new Problem(
    'policy.unsigned',
    `The text of version ${version.number} is not the text that was signed.`,
  )
}

/** Throws `policy.unsigned` unless the versions are numbered from 1 without gaps, in order of time, and all signed. */
function verifyVersions(
  versions: readonly StoredVersion[],
  signer: Pick<PolicySigner, 'id' | 'verify'>,
): void {
  for (const [index, version] of versions.entries()) {
    const refuse = (why: string): never => {
      throw new Problem('policy.unsigned', `Version ${version.number} of the policy ${why}.`)
    }
    if (version.number !== index + 1) refuse('does not follow the one before it')
    const before = versions[index - 1]
    if (before !== undefined && before.publishedAt > version.publishedAt)
      refuse('is older than the one before it')
    if (version.signer !== signer.id) refuse('is signed with another key than that of this installation')
    if (!signer.verify(statementBytes(version), version.signature))
      refuse('has a signature that does not verify')
  }
}
