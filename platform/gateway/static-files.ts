import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { Problem } from '../kernel/problem.ts'
import { route } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}
const COMPRESSED = new Set(['.html', '.js', '.css', '.json', '.svg', '.txt', '.webmanifest'])

/** Vite puts the hash of the content into the name of everything below `assets/`. */
const HASHED = /^assets\/.+-[\w-]{8,}\.\w+$/

interface StaticFile {
  readonly type: string
  readonly etag: string
  readonly cache: string
  readonly plain: Uint8Array
  readonly gzip: Uint8Array | null
  readonly br: Uint8Array | null
}

/** The files of a built app by their path below its folder. */
export type StaticFiles = ReadonlyMap<string, StaticFile>

/** Reads a built app into memory, compressed once; an empty map when it was not built. A request only ever looks up a name. */
export async function readStaticFiles(folder: string): Promise<StaticFiles> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  const files = names.filter((entry) => entry.isFile() && TYPES[extname(entry.name)] !== undefined)
  return new Map(
    await Promise.all(
      files.map(async (entry) => {
        const path = join(entry.parentPath, entry.name)
        const name = relative(folder, path).split(sep).join('/')
        return [name, await staticFile(name, await readFile(path))] as const
      }),
    ),
  )
}

async function staticFile(name: string, plain: Buffer): Promise<StaticFile> {
  const worth = COMPRESSED.has(extname(name)) && plain.length > 512
  // Quality 9 takes a tenth of the time of 11 and is within a few percent of its size.
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    cache: HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    plain,
    gzip: worth ? await promisify(gzip)(plain, { level: 9 }) : null,
    br: worth ? await promisify(brotliCompress)(plain, quality) : null,
  }
}

/** How the name of a file ends; the id of a clause, such as `8.2-a.3`, does not. */
const FILE_ENDING = /\.[a-z]\w*$/i

/** The file behind a path below `/console/`; every address without an ending is a view of the one page. */
function find(files: StaticFiles, path: string): StaticFile {
  const name = decodeURIComponent(path.slice('/console/'.length))
  const file = files.get(name) ?? (FILE_ENDING.test(name) ? undefined : files.get('index.html'))
  if (file !== undefined) return file
  const detail = files.size === 0 ? 'The console is not built; `npm start` builds it.' : 'No such file.'
  throw new Problem('resource.unknown', detail)
}

function accepts(header: string, coding: string): boolean {
  return header
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .some((part) => new RegExp(`^${coding}(?:;\\s*q=(?!0(?:\\.0*)?$).*)?$`).test(part))
}

function serve(file: StaticFile, request: Request): Response {
  const accepted = request.headers.get('accept-encoding') ?? ''
  const coding = (['br', 'gzip'] as const).find((name) => file[name] !== null && accepts(accepted, name))
  const etag = coding === undefined ? file.etag : `${file.etag.slice(0, -1)}-${coding}"`
  const headers: Record<string, string> = { etag, 'cache-control': file.cache, vary: 'accept-encoding' }
  const known = (request.headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim())
  if (known.includes(etag) || known.includes(`W/${etag}`)) return new Response(null, { status: 304, headers })
  const bytes = coding === undefined ? file.plain : (file[coding] ?? file.plain)
  if (coding !== undefined) headers['content-encoding'] = coding
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: { ...headers, 'content-type': file.type, 'content-length': String(bytes.length) },
  })
}

/** Filters of a view stand in the query; only the page's own code reads them. */
const anyQuery = z.record(z.string().max(100), z.string().max(1000))

/** The console's files, for everybody: they hold code and no data. */
export function consoleRoutes(files: () => StaticFiles) {
  const open = { method: 'GET', permission: 'public', level: 'none', rate: 'page' } as const
  const event = { none: 'serves a file that everybody may read' }
  return [
    route({
      ...open,
      event,
      path: '/console',
      handle: async () => new Response(null, { status: 308, headers: { location: '/console/' } }),
    }),
    route({
      ...open,
      event,
      path: '/console/*',
      query: anyQuery,
      handle: async ({ raw }) => serve(find(files(), new URL(raw.url).pathname), raw),
    }),
  ] as const
}
