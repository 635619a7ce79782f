import { readFile } from 'node:fs/promises'
import { X509Certificate } from 'node:crypto'
import { secondsAfter, type Clock } from '../kernel/clock.ts'
import {
  lifeUsed,
  readPair,
  writePair,
  type CertificatePair,
  type Certificates,
} from './certificate-files.ts'

/** How a certificate of another authority is ordered. */
export interface Ordering {
  /** Orders one for the host; throws when there is none. */
  order(): Promise<CertificatePair>
  /** PEM file of the authorities to trust for it; empty: those that every system knows. */
  readonly authorityFile: string
}

/** After an order that failed, none is made for this long: public authorities count them (seconds). */
const AGAIN_SECONDS = 3600

/**
 * Shows the ordered certificate while it is good and the local one until there is one. An order is made when there is none
 * or two thirds of its time are over; one that fails leaves everything as it is and is tried again after an hour.
 */
export async function acmeCertificates(
  place: { readonly clock: Clock; readonly keysFolder: string; readonly host: string },
  ordering: Ordering,
  local: Certificates,
): Promise<Certificates> {
  const trusted = ordering.authorityFile === '' ? null : await readFile(ordering.authorityFile, 'utf8')
  let ordered = await readPair(place.keysFolder, 'acme')
  let notBefore = place.clock.now()
  const age = (): number =>
    ordered === null || new X509Certificate(ordered.cert).checkHost(place.host) === undefined
      ? 1
      : lifeUsed(new X509Certificate(ordered.cert), place.clock)
  const shown = (): CertificatePair | null => (age() < 1 ? ordered : null)
  const order = async (): Promise<void> => {
    notBefore = secondsAfter(place.clock.now(), AGAIN_SECONDS)
    ordered = await writePair(place.keysFolder, 'acme', await ordering.order())
  }
  let last = shown() ?? local.current()
  const current = (): CertificatePair => shown() ?? local.current()
  return {
    authority: () => (shown() === null ? local.authority() : trusted),
    revocations: local.revocations,
    current,
    refresh: async () => {
      await local.refresh()
      // When it fails, the next look sees what is shown from then on.
      if (age() >= 2 / 3 && place.clock.now() >= notBefore) await order()
      const changed = current().cert !== last.cert
      last = current()
      return changed
    },
  }
}
