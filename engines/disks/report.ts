import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import type { Device } from './devices.ts'
import type { FolderDisk } from './look.ts'

/** What a server says of its disks, at a moment of its own clock. */
export interface DiskReport {
  readonly host: string
  readonly at: Date
  readonly disks: readonly FolderDisk[]
}

/** A report that cannot be taken; the message says why and quotes nothing of it. */
export class ReportError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ReportError'
  }
}

const FORMAT = 'surety-host-report/1'
/** Characters of a report; a server with a hundred folders stays far below. */
const REPORT_MAX = 256 * 1024
const HOST = /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/

/** One line of text: the format, the report, the public key and the signature (Ed25519, RFC 8032), each in base64url. */
export function writeReport(report: DiskReport, key: KeyObject): string {
  const { host, at, disks } = report
  const payload = Buffer.from(JSON.stringify({ host, at: at.toISOString(), disks })).toString('base64url')
  const signature = sign(null, Buffer.from(`${FORMAT} ${payload}`), key).toString('base64url')
  return `${FORMAT} ${payload} ${publicKeyOf(key)} ${signature}`
}

/** The public half of a key as it stands in reports: SubjectPublicKeyInfo in base64url. */
export function publicKeyOf(key: KeyObject): string {
  return createPublicKey(key.export({ type: 'pkcs8', format: 'pem' }))
    .export({ type: 'spki', format: 'der' })
    .toString('base64url')
}

/** Reads a report and verifies that whoever has the key wrote it; throws `ReportError`. */
export function readReport(text: string): DiskReport & { readonly publicKey: string } {
  const [format, payload = '', publicKey = '', signature = '', ...more] = text.trim().split(' ')
  if (text.length > REPORT_MAX || format !== FORMAT || more.length > 0)
    throw new ReportError('This is no report of a server.')
  if (!isSigned(`${FORMAT} ${payload}`, publicKey, signature))
    throw new ReportError('The signature of the report is not right.')
  return { ...reportOf(payload), publicKey }
}

function isSigned(signed: string, publicKey: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64url'), format: 'der', type: 'spki' })
    return (
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, Buffer.from(signed), key, Buffer.from(signature, 'base64url'))
    )
  } catch {
    return false
  }
}

function reportOf(payload: string): DiskReport {
  const unfit = new ReportError('The report is signed, but does not have the shape of one.')
  let read: { readonly host?: unknown; readonly at?: unknown; readonly disks?: unknown } | null
  try {
    read = JSON.parse(Buffer.from(payload, 'base64url').toString()) as typeof read
  } catch {
    throw unfit
  }
  const at = new Date(typeof read?.at === 'string' ? read.at : Number.NaN)
  const { host, disks } = read ?? {}
  if (typeof host !== 'string' || !HOST.test(host) || Number.isNaN(at.getTime()) || !isDisks(disks))
    throw unfit
  return { host, at, disks }
}

/** Whether disks that were read have their shape; nothing unknown is kept of them. */
export function isDisks(value: unknown): value is readonly FolderDisk[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= 1000 &&
    value.every((one: Partial<FolderDisk> | null) => {
      if (typeof one !== 'object' || one === null) return false
      return isName(one.folder) && isName(one.type) && isDevices(one.devices, 0)
    })
  )
}

const isName = (text: unknown): boolean => typeof text === 'string' && text.length > 0 && text.length <= 4096

function isDevices(value: unknown, depth: number): value is readonly Device[] {
  return (
    Array.isArray(value) &&
    value.length <= 100 &&
    depth <= 16 &&
    value.every((one: Partial<Device> | null) => {
      if (typeof one !== 'object' || one === null) return false
      const { name, kind, volume, below } = one
      return (
        isName(name) && isName(kind) && (volume === null || isName(volume)) && isDevices(below, depth + 1)
      )
    })
  )
}
