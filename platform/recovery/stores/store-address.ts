import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isLoopback } from '../../kernel/loopback-address.ts'
import { AWS_COUNTRIES } from './aws-countries.ts'
import type { S3Bucket } from './s3-client.ts'

/** One store as a setting names it. */
export type StoreAddress = { readonly region: string; readonly country: string | null } & (
  | { readonly kind: 'folder'; readonly folder: string }
  | ({ readonly kind: 's3' } & S3Bucket)
)

/** Addresses that were read, or why each that was not is none; a reason never repeats an address, which may hold a secret. */
export type ReadAddresses =
  | { readonly ok: true; readonly stores: readonly StoreAddress[] }
  | { readonly ok: false; readonly reasons: readonly string[] }

const REGION = /^[a-z][a-z0-9-]{0,40}$/
const COUNTRY = /^[A-Z]{2}$/
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const PREFIX = /^(?:[0-9A-Za-z_-][0-9A-Za-z._-]*(?:\/[0-9A-Za-z_-][0-9A-Za-z._-]*)*)?$/
const KNOWN_WORDS = ['region', 'endpoint', 'country']

/** Two folders of this machine that stand in for two regions. */
export function standInFolders(folder: string): readonly StoreAddress[] {
  return ['region-a', 'region-b'].map((region) => ({
    kind: 'folder',
    region,
    country: null,
    folder: join(folder, region),
  }))
}

/** Reads `REGION=s3://[ID:SECRET@]BUCKET/PREFIX?region=…&endpoint=…&country=…` or `REGION=file:///FOLDER?country=…`, several separated by commas or spaces. */
export function readStoreAddresses(text: string): ReadAddresses {
  const read = text
    .split(/[\s,]+/)
    .filter((one) => one !== '')
    .map(readAddress)
  const reasons = read.filter((one) => typeof one === 'string')
  const stores = read.filter((one) => typeof one !== 'string')
  return reasons.length > 0 ? { ok: false, reasons } : { ok: true, stores }
}

function readAddress(text: string, at: number): StoreAddress | string {
  const place = `store ${at + 1}`
  const cut = text.indexOf('=')
  const region = text.slice(0, Math.max(0, cut))
  if (!REGION.test(region)) return `${place}: REGION=URL was expected, such as eu-central=s3://bucket`
  const url = URL.parse(text.slice(cut + 1))
  if (url === null) return `${place}: what follows ${region}= is no URL`
  const strange = [...url.searchParams.keys()].find((word) => !KNOWN_WORDS.includes(word))
  if (strange !== undefined || url.hash !== '') return `${place}: only ${KNOWN_WORDS.join(', ')} can be asked`
  const country = url.searchParams.get('country')
  if (country !== null && !COUNTRY.test(country)) return `${place}: country is an ISO 3166 code such as DE`
  if (url.protocol === 's3:') return readS3(url, place, region, country)
  if (url.protocol === 'file:') return readFolder(url, place, region, country)
  return `${place}: the URL begins with s3:// or file://`
}

function readFolder(url: URL, place: string, region: string, country: string | null): StoreAddress | string {
  if (url.host !== '' || url.searchParams.has('endpoint')) return `${place}: a folder is file:///PATH`
  const bare = new URL(url)
  bare.search = ''
  const folder = folderAt(bare)
  if (folder === null) return `${place}: a folder is file:///PATH, each % followed by two hexadecimal digits`
  if (!isAbsolute(folder)) return `${place}: a folder is named from the root`
  return { kind: 'folder', region, country, folder }
}

function readS3(url: URL, place: string, region: string, country: string | null): StoreAddress | string {
  const prefix = url.pathname.replace(/^\//, '').replace(/\/$/, '')
  const awsRegion = url.searchParams.get('region') ?? region
  const endpoint = url.searchParams.has('endpoint') ? URL.parse(url.searchParams.get('endpoint') ?? '') : null
  if (!BUCKET.test(url.hostname) || url.port !== '') return `${place}: the name of the bucket is not usable`
  if (!PREFIX.test(prefix)) return `${place}: the prefix is not usable`
  if (!REGION.test(awsRegion)) return `${place}: region is one such as eu-central-1`
  if (url.searchParams.has('endpoint') && !isSafeEndpoint(endpoint))
    return `${place}: endpoint is an https:// address, or http:// on this machine`
  if ((url.username === '') !== (url.password === '')) return `${place}: id and secret come together`
  const [accessKeyId, secretAccessKey] = [decoded(url.username), decoded(url.password)]
  if (accessKeyId === null || secretAccessKey === null)
    return `${place}: in id and secret, % is written as %25`
  const credentials = url.username === '' ? null : { accessKeyId, secretAccessKey }
  return {
    kind: 's3',
    region,
    // An endpoint of somebody else may call its region as it likes.
    country: country ?? (endpoint === null ? (AWS_COUNTRIES[awsRegion] ?? null) : null),
    bucket: url.hostname,
    prefix,
    awsRegion,
    endpoint,
    credentials,
  }
}

/** The path that a file URL names, or null where its escapes cannot be read or hide a separator or a zero byte. */
function folderAt(url: URL): string | null {
  try {
    const folder = fileURLToPath(url)
    return folder.includes('\0') ? null : folder
  } catch {
    return null
  }
}

/** Text without its percent escapes (RFC 3986, 2.1), or null where they are not UTF-8. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function isSafeEndpoint(endpoint: URL | null): boolean {
  if (endpoint === null || endpoint.username !== '' || endpoint.search !== '') return false
  return endpoint.protocol === 'https:' || (endpoint.protocol === 'http:' && isLoopback(endpoint.hostname))
}
