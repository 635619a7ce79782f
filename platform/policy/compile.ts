import { createHash } from 'node:crypto'
import type { AnyParameter } from '../kernel/parameter.ts'
import type { CatalogueEntry } from './clause-catalogue.ts'
import { type CompileError, malformed, type Position } from './sentence.ts'
import {
  canonicalText,
  type Chapter,
  type Clause,
  clausesOf,
  parsePolicy,
  type PolicyFile,
  type WrittenValue,
} from './text.ts'

/** A value that the system obeys, read from its sentence. */
export interface CompiledValue {
  readonly value: unknown
  /** The words it was read from, e.g. `30 minutes`. */
  readonly text: string
  readonly clause: string
  readonly parameter: AnyParameter
  readonly position: Position
}

/** The whole policy, read and found complete. */
export interface CompiledPolicy {
  readonly chapters: readonly Chapter[]
  /** By id, in the order of the text; tombstones too. */
  readonly clauses: ReadonlyMap<string, Clause>
  /** By parameter name; every declared parameter is here. */
  readonly values: ReadonlyMap<string, CompiledValue>
  /** What the function `textHash` gives for the files. */
  readonly textHash: string
}

/** Why the policy was refused; at least one error, in the order of the text. */
export interface RefusedPolicy {
  readonly errors: readonly CompileError[]
}

/**
 * Compiles the policy: its clauses must be exactly those of the catalogue, in its order and under its parents, and
 * every declared parameter must have its value, readable and inside its bounds, once and in its own clause. There are
 * no defaults. Throws when `parameters` itself is contradictory, which is an error in the program, not in the text.
 */
export function compilePolicy(
  files: readonly PolicyFile[],
  parameters: readonly AnyParameter[],
  catalogue: readonly CatalogueEntry<string>[],
): CompiledPolicy | RefusedPolicy {
  refuseContradictory(parameters, catalogue)
  const { chapters, problems } = parsePolicy(files)
  if (problems.length > 0) return { errors: inOrder(problems) }
  const written = clausesOf(chapters)
  const clauses = new Map(written.map((clause) => [clause.id, clause]))
  const structure = [...misplaced(written, catalogue), ...missing(clauses, chapters, catalogue)]
  const known = new Map(parameters.map((parameter) => [parameter.name, parameter]))
  const values = new Map<string, CompiledValue>()
  const refused = written.flatMap((clause) =>
    clause.values.flatMap((value) => {
      const read = readValue(value, clause, known)
      if ('expected' in read) return [read]
      values.set(value.parameter, read)
      return []
    }),
  )
  const errors = [...structure, ...refused, ...unwritten(parameters, written, clauses)]
  if (errors.length > 0) return { errors: inOrder(errors) }
  return { chapters, clauses, values, textHash: textHash(files) }
}

/**
 * The hash that names a text: the SHA-256 of the lines `hash  name` of its files, sorted by name, each hash being the
 * SHA-256 of the file with Unix line ends. In a folder that holds the files alone, `sha256sum *.md | sha256sum` gives
 * the same (in the C locale). In hexadecimal.
 */
