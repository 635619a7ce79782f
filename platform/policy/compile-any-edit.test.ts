import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clauseCatalogue } from './clause-catalogue.ts'
import { compilePolicy, type CompiledPolicy } from './compile.ts'
import { editedFiles } from './edits.fixture.ts'
import { type CompileError, showCompileError } from './sentence.ts'
import { realFiles, sampleParameters } from './text.fixture.ts'
import type { PolicyFile } from './text.ts'

function sourceAt(files: readonly PolicyFile[], file: string, line: number): string {
  const text = files.find(({ name }) => name === file)?.text.replaceAll('\r\n', '\n')
  assert.ok(text !== undefined, `${file} must be one of the files`)
  const source = text.split('\n')[line - 1]
  assert.ok(source !== undefined, `${file} must have line ${line}`)
  return source
}

function pointsInside(files: readonly PolicyFile[], error: CompileError): void {
  const source = sourceAt(files, error.file, error.line)
  assert.ok(error.column >= 1 && error.column <= source.length + 1, showCompileError(error))
  for (const words of [error.what, error.expected, error.remedy]) assert.notEqual(words.trim(), '')
}

/** Compares every value with the edited source itself, without the parser. */
function saysWhatIsWritten(files: readonly PolicyFile[], policy: CompiledPolicy): void {
  assert.equal(policy.values.size, sampleParameters.length)
  assert.equal(policy.clauses.size, clauseCatalogue.length)
  for (const parameter of sampleParameters) {
    const held = policy.values.get(parameter.name)
    assert.ok(held !== undefined)
    const source = sourceAt(files, held.position.file, held.position.line).slice(held.position.column - 1)
    const [, words, target] =
      /^\[([^\]\\&]*)\]\(<?set:([^)>\s\\&]*)>?\s*(?:""|''|\(\))?\s*\)/.exec(source) ?? []
    // A link written with escapes or over two lines is compared by what it was read as.
    if (words !== undefined && target !== undefined)
      assert.deepEqual({ words, target }, { words: held.text, target: parameter.name })
    else assert.match(source, /^\[.*(?:[\\&]|$)/)
    assert.deepEqual(parameter.type.read(held.text), { ok: true, value: held.value })
    assert.match(policy.clauses.get(parameter.clause)?.sentence ?? '', new RegExp(RegExp.escape(held.text)))
  }
}

test('any edit of the text compiles to exactly what it says or is refused at a place inside it', () => {
  const seen = { compiled: 0, refused: 0 }
  fc.assert(
    fc.property(editedFiles, (files) => {
      const result = compilePolicy(files, sampleParameters, clauseCatalogue)
      if ('errors' in result) {
        seen.refused += 1
        assert.ok(result.errors.length > 0)
        for (const error of result.errors) pointsInside(files, error)
      } else {
        seen.compiled += 1
        saysWhatIsWritten(files, result)
      }
    }),
    { numRuns: 180 },
  )
  assert.ok(seen.compiled > 10 && seen.refused > 10, `both must be met: ${JSON.stringify(seen)}`)
})

test('any bytes in place of a chapter are refused, never a crash', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.constantFrom(
      '',
      '\uFEFF',
      '- '.repeat(3000),
      '> '.repeat(3000),
      '['.repeat(3000),
      '*a '.repeat(3000),
      '`'.repeat(3000),
    ),
  )
  fc.assert(
    fc.property(fc.nat({ max: realFiles.length - 1 }), texts, (which, text) => {
      const files = realFiles.map((file, index) => (index === which ? { name: file.name, text } : file))
      const result = compilePolicy(files, sampleParameters, clauseCatalogue)
      assert.ok('errors' in result)
      for (const error of result.errors) pointsInside(files, error)
    }),
    { numRuns: 40 },
  )
})

test('a file that is no chapter, two of one chapter, and a file of excessive length are refused', () => {
  const [preamble] = realFiles
  assert.ok(preamble !== undefined)
  for (const extra of [
    { name: 'README.md', text: '# Words' },
    { name: '../03-escape.md', text: '# 3. Words' },
    { name: '00-again.md', text: preamble.text },
    { name: '16-long.md', text: `# 16. Long\n\n${'word '.repeat(30_000)}` },
  ]) {
    const files = [...realFiles, extra]
    const result = compilePolicy(files, sampleParameters, clauseCatalogue)
    assert.ok('errors' in result, extra.name)
    for (const error of result.errors) pointsInside(files, error)
  }
})
