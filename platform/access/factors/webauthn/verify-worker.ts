import { parentPort } from 'node:worker_threads'
import { verifyAssertion, verifyAttestation } from './verification.ts'
import type { VerifierAnswer, VerifierWork } from './verifier.ts'

// In a thread of its own, which ends when nobody needs it: the library takes 28 MB of memory.
parentPort?.on('message', (work: VerifierWork) => {
  void serve(work)
})

async function serve({ id, site, challenge, ...work }: VerifierWork): Promise<void> {
  const answer: VerifierAnswer =
    'publicKey' in work
      ? { id, proof: await verifyAssertion(site, work.response, challenge, Buffer.from(work.publicKey)) }
      : { id, key: await verifyAttestation(site, work.response, challenge, work.makes) }
  parentPort?.postMessage(answer, [])
}
