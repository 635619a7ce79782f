import { openDatabase } from '../../db/index.ts'
import { setSynchronous } from './queries.ts'

/**
 * Makes commits wait for nobody, as an earlier process may have left them waiting for an archive that ended with it: the
 * first write of the next one would wait for ever. They wait again once the archive streams. Policy 6.2-b.
 */
export async function letCommitsGo(databaseUrl: string): Promise<void> {
  const db = openDatabase(databaseUrl, () => {}, { connectionsMax: 1 })
  try {
    await setSynchronous(db, '')
  } finally {
    await db.destroy()
  }
}
