import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { WeakDatabase } from './weak-database.ts'
import { playShell } from './weak-shell.ts'

/** What a page answers; `raw` headers are written as they are, line breaks included. */
export interface WeakAnswer {
  readonly status?: number
  readonly type?: string
  readonly raw?: readonly string[]
  readonly body: string
}

/** The fields of a request by name. */
export type Fields = (name: string) => string

/** What the pages work with. */
export interface WeakParts {
  readonly database: WeakDatabase
  /** Stands for `/` of the file system that a traversal walks through. */
  readonly files: string
  /** Fetches an address, of this test alone. */
  readonly fetch: (address: string) => Promise<string>
}

/** Pages by path, each with the weakness that its name says; a form or link to each is on the first one. */
export function weakPages({
  database,
  files,
  fetch,
}: WeakParts): Readonly<Record<string, (fields: Fields) => Promise<WeakAnswer>>> {
  const notes: string[] = ['first note']
  const ask = async (statement: string): Promise<WeakAnswer> => {
    try {
      const rows = await database.run(statement)
      return page(rows.length === 0 ? 'nothing found' : rows.map((row) => row.join(' ')).join('<br>'))
    } catch (error) {
      return page(`PostgreSQL query failed: ERROR: ${error instanceof Error ? error.message : ''}`, 500)
    }
  }
  const items = (fields: Fields): Promise<WeakAnswer> =>
    ask(`select id, name, price from item where id = ${fields('id')}`)
  return {
    '/': async () => page(CONTENTS),
    '/items': items,
    '/json': items,
    '/search': (fields) => ask(`select name, price from item where name like '%${fields('q')}%' order by id`),
    '/login': (fields) =>
      ask(
        `select name from customer where name = '${fields('name')}' and password = '${fields('password')}'`,
      ),
    '/hello': async (fields) => page(`<p>Hello ${fields('name')}</p>`),
    '/value': async (fields) => page(`<p><input type="text" value="${fields('name')}"></p>`),
    '/script': async (fields) => page(`<script>var name = '${fields('name')}'</script>`),
    '/notes': async (fields) => {
      if (fields('note') !== '') notes.unshift(fields('note'))
      // Bounded: a tool writes hundreds of them.
      notes.length = Math.min(notes.length, 50)
      return page(`${NOTE_FORM}<ul>${notes.map((note) => `<li>${note}</li>`).join('')}</ul>`)
    },
    '/file': async (fields) => {
      const name = posix.resolve('/srv/files', fields('name').replace(/\0.*/s, ''))
      const content = await readFile(join(files, name), 'utf8').catch(() => 'no such file')
      return page(`<pre>${content}</pre>`)
    },
    '/ping': async (fields) => page(`<pre>${await playShell(fields('host'))}</pre>`),
    '/go': async (fields) => ({ status: 302, raw: [`Location: ${fields('to')}`], body: '' }),
    // Decoded once more than needed, as happens behind a rewriting server.
    '/language': async (fields) => ({ raw: [`X-Language: ${unescapeOnce(fields('is'))}`], body: 'set' }),
    '/fetch': async (fields) => page(`<pre>${await fetch(fields('from'))}</pre>`),
  }
}

const unescapeOnce = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))

const page = (body: string, status = 200): WeakAnswer => ({
  status,
  body: `<!doctype html><html><head><title>Weak on purpose</title></head><body>${body}</body></html>`,
})

const NOTE_FORM =
  '<form method="post" action="/notes"><input name="note" value="a"><input type="submit"></form>'

/** Links and forms, from which a crawler finds everything. */
const CONTENTS = `<h1>A service that is weak on purpose</h1>
<a href="/items?id=1">item</a> <a href="/search?q=lamp">search</a> <a href="/hello?name=a">hello</a>
<a href="/value?name=a">value</a> <a href="/script?name=a">script</a> <a href="/notes">notes</a>
<a href="/file?name=welcome.txt">file</a> <a href="/ping?host=sample">ping</a> <a href="/go?to=/">go</a>
<a href="/language?is=en">language</a> <a href="/fetch?from=a">fetch</a>
<form method="post" action="/login"><input name="name" value="sample"><input name="password" value="a">
<input type="submit"></form>${NOTE_FORM}`