export function textHash(files: readonly PolicyFile[]): string {
  const lines = files.map(({ name, text }) => ({ name, line: `${sha256(canonicalText(text))}  ${name}\n` }))
  const sorted = lines.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return sha256(sorted.map(({ line }) => line).join(''))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function refuseContradictory(
  parameters: readonly AnyParameter[],
  catalogue: readonly CatalogueEntry<string>[],
): void {
  const ids = new Set(catalogue.map(({ id }) => id))
  for (const [index, { name, clause }] of parameters.entries()) {
    if (parameters.findIndex((other) => other.name === name) !== index)
      throw new Error(`the parameter ${name} is declared twice`)
    if (!ids.has(clause))
      throw new Error(`the parameter ${name} is declared for clause ${clause}, which is unknown`)
  }
}

function inOrder(errors: readonly CompileError[]): readonly CompileError[] {
  return errors.toSorted((a, b) =>
    a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1,
  )
}

/** Clauses that the catalogue does not know, has elsewhere, or has under another clause. */
function misplaced(written: readonly Clause[], catalogue: readonly CatalogueEntry<string>[]): CompileError[] {
  const rank = new Map(catalogue.map(({ id, parent }, index) => [id, { index, parent }]))
  let last: { readonly id: string; readonly index: number } | undefined
  const errors: CompileError[] = []
  for (const { id, parent, position } of written) {
    const entry = rank.get(id)
    if (entry === undefined) {
      const remedy = 'mend the id, or enter the new clause in the catalogue with its kinds'
      errors.push(malformed(position, `clause ${id} is unknown`, 'a clause of the catalogue', remedy))
      continue
    }
    if (entry.parent !== parent) {
      const place =
        entry.parent === null ? 'at the start of the line' : `indented below clause ${entry.parent}`
      errors.push(
        malformed(
          position,
          `clause ${id} has the wrong indentation`,
          `this clause ${place}`,
          `move it so that it stands ${place}`,
        ),
      )
    }
    if (last !== undefined && entry.index < last.index) {
      const expected = 'the clauses in the order of the catalogue'
      errors.push(
        malformed(
          position,
          `clause ${id} follows clause ${last.id}`,
          expected,
          `move it before clause ${last.id}`,
        ),
      )
    }
    last = { id, index: entry.index }
  }
  return errors
}

function missing(
  clauses: ReadonlyMap<string, Clause>,
  chapters: readonly Chapter[],
  catalogue: readonly CatalogueEntry<string>[],
): CompileError[] {
  const start = chapters[0]?.position ?? { file: 'policy', line: 1, column: 1 }
  return catalogue.flatMap(({ id }, index) => {
    if (clauses.has(id)) return []
    const chapter = chapters.find(({ number }) => number === /^\w+/.exec(id)?.[0])
    const before = catalogue.slice(0, index).findLast((entry) => clauses.has(entry.id))
    const neighbour = clauses.get(before?.id ?? '')
    const near = neighbour?.chapter === chapter?.number ? neighbour?.position : undefined
    return [
      malformed(
        near ?? chapter?.position ?? start,
        `clause ${id} is missing${near === undefined ? '' : ` after clause ${before?.id}`}`,
        'every clause of the catalogue, or its tombstone',
        `write its sentence, or “- **${id}** *Removed.*” when the promise is no longer made`,
      ),
    ]
  })
}

function readValue(
  written: WrittenValue,
  clause: Clause,
  known: ReadonlyMap<string, AnyParameter>,
): CompiledValue | CompileError {
  const { parameter: name, text, position } = written
  const parameter = known.get(name)
  if (parameter === undefined) {
    const remedy = 'mend the name, or write the value without a link when no part of the system obeys it'
    const names = [...known.values()]
      .filter((one) => one.clause === clause.id)
      .map((one) => `“set:${one.name}”`)
    const expected = names.length > 0 ? names.join(' or ') : 'a parameter that is declared for this clause'
    return malformed(position, `no parameter is called “${name}”`, expected, remedy)
  }
  if (parameter.clause !== clause.id) {
    const expected = `this value in clause ${parameter.clause}, which promises it`
    return malformed(
      position,
      `the value of ${name} stands in clause ${clause.id}`,
      expected,
      'move the link there',
    )
  }
  const reading = parameter.type.read(text)
  if (!reading.ok)
    return malformed(position, `“${text}” is no value for ${name}`, reading.expected, reading.remedy)
  return { value: reading.value, text, clause: clause.id, parameter, position }
}

/** Parameters that the text gives no value at all; one that stands in a wrong clause is reported there. */
function unwritten(
  parameters: readonly AnyParameter[],
  written: readonly Clause[],
  clauses: ReadonlyMap<string, Clause>,
): CompileError[] {
  const names = new Set(written.flatMap(({ values }) => values.map(({ parameter }) => parameter)))
  return parameters.flatMap((parameter) => {
    const clause = clauses.get(parameter.clause)
    if (names.has(parameter.name) || clause === undefined) return []
    return [
      malformed(
        clause.position,
        `clause ${clause.id} holds no value for ${parameter.name}`,
        parameter.type.expects,
        `write the value as “[…](set:${parameter.name})” in this sentence`,
      ),
    ]
  })
}
