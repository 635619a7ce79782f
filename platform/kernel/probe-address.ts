import { randomInt } from 'node:crypto'

/** An address of this machine in a network that no real client has, so that whatever is asked from it uses up nobody's budget. */
export function probeAddress(): string {
  return `127.${randomInt(64, 128)}.${randomInt(256)}.1`
}

/** The same where the machine has such addresses: Linux alone answers on all of 127.0.0.0/8. */
export function probeAddressHere(): string | undefined {
  return process.platform === 'linux' ? probeAddress() : undefined
}

/** Whether a request came from such an address; only this machine itself can send from one. */
export function isProbeAddress(address: string): boolean {
  return /^(?:::ffff:)?127\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d{1,3}\.1$/.test(address)
}
