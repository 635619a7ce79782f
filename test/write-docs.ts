import { writeFile } from 'node:fs/promises'
import { configurationPage } from './configuration-table.ts'

/** Writes the pages of `docs/` that are made from the code. */
await writeFile(new URL('../docs/configuration.md', import.meta.url), configurationPage())
