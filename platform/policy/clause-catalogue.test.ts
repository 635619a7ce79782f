import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { List, ListItem, Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { clauseCatalogue, readCatalogue } from './clause-catalogue.ts'

const policy = new URL('../../policy/', import.meta.url)
const chapters = readdirSync(policy)
  .filter((file) => file.endsWith('.md'))
  .sort()
  .map((file) => ({ file, text: readFileSync(new URL(file, policy), 'utf8') }))
const trees = chapters.map(({ text }) => fromMarkdown(text))

interface Written {
  readonly id: string
  readonly parent: string | null
  readonly links: readonly string[]
}

function linksIn(node: Nodes): string[] {
  if (node.type === 'link') return [node.url]
  return 'children' in node ? node.children.flatMap(linksIn) : []
}

function clauseOf(item: ListItem, parent: string | null): Written[] {
  const [sentence, ...nested] = item.children
  assert.equal(sentence?.type, 'paragraph')
  const [label, ...words] = sentence.children
  assert.equal(label?.type, 'strong')
  assert.ok(words.length > 0)
  const name = label.children[0]
  assert.equal(name?.type, 'text')
  const children = nested.flatMap((node) => {
    assert.equal(node.type, 'list')
    return clausesOf(node, name.value)
  })
  return [{ id: name.value, parent, links: words.flatMap(linksIn) }, ...children]
}

function clausesOf(list: List, parent: string | null): Written[] {
  return list.children.flatMap((item) => clauseOf(item, parent))
}

const written = trees.flatMap((tree) =>
  tree.children.flatMap((node) => (node.type === 'list' ? clausesOf(node, null) : [])),
)

test('the policy holds the 146 clauses of the catalogue, each once and in its order', () => {
  assert.equal(clauseCatalogue.length, 146)
  assert.deepEqual(
    written.map(({ id }) => id),
    clauseCatalogue.map(({ id }) => id),
  )
})

test('a clause stands under its lead-in clause in the text, as it does in the catalogue', () => {
  assert.deepEqual(
    written.map(({ id, parent }) => ({ id, parent })),
    clauseCatalogue.map(({ id, parent }) => ({ id, parent })),
  )
})

test('every clause id stands at the start of its own list item and nowhere else', () => {
  const labels = chapters.flatMap(({ text }) =>
    [...text.matchAll(/\*\*([^*]+)\*\*/g)].map((match) => match[1]),
  )
  assert.deepEqual(
    labels,
    clauseCatalogue.map(({ id }) => id),
  )
})

test('a clause stands in the chapter and section of its number', () => {
  for (const [index, tree] of trees.entries()) {
    const file = chapters[index]?.file ?? ''
    const chapter = file.startsWith('00') ? 'P' : String(Number(file.slice(0, 2)))
    let place = chapter
    for (const node of tree.children) {
      if (node.type === 'heading' && node.depth === 1 && chapter !== 'P')
        assert.match(chapters[index]?.text ?? '', new RegExp(`^# ${chapter}\\. \\S`), file)
      if (node.type === 'heading' && node.depth === 2)
        place =
          /^## (\d+\.\d) \S/.exec(chapters[index]?.text.slice(node.position?.start.offset) ?? '')?.[1] ?? ''
      if (node.type === 'list')
        for (const { id } of clausesOf(node, null))
          assert.equal(id.replace(/-.*$/, ''), place, `${file}: ${id}`)
    }
  }
})

test('a value that the system obeys stands in one sentence only, inside a clause', () => {
  const links = trees.flatMap(linksIn)
  assert.equal(new Set(links).size, links.length)
  assert.deepEqual(
    links,
    written.flatMap(({ links: inside }) => inside),
  )
  for (const link of links) assert.match(link, /^set:[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*$/)
})

test('a clause rolls up into the lead-in of its section, if there is one', () => {
  const parentOf = new Map<string, string | null>(clauseCatalogue.map(({ id, parent }) => [id, parent]))
  assert.equal(parentOf.get('3.2-a'), '3.2-0')
  assert.equal(parentOf.get('9.1-d.1'), '9.1-0')
  for (const id of ['P-a', '3.1-0', '3.1-a', '3.4-a', '7.2-a.1', '15-a']) assert.equal(parentOf.get(id), null)
})

test('a catalogue row that cannot be read in full is refused', () => {
  assert.deepEqual(readCatalogue(['3.4-0|C|A; B 1, 2', '3.4-a|EM|C']), [
    { id: '3.4-0', kinds: ['computed'], parent: null, maps: ['A', 'B 1, 2'] },
    { id: '3.4-a', kinds: ['enforced', 'measured'], parent: '3.4-0', maps: ['C'] },
  ])
  const refused = ['', '3.4-a', '3.4a|E|A', ' 3.4-a|E|A', '3.4-a|X|A', '3.4-a|EE|A', '3.4-a||A', '3.4-a|E|']
  for (const row of [...refused, '3.4-a|E|A;', '3.4-a|E|A|B', '3.4-a|constructor|A', '3.4-a.0|E|A'])
    assert.throws(() => readCatalogue([row]), Error, row)
  assert.throws(() => readCatalogue(['3.4-a|E|A', '3.4-a|M|B']), /occurs twice/)
})
