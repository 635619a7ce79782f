import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  formatTlogProof,
  formatVerifierKey,
  makeTlogProof,
  noteSigner,
  verifyLog,
  type LogVerdict,
} from '#ledger'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { signingKeyFile } from '../kernel/secret-file.ts'
import { openLogFiles, type LogFiles } from './log-files.ts'
import { ledgerState } from './queries.ts'
import { openSequencer, type Sequencer } from './sequencer.ts'

/** The public, append-only log of everything that happened. */
export interface Ledger extends Sequencer {
  readonly files: LogFiles
  /** The key to check checkpoints with, as C2SP signed-note writes it. */
  readonly verifierKey: string
  /** The proof that entry `index` is under the newest checkpoint, as a `.tlog-proof` text. */
  proof(index: number): Promise<string>
  /** Recomputes everything from the files, and that the log still holds what `older` (a checkpoint kept from before) said. */
  verify(older?: string): Promise<LogVerdict>
}

/** Opens the ledger in `folder`; `origin` names it in every checkpoint, e.g. `localhost/ledger`. */
export async function openLedger(deps: {
  readonly db: Database
  readonly clock: Clock
  readonly folder: string
  readonly keysFolder: string
  readonly origin: string
}): Promise<Ledger> {
  const signer = noteSigner(deps.origin, await signingKeyFile(deps.keysFolder, 'ledger-signing.key'))
  const verifierKey = formatVerifierKey(signer.verifierKey)
  const files = openLogFiles(deps.folder)
  await mkdir(deps.folder, { recursive: true })
  // Beside the log, so that a copy of the folder can be verified anywhere.
  await writeFile(join(deps.folder, 'vkey'), `${verifierKey}\n`)
  return {
    ...openSequencer({ db: deps.db, clock: deps.clock, files, signer }),
    files,
    verifierKey,
    proof: async (index) => {
      const { checkpoint } = await ledgerState(deps.db)
      if (checkpoint === null) throw new Error('the ledger has no checkpoint yet')
      return formatTlogProof(await makeTlogProof(files.read, index, checkpoint))
    },
    verify: (older) => verifyLog(files.read, signer.verifierKey, older === undefined ? {} : { older }),
  }
}
