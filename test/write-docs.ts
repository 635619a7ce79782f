import { writeFile } from 'node:fs/promises'
import { configurationPage } from './configuration-table.ts'
import { storesPage } from './stores-table.ts'

/** Writes the pages of `docs/` that are made from the code. */
await writeFile(new URL('../docs/configuration.md', import.meta.url), configurationPage())
await writeFile(new URL('../docs/stores.md', import.meta.url), storesPage())
