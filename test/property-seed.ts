/** Gives every property test the seed named by SURETY_PROPERTY_SEED, so that a run can be repeated: loaded before each test file. */
import { readFileSync } from 'node:fs'

const seed = Number(process.env['SURETY_PROPERTY_SEED'])
const [, file] = process.argv
if (file !== undefined && Number.isSafeInteger(seed) && readFileSync(file, 'utf8').includes("'fast-check'")) {
  const { default: fc } = await import('fast-check')
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
}
