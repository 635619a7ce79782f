import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clientOf, type Check } from './client.ts'
import { scimCollection } from './collection.ts'
import { discoveryChecks } from './discovery-checks.ts'
import { modelChecks } from './model-checks.ts'
import { runCollection } from './postman.ts'
import { protocolChecks } from './protocol-checks.ts'
import { startScim } from './service.ts'

/** Collections in a folder (Postman format 2.1); our own when no folder is given. */
async function collections(folder: string | undefined): Promise<object[]> {
  if (folder === undefined) return [scimCollection()]
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const read = await Promise.all(
    names.map(
      async (name) =>
        JSON.parse(await readFile(join(folder, name), 'utf8')) as { info?: { schema?: string } },
    ),
  )
  const found = read.filter(({ info }) => info?.schema?.includes('collection/v2.1') === true)
  if (found.length === 0) throw new Error('there is no Postman collection of format 2.1')
  return found
}

/** Runs collections, each on a service of its own, and then every check by its id. */
export async function conformScim(folder: string | undefined): Promise<{ passed: number; failed: string[] }> {
  let passed = 0
  const failed: string[] = []
  for (const collection of await collections(folder)) {
    const service = await startScim()
    try {
      const run = await runCollection(service, collection)
      console.log(
        `collection: ${run.requests} requests, ${run.passed} assertions hold, ${run.failed.length} do not`,
      )
      passed += run.passed
      failed.push(...run.failed.map((one) => `collection: ${one}`))
    } finally {
      await service.close()
    }
  }
  const checks: readonly Check[] = [...discoveryChecks, ...modelChecks, ...protocolChecks]
  const service = await startScim()
  try {
    const send = clientOf(service)
    for (const check of checks)
      try {
        await check.run(send)
        passed += 1
      } catch (error) {
        failed.push(`${check.id}: ${(error as Error).message}`)
      }
  } finally {
    await service.close()
  }
  console.log(`checks: ${checks.length}`)
  return { passed, failed }
}
