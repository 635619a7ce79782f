import type { S3Connection } from './s3-client.ts'

/** A version of a key, or a marker that hides those before it. */
export interface KeyVersion {
  readonly key: string
  /** `null` in words for a bucket without versions. */
  readonly version: string
  readonly bytes: number
  readonly storedAt: Date
  readonly marker: boolean
}

/** The most keys that a service gives in one page. */
const PAGE_KEYS = 1000

/**
 * Every version of every key that begins so, by pages; those of one key together in the order
 * of the service, which is the newest first, and after them its markers. Markers count: who may
 * only delete the newest version hides an object and removes nothing.
 */
export async function* keyVersions(
  s3: S3Connection,
  prefix: string,
  pageKeys = PAGE_KEYS,
): AsyncGenerator<readonly KeyVersion[]> {
  let after: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}
  let open: KeyVersion[] = []
  while (after !== undefined) {
    const from: { KeyMarker?: string; VersionIdMarker?: string } = after
    const page = await s3.ask(prefix, (client, sdk, signal) =>
      client.send(
        new sdk.ListObjectVersionsCommand({
          Bucket: s3.of.bucket,
          Prefix: prefix,
          MaxKeys: pageKeys,
          ...from,
        }),
        signal,
      ),
    )
    const found = [...(page.Versions ?? []).map(versionOf), ...(page.DeleteMarkers ?? []).map(markerOf)]
    for (const group of byKey(found)) {
      if (open[0] !== undefined && open[0].key !== group[0]?.key) {
        yield open
        open = []
      }
      open.push(...group)
    }
    after = nextPage(page, from)
  }
  if (open.length > 0) yield open
}

interface Page {
  readonly IsTruncated?: boolean | undefined
  readonly NextKeyMarker?: string | undefined
  readonly NextVersionIdMarker?: string | undefined
}

function nextPage(page: Page, from: { KeyMarker?: string; VersionIdMarker?: string }) {
  if (page.IsTruncated !== true) return undefined
  const next = {
    ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
    ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
  }
  // A service that gives the same page for ever must not hold us for ever.
  if (next.KeyMarker === undefined || JSON.stringify(next) === JSON.stringify(from))
    throw new Error('the store lists the same page again and again')
  return next
}

interface Listed {
  readonly Key?: string | undefined
  readonly VersionId?: string | undefined
  readonly LastModified?: Date | undefined
  readonly Size?: number | undefined
}

function versionOf(one: Listed): KeyVersion {
  return {
    key: one.Key ?? '',
    version: one.VersionId ?? 'null',
    bytes: one.Size ?? 0,
    storedAt: one.LastModified ?? new Date(0),
    marker: false,
  }
}

function markerOf(one: Listed): KeyVersion {
  return { ...versionOf(one), marker: true }
}

/** Groups what a page lists, in the order of keys, whatever order markers and versions come in. */
function byKey(found: readonly KeyVersion[]): KeyVersion[][] {
  const groups = Map.groupBy(found, ({ key }) => key)
  return [...groups.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

/**
 * The version that an object is: the first that was ever written under its key and is still there. One that somebody put
 * on top later, or a marker, changes nothing.
 */
export function firstVersion(versions: readonly KeyVersion[]): KeyVersion | null {
  return versions.findLast((one) => !one.marker) ?? null
}
