import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCases } from './root-cases.ts'
import { kmsPeer, localPeer, tokenPeer, vaultPeer, type FoundPeer } from './peers.ts'

/** What the run came to. */
export interface KmsConformance {
  readonly passed: number
  readonly failed: readonly string[]
}

/** Runs every case with every keeper of root keys that is there; those that are not are named with what is missing. */
export async function conformKms(): Promise<KmsConformance> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-kms-'))
  const { SURETY_PEER_KMS: kms, SURETY_PEER_PKCS11: token, SURETY_PEER_VAULT: vault } = process.env
  const peers: readonly FoundPeer[] = [
    localPeer(folder),
    await kmsPeer(kms),
    tokenPeer(token),
    vaultPeer(vault),
  ]
  const failed: string[] = []
  let passed = 0
  try {
    for (const peer of peers) {
      if ('skipped' in peer) {
        console.log(`skipped: ${peer.skipped}`)
        continue
      }
      const wrong = await rootCases(peer)
      passed += wrong.passed
      failed.push(...wrong.failed.map((one) => `${peer.name}: ${one}`))
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  return { passed, failed }
}
