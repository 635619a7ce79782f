import { generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { join } from 'node:path'
import type { Client } from 'acme-client'
import { secretFile } from '../kernel/secret-file.ts'
import type { CertificatePair } from './certificate-files.ts'

/** Where certificates are ordered, and as whom. */
export interface AcmeAccount {
  /** URL of the authority's directory (RFC 8555 §7.1.1). */
  readonly directory: string
  /** Mail address that the authority may write to; empty: none. */
  readonly contact: string
  /** PEM file of authorities to trust besides those of the system, for a private authority; empty: none. */
  readonly authorityFile: string
  /** Key id and HMAC key of an account that exists already (§7.3.4), as `id:key`; empty: none. */
  readonly binding: string
}

/** Answers to the authority's http-01 challenges (§8.3), which the plain port gives while an order is open. */
export interface Challenges {
  put(token: string, answer: string): void
  drop(token: string): void
  /** The answer for an address, or null when nobody asked for one there. */
  answerAt(target: string): string | null
}

const CHALLENGE_PATH = '/.well-known/acme-challenge/'

/** Opens an empty set of answers. */
export function openChallenges(): Challenges {
  const answers = new Map<string, string>()
  return {
    put: (token, answer) => void answers.set(token, answer),
    drop: (token) => void answers.delete(token),
    answerAt: (target) =>
      target.startsWith(CHALLENGE_PATH) ? (answers.get(target.slice(CHALLENGE_PATH.length)) ?? null) : null,
  }
}

/** Orders one certificate for `name` with a fresh P-256 key; throws when the authority refuses or cannot be reached. */
export async function orderCertificate(
  account: AcmeAccount,
  place: { readonly keysFolder: string; readonly name: string; readonly challenges: Challenges },
): Promise<CertificatePair> {
  // Loaded at the first order: most installations never make one.
  const { default: acme } = await import('acme-client')
  const accountKey = await secretFile(join(place.keysFolder, 'acme-account.key'), newKey)
  acme.axios.defaults.httpsAgent = await agentFor(account)
  acme.axios.defaults.timeout = REPLY_MS
  const client = new acme.Client({
    directoryUrl: account.directory,
    accountKey,
    ...bindingOf(account),
    backoffAttempts: 12,
    backoffMin: 1000,
    backoffMax: 10_000,
  })
  await openAccount(client, account)
  const [key, csr] = await acme.crypto.createCsr({ commonName: place.name, altNames: [place.name] }, newKey())
  const cert = await client.auto({
    csr,
    // The authority itself looks from outside; from here the name may not even lead back to us.
    skipChallengeVerification: true,
    challengePriority: ['http-01'],
    challengeCreateFn: async (_authorization, challenge, answer) =>
      place.challenges.put(challenge.token, answer),
    challengeRemoveFn: async (_authorization, challenge) => place.challenges.drop(challenge.token),
  })
  return { cert, key: key.toString() }
}

/** Finds the account of this key, or makes it: authorities refuse an update that changes nothing. */
async function openAccount(client: Client, account: AcmeAccount): Promise<void> {
  try {
    await client.createAccount({ onlyReturnExisting: true })
  } catch {
    const contact = account.contact === '' ? {} : { contact: [`mailto:${account.contact}`] }
    await client.createAccount({ termsOfServiceAgreed: true, ...contact })
  }
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Milliseconds after which one answer of the authority is given up. */
const REPLY_MS = 30_000

async function agentFor(account: AcmeAccount): Promise<Agent> {
  if (account.authorityFile === '') return new Agent()
  return new Agent({ ca: await readFile(account.authorityFile, 'utf8') })
}

function bindingOf({
  binding,
}: AcmeAccount): { externalAccountBinding: { kid: string; hmacKey: string } } | Record<string, never> {
  const colon = binding.indexOf(':')
  if (colon < 0) return {}
  return { externalAccountBinding: { kid: binding.slice(0, colon), hmacKey: binding.slice(colon + 1) } }
}
